"""No setting of a shell or shared file redirects a sandbox run to a real account, or a real run to another endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.poison import Trap, poison
from tests.e2e.run import Run, make, play
from tests.e2e.test_site import RECAP
from tests.e2e.world import World


@pytest.fixture
def trap() -> Iterator[Trap]:
    """This test's own trap."""
    trap = Trap()
    yield trap
    trap.close()


def test_a_poisoned_shell_changes_nothing(loud_run: tuple[Run, bytes], session_trap: Trap) -> None:
    done, _ = loud_run
    assert done.code == 0, done.output[-4000:]
    assert session_trap.calls == []
    assert [line for line in RECAP.findall(done.output) if line[1:] != ("0", "0", "0")] == []


@pytest.mark.long
def test_a_poisoned_shell_changes_nothing_by_make(world: World, trap: Trap, tmp_path: Path) -> None:
    done = make("site", env=poison(trap, tmp_path))
    assert done.code == 0, done.output[-4000:]
    assert trap.calls == []
    assert [line for line in RECAP.findall(done.output) if line[1:] != ("0", "0", "0")] == []


def test_a_real_environment_refuses_an_endpoint_from_the_shell(trap: Trap) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_SECRET_ACCESS_KEY": "real"}
    account = '{"slipway_allowed": {"account_ids": ["111111111111"]}}'
    arguments = ("-i", "inventories/dev", "-e", account, "playbooks/provision.yml")
    done = play(*arguments, env={**keys, "AWS_ENDPOINT_URL": trap.url})
    assert done.code != 0
    assert "AWS_ENDPOINT_URL" in done.output
    assert "unset" in done.output.lower()
    assert [call for call in trap.calls if "sts" in call.lower()] == []


def test_a_real_environment_requires_its_account_number() -> None:
    done = play("-i", "inventories/dev", "playbooks/provision.yml", env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert done.code != 0
    assert "account_ids" in done.output, done.output
    assert "make env ENV=" in done.output
