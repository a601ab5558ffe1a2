"""How the results of ansible-test's sanity tests are judged. The tests themselves are a stage of `make test-long`."""

from __future__ import annotations

import pytest

from tests.sanity import judged

FOUND = "ERROR: Found 1 import issue(s) on python 3.11 which need to be resolved:\n"
PSYCOPG = "ERROR: plugins/module_utils/_postgres.py:12:0: traceback: ModuleNotFoundError: No module named 'psycopg'\n"
OTHER = "ERROR: plugins/modules/lease.py:9:0: traceback: ModuleNotFoundError: No module named 'requests'\n"


@pytest.mark.parametrize(
    ("name", "code", "output", "failed"),
    [
        ("pep8", 0, "", 0),
        ("pep8", 1, FOUND + PSYCOPG, 1),
        ("import", 0, "", 0),
        ("import", 1, FOUND + PSYCOPG, 0),
        ("import", 1, FOUND + PSYCOPG + OTHER, 1),
        ("validate-modules", 1, "ERROR: plugins/modules/lease.py:0:0: missing-gplv3-license: not found\n", 0),
        ("validate-modules", 1, "ERROR: plugins/modules/lease.py:0:0: no-log-needed: 'x' could be a secret\n", 1),
        ("import", 1, "Traceback (most recent call last):\n", 1),
    ],
)
def test_only_accepted_errors_pass(name: str, code: int, output: str, failed: int) -> None:
    assert judged(name, code, output).failed == failed
