"""The deployer is killed, disconnected or paused: one release serves, and the next run completes the work."""

from __future__ import annotations

import os
import signal
import time

import httpx
import pytest

from tests.faults.apps import archive, hook, service
from tests.faults.cells import Cell, Started
from tests.faults.flow import converges, publish_next, told, unharmed, untouched
from tests.faults.kills import answers_one_of, end_modules, lease_of, wait_for_lease, without_ssh, write_lease
from tests.faults.orders import ordered

SLOW = "import time; time.sleep(5)"
"""Time enough to see a release start."""


def begun(cell: Cell, *options: str) -> Started:
    """A release that has taken its lease."""
    last = lease_of(cell)["generation"]
    run = cell.start("release", *options)
    run.until(lambda: lease_of(cell)["generation"] > last, "its lease")
    return run


def mapped(cell: Cell) -> str:
    return cell.hosts[0].look().active


def test_killed_with_the_lease_taken(cell: Cell) -> None:
    release = publish_next(cell)
    with untouched(cell):
        begun(cell).kill()
    wait_for_lease(cell)
    converges(cell, release)


def test_killed_while_it_prepares(cell: Cell) -> None:
    release, host = publish_next(cell), cell.hosts[0]
    # Slow enough to be observed.
    slow = ordered(cell, "s3", "slow:5", "GetObject", cell.artifact[1], times=1)
    with unharmed(cell), slow as fired:
        run = begun(cell)
        run.until(fired, "the release that is being made")
        assert host.look().partial
        run.kill()
        end_modules(host)
    wait_for_lease(cell)
    converges(cell, release)


def test_killed_at_the_gate(cell: Cell) -> None:
    release, host = publish_next(cell, start=SLOW), cell.hosts[0]
    with unharmed(cell):
        run = begun(cell)
        run.until(lambda: host.look().note, "the release that starts")
        run.kill()
        end_modules(host)
    wait_for_lease(cell)
    converges(cell, release)


def test_killed_between_the_disk_and_haproxy(cell: Cell) -> None:
    release, host, served = publish_next(cell, start=SLOW), cell.hosts[0], cell.serves()
    colour = mapped(cell)
    run = begun(cell)
    run.until(lambda: host.look().note, "the release that starts")
    # HAProxy does not answer. So the switch waits where the disk names a slot that HAProxy does not know yet.
    host.shell("systemctl kill --signal=STOP haproxy")
    try:
        run.until(lambda: f"active {colour}" not in host.shell("cat /opt/backend/haproxy.map"), "the switch")
        run.kill()
        end_modules(host)
    finally:
        host.shell("systemctl kill --signal=CONT haproxy")
    answers_one_of(cell, served, release)
    wait_for_lease(cell)
    converges(cell, release)


def test_killed_while_it_drains(cell: Cell) -> None:
    release, host = publish_next(cell), cell.hosts[0]
    colour = mapped(cell)
    with httpx.stream("GET", f"http://{host.address}:8000/stream", timeout=30) as response:
        lines = response.iter_lines()
        next(lines)
        run = begun(cell)
        run.until(lambda: mapped(cell) != colour, "the switch")
        run.kill()
        end_modules(host)
        assert cell.serves().startswith(release)
        assert host.look().idle == ["active"], "who was served before is served on"
        next(lines)
    wait_for_lease(cell)
    converges(cell, release)


def test_killed_after_the_switch(cell: Cell) -> None:
    # Enough time to observe the end of the switch before the end of the run.
    files, modes = hook("after_switch", "#!/bin/sh\nexec sleep 8\n")
    release = cell.publish(archive({"main.py": service(cell.next_version()), **files}, modes))
    host = cell.hosts[0]
    run = begun(cell)
    run.until(lambda: (seen := host.look()).answers.startswith(release) and not seen.note, "the end of the switch")
    run.kill()
    assert cell.serves().startswith(release)
    wait_for_lease(cell)
    converges(cell, release)


def test_ssh_drops(cell: Cell) -> None:
    release, host, served = publish_next(cell, start=SLOW), cell.hosts[0], cell.serves()
    run = begun(cell)
    run.until(lambda: host.look().note, "the release that starts")
    with without_ssh(host):
        done = run.wait()
    # On a busy machine the switch may have ended by then. Then the hook after it cannot connect.
    told(done, "did not answer by SSH")
    answers_one_of(cell, served, release)
    converges(cell, release)


def test_a_stale_lease(cell: Cell) -> None:
    release = publish_next(cell)
    write_lease(cell, state="held", owner="anna@gone", ttl=60, token="0" * 32)
    with untouched(cell):
        told(cell.release(), "another run is under way", "anna@gone", "expires by itself")
    # The same with a shorter lease, to save time.
    write_lease(cell, ttl=3)
    time.sleep(5)
    converges(cell, release)


def test_a_paused_deployer_that_lost_its_lease(cell: Cell) -> None:
    publish_next(cell)
    paused = begun(cell, "-e", "slipway_lease_seconds=8")
    os.killpg(paused.process.pid, signal.SIGSTOP)
    try:
        time.sleep(10)
        converges(cell, publish_next(cell))
        with untouched(cell):
            os.killpg(paused.process.pid, signal.SIGCONT)
            told(paused.wait(), "another release has begun on this host", "must not change anything")
    finally:
        paused.kill()


@pytest.fixture(autouse=True)
def ssh_is_open(cell: Cell) -> None:
    """Require that SSH runs on the host. Without it the next run would fail, whatever the test does."""
    assert "ssh" in cell.hosts[0].shell("systemctl is-active ssh >/dev/null && echo ssh")
