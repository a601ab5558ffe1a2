"""Moves a state from a file on this machine into the backend of its stack."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_cli import Terraform, TerraformError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_state import (
    State,
    StateError,
    foreign,
    to_push,
)

DIGEST_LENGTH = 12


@dataclass(frozen=True)
class Owner:
    """Whose a state must be: the tags that all of its tagged resources have, and the account of their ARNs."""

    tags: Mapping[str, str]
    account: str


@dataclass(frozen=True)
class Migration:
    """What would be moved, from where, and a line for each state that stays where it is."""

    source: Path | None
    text: str | None
    notes: list[str]

    @property
    def empty(self) -> bool:
        """Whether nothing is to be moved."""
        return self.text is None

    @property
    def digest(self) -> str:
        """Names exactly this migration, for an approval in writing."""
        return hashlib.sha256(json.dumps([str(self.source), self.text]).encode()).hexdigest()[:DIGEST_LENGTH]

    @property
    def count(self) -> int:
        """Number of resources that would be moved."""
        state = State.of(self.text or "", "the state to move")
        return sum(1 for _ in state.resources()) if state else 0


def local_states(root: Path) -> list[Path]:
    """The states that Terraform's local backend leaves in a root: of the default workspace and of others."""
    return sorted([*root.glob("*.tfstate"), *root.glob("terraform.tfstate.d/*/*.tfstate")])


def prepare(terraform: Terraform, paths: Iterable[Path], owner: Owner) -> Migration:
    """What is to be moved into the backend of ``terraform``, which must be initialised.

    Raises TerraformError where it cannot be said: two candidates, or a backend that holds something else.
    """
    notes: list[str] = []
    ours: list[tuple[Path, State]] = []
    for path in paths:
        state = _read(path)
        if state is None or state.empty:
            continue
        if reason := foreign(state, owner.tags, owner.account):
            notes.append(f"{path} stays: {reason}")
        else:
            ours.append((path, state))
    if not ours:
        return Migration(None, None, notes)
    if len(ours) > 1:
        raise TerraformError(
            "Nothing was moved: several states on this machine describe the same thing, and only you can say which is "
            f"true. Keep one of {', '.join(str(path) for path, _ in ours)} and move the others away."
        )
    ((source, local),) = ours
    try:
        text = to_push(local, State.of(terraform.pull(), terraform.stack.state_key))
    except StateError as error:
        raise TerraformError(
            f"Nothing was moved: {terraform.stack.state_key} in the bucket holds something, and so does {source}: "
            f"{error}. Compare `terraform state pull` with the file, keep what is true in the bucket (its older "
            "versions are kept there), and move the file away."
        ) from error
    if text is None:
        notes.append(f"{source} is in the bucket already, or a later state of it is: you may remove the file")
    return Migration(source, text, notes)


def carry_out(terraform: Terraform, migration: Migration) -> Path:
    """Push the state, make sure that it has arrived, and only then put the file aside. Returns where it lies now."""
    if migration.source is None or migration.text is None:
        raise TerraformError("There is no state to move.")
    work = terraform.stack.work
    pushed = work / "migration.tfstate"
    with os.fdopen(os.open(pushed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(migration.text)
    terraform.push(pushed)
    sent = State.of(migration.text, str(pushed))
    arrived = State.of(terraform.pull(), terraform.stack.state_key)
    if sent is None or arrived is None or not arrived.same_content(sent):
        raise TerraformError(
            f"{terraform.stack.state_key} does not hold what was moved there. {migration.source} is as it was: run "
            "this again, or look at the bucket."
        )
    pushed.unlink()
    backup = work / f"before-migration-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.tfstate"
    shutil.move(migration.source, backup)
    backup.chmod(0o600)
    return backup


def _read(path: Path) -> State | None:
    try:
        return State.of(path.read_text(encoding="utf-8"), str(path))
    except (OSError, StateError) as error:
        raise TerraformError(f"A state on this machine cannot be read: {error}") from error
