"""A Terraform state as text: what it holds, whose it is, and what of it may go into a backend.

Source of the format: Terraform's state version 4, as `terraform state pull` prints it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

VERSION = 4
PARTS = {"version", "lineage", "serial", "resources"}
ACCOUNT = re.compile(r"arn:[a-z-]+:[a-z0-9-]*:[a-z0-9-]*:(\d{12}):")


class StateError(Exception):
    """A state cannot be read, or must not be moved; the message is meant for a person."""


@dataclass(frozen=True)
class State:
    """One state. ``lineage`` is the same for all states of one history, ``serial`` counts within it."""

    body: dict[str, Any]

    @classmethod
    def of(cls, text: str, where: str) -> State | None:
        """The state that a text holds; None where it holds none. Raises StateError for anything else.

        ``where`` names the text in an error.
        """
        if not text.strip():
            return None
        try:
            body = untrusted_json.loads(text)
        except ValueError as error:
            raise StateError(f"{where} is no state of Terraform: {error}") from error
        if not isinstance(body, dict) or not body.keys() >= PARTS:
            raise StateError(f"{where} is no state of Terraform: it has not all of {', '.join(sorted(PARTS))}")
        if body["version"] != VERSION:
            raise StateError(f"{where} is a state of version {body['version']}; only version {VERSION} is known")
        return cls(body)

    @property
    def lineage(self) -> str:
        """The history that the state belongs to."""
        return str(self.body["lineage"])

    @property
    def serial(self) -> int:
        """The state's number in its history."""
        return int(self.body["serial"])

    @property
    def empty(self) -> bool:
        """Whether nothing would be lost with it."""
        return not self.body["resources"] and not self.body.get("outputs")

    def resources(self) -> Iterator[Mapping[str, Any]]:
        """The attributes of everything that Terraform manages by it."""
        for resource in self.body["resources"]:
            if resource.get("mode") == "managed":
                for instance in resource.get("instances", []):
                    yield instance.get("attributes") or {}

    def same_content(self, other: State) -> bool:
        """Whether two states describe the same things."""
        return all(self.body.get(part) == other.body.get(part) for part in ("resources", "outputs"))


def foreign(state: State, tags: Mapping[str, str], account: str) -> str | None:
    """Why a state is somebody else's: another application's, environment's or account's. None when it is ours."""
    resources = list(state.resources())
    for key, wanted in tags.items():
        found = {found for item in resources if (found := (item.get("tags_all") or {}).get(key))}
        if not found:
            return f"nothing in it has the tag {key}"
        if found != {wanted}:
            return f"it is of {key} = {', '.join(sorted(found))}"
    accounts = {match[1] for item in resources if (match := ACCOUNT.match(str(item.get("arn", ""))))}
    if accounts - {account}:
        return f"it is of account {', '.join(sorted(accounts))}"
    return None


def to_push(local: State, remote: State | None) -> str | None:
    """What to push so that a backend with the state ``remote`` holds ``local``; None where it had it already.

    A backend that holds something else is never overwritten: raises StateError. Terraform compares lineage and serial
    again when it pushes, under the state's lock, so whoever writes in between is safe too.
    """
    if remote is None:
        return json.dumps(local.body)
    if local.lineage == remote.lineage and local.serial <= remote.serial:
        if local.serial == remote.serial and not local.same_content(remote):
            raise StateError(f"both are number {local.serial} of one history, and differ")
        return None
    if remote.empty:
        # Everything was destroyed there once: what comes continues that history.
        return json.dumps(local.body | {"lineage": remote.lineage, "serial": remote.serial + 1})
    if local.lineage == remote.lineage:
        raise StateError(f"the local one has gone on to number {local.serial}, the other is number {remote.serial}")
    raise StateError("they have nothing to do with each other (their lineages differ)")
