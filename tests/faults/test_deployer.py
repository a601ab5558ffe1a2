"""The deployer is killed, disconnected or paused: one release serves, and the next run completes the work."""

from __future__ import annotations

import os
import signal
import time

import httpx
import pytest

from tests.faults.app_sources import archive, hook, service
from tests.faults.deployed_app import DeployedApp, Started
from tests.faults.flow import converges, fails_with, publish_next, unharmed, untouched
from tests.faults.injected_fault import injected
from tests.faults.kills import answers_one_of, end_modules, lease_of, wait_for_lease, without_ssh, write_lease

SLOW = "import time; time.sleep(5)"
"""Time enough to see a release start."""


def begun(app: DeployedApp, *options: str) -> Started:
    """A release that has taken its lease."""
    last = lease_of(app)["generation"]
    run = app.start("release", *options)
    run.until(lambda: lease_of(app)["generation"] > last, "its lease")
    return run


def mapped(app: DeployedApp) -> str:
    return app.hosts[0].look().active


def test_killed_with_the_lease_taken(app: DeployedApp) -> None:
    release = publish_next(app)
    with untouched(app):
        begun(app).kill()
    wait_for_lease(app)
    converges(app, release)


def test_killed_while_it_prepares(app: DeployedApp) -> None:
    release, host = publish_next(app), app.hosts[0]
    # Slow enough to be observed.
    slow = injected(app, "s3", "slow:5", "GetObject", app.artifact[1], times=1)
    with unharmed(app), slow as fired:
        run = begun(app)
        run.until(fired, "the release that is being made")
        assert host.look().partial
        run.kill()
        end_modules(host)
    wait_for_lease(app)
    converges(app, release)


def test_killed_at_the_gate(app: DeployedApp) -> None:
    release, host = publish_next(app, start=SLOW), app.hosts[0]
    with unharmed(app):
        run = begun(app)
        run.until(lambda: host.look().note, "the release that starts")
        run.kill()
        end_modules(host)
    wait_for_lease(app)
    converges(app, release)


def test_killed_between_the_disk_and_haproxy(app: DeployedApp) -> None:
    release, host, served = publish_next(app, start=SLOW), app.hosts[0], app.serves()
    slot = mapped(app)
    run = begun(app)
    run.until(lambda: host.look().note, "the release that starts")
    # HAProxy does not answer. So the switch waits where the disk names a slot that HAProxy does not know yet.
    host.shell("systemctl kill --signal=STOP haproxy")
    try:
        run.until(lambda: f"active {slot}" not in host.shell("cat /opt/backend/haproxy.map"), "the switch")
        run.kill()
        end_modules(host)
    finally:
        host.shell("systemctl kill --signal=CONT haproxy")
    answers_one_of(app, served, release)
    wait_for_lease(app)
    converges(app, release)


def test_killed_while_it_drains(app: DeployedApp) -> None:
    release, host = publish_next(app), app.hosts[0]
    slot = mapped(app)
    with httpx.stream("GET", f"http://{host.address}:8000/stream", timeout=30) as response:
        lines = response.iter_lines()
        next(lines)
        run = begun(app)
        run.until(lambda: mapped(app) != slot, "the switch")
        run.kill()
        end_modules(host)
        assert app.serves().startswith(release)
        assert host.look().idle == ["active"], "who was served before is served on"
        next(lines)
    wait_for_lease(app)
    converges(app, release)


def test_killed_after_the_switch(app: DeployedApp) -> None:
    # Enough time to observe the end of the switch before the end of the run.
    files, modes = hook("after_switch", "#!/bin/sh\nexec sleep 8\n")
    release = app.publish(archive({"main.py": service(app.next_version()), **files}, modes))
    host = app.hosts[0]
    run = begun(app)
    run.until(lambda: (seen := host.look()).answers.startswith(release) and not seen.note, "the end of the switch")
    run.kill()
    assert app.serves().startswith(release)
    wait_for_lease(app)
    converges(app, release)


def test_ssh_drops(app: DeployedApp) -> None:
    release, host, served = publish_next(app, start=SLOW), app.hosts[0], app.serves()
    run = begun(app)
    run.until(lambda: host.look().note, "the release that starts")
    with without_ssh(host):
        done = run.wait()
    # On a busy machine the switch may have ended by then. Then the hook after it cannot connect.
    fails_with(done, "did not answer by SSH")
    answers_one_of(app, served, release)
    converges(app, release)


def test_a_stale_lease(app: DeployedApp) -> None:
    release = publish_next(app)
    write_lease(app, state="held", owner="anna@gone", ttl=60, token="0" * 32)
    with untouched(app):
        fails_with(app.release(), "another run is under way", "anna@gone", "expires by itself")
    # The same with a shorter lease, to save time.
    write_lease(app, ttl=3)
    time.sleep(5)
    converges(app, release)


def test_a_paused_deployer_that_lost_its_lease(app: DeployedApp) -> None:
    publish_next(app)
    paused = begun(app, "-e", "slipway_lease_seconds=8")
    os.killpg(paused.process.pid, signal.SIGSTOP)
    try:
        time.sleep(10)
        converges(app, publish_next(app))
        with untouched(app):
            os.killpg(paused.process.pid, signal.SIGCONT)
            fails_with(paused.wait(), "another release has begun on this host", "must not change anything")
    finally:
        paused.kill()


@pytest.fixture(autouse=True)
def ssh_is_open(app: DeployedApp) -> None:
    """Require that SSH runs on the host. Without it the next run would fail, whatever the test does."""
    assert "ssh" in app.hosts[0].shell("systemctl is-active ssh >/dev/null && echo ssh")
