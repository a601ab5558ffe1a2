"""What is wrong with a role or a database, and the statements that put it right."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils import _postgres
from ansible_collections.slipway.fastapi.plugins.module_utils._postgres import ATTRIBUTES, Present

RIGHT = {column: wanted for column, (wanted, _on, _off) in ATTRIBUTES.items()}
VERIFIER = "SCRAM-SHA-256$4096:salt$stored:server"


def told(present: Present, refused: bool = False) -> dict[str, str]:
    return _postgres.difference("app", "shop", present, refused).as_diff()


def script(present: Present, verifier: str | None = None) -> list[str]:
    return [statement.as_string(None) for statement in _postgres.statements("app", "shop", present, verifier)]


def altered(**columns: bool) -> Mapping[str, bool]:
    return {**RIGHT, **columns}


def test_nothing_is_done_to_what_is_right() -> None:
    present = Present(RIGHT, owner="app")
    assert not _postgres.difference("app", "shop", present, password_refused=False).changed
    assert script(present) == []


def test_a_new_role_and_database_are_created() -> None:
    present = Present(None)
    assert told(present)["before"] == ""
    assert told(present)["after"] == "database shop owner: app\nrole app: present\n"
    assert script(present, VERIFIER) == [
        f"CREATE ROLE \"app\" LOGIN PASSWORD '{VERIFIER}'",
        'GRANT "app" TO CURRENT_USER',
        'CREATE DATABASE "shop" OWNER "app"',
        'REVOKE "app" FROM CURRENT_USER',
    ]


def test_a_refused_password_is_set_again_and_never_shown() -> None:
    present = Present(RIGHT, owner="app")
    assert told(present, refused=True)["after"] == "role app password: the one in the parameter\n"
    assert script(present, VERIFIER) == [f"ALTER ROLE \"app\" PASSWORD '{VERIFIER}'"]


@pytest.mark.parametrize("column", RIGHT)
def test_only_the_attribute_that_is_wrong_is_altered(column: str) -> None:
    present = Present(altered(**{column: not RIGHT[column]}), owner="app")
    _wanted, keyword, negated = ATTRIBUTES[column]
    expected = keyword if RIGHT[column] else negated
    assert script(present) == [f'ALTER ROLE "app" {expected}']
    assert told(present)["after"] == f"role app {keyword}: {expected}\n"


def test_a_powerful_group_is_left() -> None:
    present = Present(RIGHT, groups=("rds_superuser",), owner="app")
    assert script(present) == ['REVOKE "rds_superuser" FROM "app"']
    assert told(present)["before"] == "role app in rds_superuser: member\n"


def test_a_database_of_another_owner_changes_hands() -> None:
    present = Present(RIGHT, owner="master")
    assert script(present) == [
        'GRANT "app" TO CURRENT_USER',
        'ALTER DATABASE "shop" OWNER TO "app"',
        'REVOKE "app" FROM CURRENT_USER',
    ]


def test_names_are_quoted() -> None:
    statements = _postgres.statements('a"; drop', "d'b", Present(None), "x'y")
    text = [statement.as_string(None) for statement in statements]
    assert text[0] == "CREATE ROLE \"a\"\"; drop\" LOGIN PASSWORD 'x''y'"
    assert text[2] == 'CREATE DATABASE "d\'b" OWNER "a""; drop"'
