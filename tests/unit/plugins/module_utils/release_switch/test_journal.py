"""The journal of a failed release, without what must not be shown."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.journal import (
    without_questions,
    without_secrets,
)


def test_the_gates_own_questions_are_left_out() -> None:
    text = 'INFO: 127.0.0.1:1 - "GET /health HTTP/1.1" 503\nERROR: no database\nINFO: 10.0.0.1:2 - "GET / HTTP/1.1" 200'
    assert without_questions(text, "/health").splitlines() == [
        "ERROR: no database",
        'INFO: 10.0.0.1:2 - "GET / HTTP/1.1" 200',
    ]


@pytest.mark.parametrize(
    "line",
    [
        "KeyError: canary-7f3a9",
        "could not connect to postgresql://app:p%40ss-word@db/app",
        "password p@ss-word is wrong",
        "sent canary%2F7f3a%209",
    ],
)
def test_no_value_of_the_environment_is_shown(line: str) -> None:
    environment = b"KEY=canary-7f3a9\nDATABASE_URL=postgresql://app:p%40ss-word@db/app\nODD=canary/7f3a 9\n"
    shown = without_secrets(f"before\n{line}\nafter", environment)
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter")
    assert "***" in shown
    for secret in ("canary", "ss-word"):
        assert secret not in shown


def test_a_journal_whose_secrets_are_not_known_is_not_shown() -> None:
    shown = without_secrets("KeyError: canary-7f3a9", b"KEY='canary-7f3a9")
    assert "canary" not in shown
    assert "not shown" in shown
