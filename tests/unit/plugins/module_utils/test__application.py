"""One validator says what may stand for an application."""

from __future__ import annotations

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._application import Application, ApplicationError


@pytest.mark.parametrize(
    ("text", "module", "name"),
    [
        ("main:app", "main", "app"),
        ("app.main:application", "app.main", "application"),
        ("a_1.b2:api.app", "a_1.b2", "api.app"),
    ],
)
def test_an_application_is_a_module_and_a_name_in_it(text: str, module: str, name: str) -> None:
    assert Application.parse(text) == Application(module, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "main",
        "main:",
        ":app",
        "main:app:x",
        "main.py:app:x",
        "../main:app",
        "main:app ",
        "main:app\n",
        "main:app LD_PRELOAD=/opt/x.so",
        "main:app\nLD_PRELOAD=/opt/x.so",
        'main:app"',
        "main:app'",
        "main:%i",
        "main:$app",
        "1main:app",
        "größe:app",
        "main:app()",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ApplicationError, match="names no application; write MODULE:NAME"):
        Application.parse(text)


def test_a_message_repeats_no_control_characters_and_no_long_text() -> None:
    with pytest.raises(ApplicationError) as caught:
        Application.parse("\x1b[2J" + "x" * 1000)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200
