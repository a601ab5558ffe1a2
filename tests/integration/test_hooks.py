"""A release's hooks under a real systemd: their rights, how often they run, and what a hook that hangs leaves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.integration.world import World, require

RELEASE = "aaaaaaaaaaaa-bbbbbbbb"
CODE = f"/opt/backend/releases/{RELEASE}/code"
NOTES = "/var/lib/backend/hook-notes"


@pytest.fixture(scope="module")
def serving(world: World) -> Iterator[str]:
    """The id of the release that serves. A copy of it beside it has hooks."""
    current = world.shell("basename $(readlink -f /opt/backend/current)").strip()
    world.shell(f"cp -a /opt/backend/releases/{current} /opt/backend/releases/{RELEASE}; mkdir {CODE}/hooks")
    yield current
    world.shell(f"rm -rf /opt/backend/releases/{RELEASE} {NOTES}")


def write(world: World, name: str, script: str) -> None:
    world.shell(f"cat >{CODE}/hooks/{name} <<'HOOK'\n#!/bin/sh\n{script}\nHOOK\nchmod 0755 {CODE}/hooks/{name}")


def run(world: World, name: str, previous: str, timeout: int = 60) -> subprocess.CompletedProcess[str]:
    given = f"hook_name={name} hook_release={RELEASE} hook_previous={previous} hook_timeout={timeout}"
    return world.play("hook.yml", "-e", given)


def test_a_hook_has_the_restrictions_of_the_service_and_runs_once(world: World, serving: str) -> None:
    script = f"""
    {{ id -un; pwd; command -v python; test -n "$DATABASE_URL" && echo database; echo "$SLIPWAY_HOOK $SLIPWAY_PREVIOUS"
    touch /etc/planted 2>/dev/null || echo 'no place but its own'; grep NoNewPrivs /proc/self/status
    python -c 'import uvicorn; print(uvicorn.__file__)'; }} >>{NOTES}
    """
    write(world, "migrate", script)
    assert "changed=1" in require(run(world, "migrate", serving))
    release = f"/opt/backend/releases/{RELEASE}"
    notes = world.shell(f"cat {NOTES}").splitlines()
    assert notes[:7] == [
        *("backend", CODE, f"{release}/venv/bin/python", "database", f"migrate {serving}"),
        *("no place but its own", "NoNewPrivs:\t1"),
    ]
    assert notes[7].startswith(f"{release}/venv/")
    assert "changed=0" in require(run(world, "migrate", serving))
    assert world.shell(f"cat {NOTES}").splitlines() == notes


def test_a_hook_that_hangs_is_ended_and_shows_no_secret(world: World, serving: str) -> None:
    write(world, "before_switch", 'echo "connecting to $DATABASE_URL"; sleep 600')
    done = run(world, "before_switch", serving, timeout=2)
    assert done.returncode != 0
    assert f"hooks/before_switch of release {RELEASE} did not end within 2 s, and was ended" in done.stdout
    assert "connecting to ***" in done.stdout
    assert not [secret for secret in world.secrets() if secret in done.stdout]
    left = world.shell("systemctl list-units --all --plain --no-legend 'backend-hook-*'; pgrep -f 'sleep 600' || true")
    assert left == ""


def test_no_hook_starts_while_the_hook_of_a_killed_run_runs(world: World, serving: str) -> None:
    write(world, "after_switch", f"echo after >>{NOTES}")
    world.shell("systemd-run --quiet --unit=backend-hook-migrate sleep 600")
    try:
        done = run(world, "after_switch", serving)
    finally:
        world.shell("systemctl stop backend-hook-migrate")
    assert done.returncode != 0
    assert "wait for backend-hook-migrate.service" in done.stdout
    assert "changed=1" in require(run(world, "after_switch", serving))
    assert world.shell(f"tail -n 1 {NOTES}") == "after\n"
