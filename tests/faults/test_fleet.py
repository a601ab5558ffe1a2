"""Faults that need more than one host or deployer: at the end every host has the same release."""

from __future__ import annotations

import time

from tests.faults.app_sources import archive, hook, service
from tests.faults.deployed_app import DeployedApp, Host
from tests.faults.flow import UNREACHABLE, converges, fails_with, publish_next, unharmed, untouched
from tests.faults.kills import answers_one_of, end_modules, lease_of, wait_for_lease, without_ssh

# A release does not start on hosts that have this file.
TRAP = "/etc/fault-trap"
TRAPPED = f"if os.path.exists({TRAP!r}): raise RuntimeError('{{}} in the trap'.format('caught'))"


def second_of(fleet: DeployedApp) -> Host:
    """Only the host after the first one."""
    return sorted(fleet.hosts, key=lambda host: host.instance)[1]


def test_the_second_of_four_hosts_fails(fleet: DeployedApp) -> None:
    release = publish_next(fleet, start=TRAPPED)
    second = second_of(fleet)
    served = fleet.serves()
    second.shell(f"touch {TRAP}")
    try:
        done = fleet.release()
    finally:
        second.shell(f"rm {TRAP}")
    fails_with(done, second.instance, "caught in the trap", "Every host serves what it served before")
    assert fleet.serves() == served
    assert all(serving.has_no_leftovers for serving in fleet.serving())
    converges(fleet, release)


def test_a_host_is_down(fleet: DeployedApp) -> None:
    publish_next(fleet)
    second = second_of(fleet)
    with untouched(fleet), without_ssh(second):
        done = fleet.release("-e", "slipway_boot_seconds=5")
        fails_with(done, f"{second.instance}: not fit for a release", "did not answer by SSH within 5 s")


def test_ssh_drops_while_a_release_is_prepared(fleet: DeployedApp) -> None:
    publish_next(fleet)
    second = second_of(fleet)
    with untouched(fleet):
        run = fleet.start("release")
        run.until(lambda: "Number what follows" in run.output, "the lease")
        with without_ssh(second):
            done = run.wait()
        words = (f"{second.instance}: it did not answer by SSH", "Every host serves what it served before")
        fails_with(done, *words, code=UNREACHABLE)
    assert lease_of(fleet)["state"] == "free"
    # The run after the next fault installs what was published.


def test_ssh_drops_while_others_switch(fleet: DeployedApp) -> None:
    release, served = publish_next(fleet), fleet.serves()
    second = second_of(fleet)
    run = fleet.start("release")
    run.until(lambda: "Remember what to switch to" in run.output, "the end of the preparation")
    with without_ssh(second):
        done = run.wait()
    fails_with(done, f"{second.instance}: it did not answer by SSH", f"{second.instance} may not be back")
    assert fleet.serves() == served
    converges(fleet, release)


def test_a_migration_fails(fleet: DeployedApp) -> None:
    files, modes = hook("migrate", "#!/bin/sh\necho 'no such table: places' >&2\nexit 3\n")
    fleet.publish(archive({"main.py": service(fleet.next_version()), **files}, modes))
    with unharmed(fleet):
        fails_with(fleet.release(), "migrate", "no such table: places")
    converges(fleet, publish_next(fleet))


def test_killed_between_two_hosts(fleet: DeployedApp) -> None:
    release, served = publish_next(fleet), fleet.serves()
    run = fleet.start("release")
    run.until(lambda: any(host.ask().startswith(release) for host in fleet.hosts), "the first switch")
    run.kill()
    for host in fleet.hosts:
        end_modules(host)
    answers_one_of(fleet, served, release)
    wait_for_lease(fleet)
    converges(fleet, release)


def test_eight_releases_at_once(fleet: DeployedApp) -> None:
    release = publish_next(fleet, start="import time; time.sleep(5)")
    before = lease_of(fleet)["generation"]
    runs = [fleet.start("release") for _ in range(8)]
    done = [run.wait() for run in runs]
    assert sorted(one.code for one in done) == [0] + 7 * [2], [one.output[-500:] for one in done]
    for one in done:
        if one.code:
            fails_with(one, "another run is under way")
    assert lease_of(fleet)["generation"] == before + 1
    converges(fleet, release)


def test_a_host_is_killed_while_the_fleet_switches(fleet: DeployedApp) -> None:
    served = fleet.serves()
    publish_next(fleet, start="import time; time.sleep(4)")
    run = fleet.start("release")
    run.until(lambda: [host for host in fleet.hosts if host.look().note], "the first switch")
    (victim, *_) = [host for host in fleet.hosts if host.look().note]
    victim.container.kill()
    done = run.wait()
    assert done.code != 0
    assert victim.instance in done.output
    victim.container.start()
    deadline = time.monotonic() + 60
    while victim.ask() != served and time.monotonic() < deadline:
        time.sleep(0.5)
    assert fleet.serves() == served
    converges(fleet, publish_next(fleet))
