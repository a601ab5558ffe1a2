"""A state goes into a backend only where it loses nothing there, and only if it is ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_state import (
    State,
    StateError,
    foreign,
    to_push,
)

TAGS = {"slipway:env": "dev", "slipway:app": "shop"}
ACCOUNT = "123456789012"


def resource(name: str, tags: dict[str, str] | None, arn: str = "", mode: str = "managed") -> dict[str, Any]:
    attributes = {"id": name, "arn": arn, **({"tags_all": tags} if tags is not None else {})}
    return {"mode": mode, "type": "aws_x", "name": name, "instances": [{"attributes": attributes}]}


BUCKET = resource("bucket", TAGS, "arn:aws:s3:::bucket")
ROLE = resource("role", TAGS, f"arn:aws:iam::{ACCOUNT}:role/x")
RULE = resource("rule", None)


def state(*resources: dict[str, Any], lineage: str = "one", serial: int = 5, **more: Any) -> State:
    body = {"version": 4, "lineage": lineage, "serial": serial, "resources": list(resources), "outputs": {}, **more}
    found = State.of(json.dumps(body), "a state")
    assert found is not None
    return found


def test_an_empty_text_is_no_state() -> None:
    assert State.of(" \n", "it") is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"version": 4}'])
def test_what_is_no_state_is_named(text: str) -> None:
    with pytest.raises(StateError, match=r"x\.tfstate is no state of Terraform"):
        State.of(text, "x.tfstate")


def test_another_version_is_not_guessed_at() -> None:
    with pytest.raises(StateError, match="version 3"):
        state(version=3)


def test_a_state_with_an_output_alone_is_not_empty() -> None:
    assert state().empty
    assert not state(outputs={"x": {"value": 1}}).empty


def test_ours_is_what_has_our_tags_and_our_account() -> None:
    foreign_data = resource("ami", {"slipway:app": "other"}, "arn:aws:ec2:r:999999999999:x", mode="data")
    assert foreign(state(BUCKET, ROLE, RULE, foreign_data), TAGS, ACCOUNT) is None


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ([RULE], "nothing in it has the tag slipway:env"),
        ([BUCKET, resource("x", {"slipway:env": "prod", "slipway:app": "shop"})], "slipway:env = dev, prod"),
        ([resource("x", {"slipway:env": "dev", "slipway:app": "blog"})], "slipway:app = blog"),
        ([BUCKET, resource("x", TAGS, "arn:aws:iam::999999999999:role/x")], "account 999999999999"),
    ],
)
def test_somebody_elses_is_told_by_what(resources: list[dict[str, Any]], said: str) -> None:
    assert said in str(foreign(state(*resources), TAGS, ACCOUNT))


def test_nothing_there_takes_it_as_it_is() -> None:
    assert json.loads(to_push(state(BUCKET), None) or "") == state(BUCKET).body


def test_what_is_there_already_is_not_pushed() -> None:
    assert to_push(state(BUCKET), state(BUCKET)) is None
    assert to_push(state(BUCKET), state(BUCKET, ROLE, serial=9)) is None


def test_what_was_destroyed_since_does_not_come_back() -> None:
    assert to_push(state(BUCKET), state(serial=9)) is None


def test_an_empty_one_of_another_history_is_continued() -> None:
    pushed = json.loads(to_push(state(BUCKET), state(lineage="two", serial=9)) or "")
    assert (pushed["lineage"], pushed["serial"], pushed["resources"]) == ("two", 10, [BUCKET])


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        (state(ROLE, lineage="two"), "nothing to do with each other"),
        (state(ROLE, lineage="two", serial=1), "nothing to do with each other"),
        (state(outputs={"x": {"value": 1}}, lineage="two"), "nothing to do with each other"),
        (state(ROLE, serial=4), "gone on to number 5, the other is number 4"),
        (state(ROLE), "both are number 5"),
    ],
)
def test_what_holds_something_else_is_never_overwritten(remote: State, said: str) -> None:
    with pytest.raises(StateError, match=said):
        to_push(state(BUCKET), remote)
