"""A host lacks something: the release reports it first or corrects it, and the old release always serves."""

from __future__ import annotations

import pytest

from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, unharmed

RELEASES = "/opt/backend/releases"
MOUNTS = {
    "disk full": (f"mount -t tmpfs -o size=2m tmpfs {RELEASES}", ("MiB free", RELEASES, "larger")),
    "inodes full": (f"mount -t tmpfs -o size=4g,nr_inodes=500 tmpfs {RELEASES}", ("inodes", RELEASES)),
    "read-only file system": (
        f"mount --bind {RELEASES} {RELEASES} && mount -o remount,ro,bind {RELEASES}",
        ("Read-only file system", RELEASES),
    ),
}

SHRUNK = "/run/fault-shrunk"
# This runs on the host, because a check from outside is too slow for an environment that is made in a second.
SHRINK = f"""
for _ in $(seq 6000); do
  if ls -d {RELEASES}/.*/work >/dev/null 2>&1; then
    used=$(df --block-size=1M --output=used {RELEASES} | tail -1)
    mount -o remount,size=$((used + 2))m {RELEASES} && touch {SHRUNK}
    exit
  fi
  sleep 0.02
done
"""


@pytest.mark.parametrize("name", MOUNTS)
def test_full_disk_full_inodes_and_read_only_file_system(app: DeployedApp, name: str) -> None:
    command, words = MOUNTS[name]
    release, host = publish_next(app), app.hosts[0]
    with unharmed(app):
        host.shell(command)
        try:
            done = app.release()
        finally:
            host.shell(f"umount {RELEASES}")
        fails_with(done, *words)
    converges(app, release)


def test_the_disk_fills_while_files_are_written(app: DeployedApp) -> None:
    release, host = publish_next(app), app.hosts[0]
    with unharmed(app):
        host.shell(f"mount -t tmpfs -o size=600m tmpfs {RELEASES}")
        host.container.exec_run(["bash", "-c", SHRINK], detach=True)
        try:
            done = app.release()
        finally:
            shrunk = host.shell(f"umount {RELEASES}; rm {SHRUNK} && echo yes", check=False)
        assert shrunk.strip() == "yes", "the disk was not made smaller"
        fails_with(done, "No space left on device")
    converges(app, release)


@pytest.mark.parametrize(
    "spoil",
    ["chown root:root /opt/backend/shared/.env", "chmod 0644 /opt/backend/shared/.env"],
    ids=["owner", "mode"],
)
def test_a_wrong_owner_or_mode_of_the_env_is_corrected(app: DeployedApp, spoil: str) -> None:
    look = "stat -c '%U:%G %a' /opt/backend/shared/.env"
    release, host = publish_next(app), app.hosts[0]
    host.shell(spoil)
    assert host.shell(look).strip() != "backend:backend 600"
    converges(app, release)
    assert host.shell(look).strip() == "backend:backend 600"


def test_a_folder_that_the_service_may_not_enter(app: DeployedApp) -> None:
    release, host = publish_next(app), app.hosts[0]
    with unharmed(app):
        host.shell(f"chmod 0700 {RELEASES}")
        try:
            done = app.release()
        finally:
            host.shell(f"chmod 0755 {RELEASES}")
        fails_with(done, "Permission denied", RELEASES)
    converges(app, release)


def test_another_process_holds_the_port(app: DeployedApp) -> None:
    release, host = publish_next(app), app.hosts[0]
    (before,) = app.serving()
    host.shell("systemctl stop haproxy; systemd-run --unit=taker python3 -m http.server 8000")
    try:
        done = app.release()
    finally:
        host.shell("systemctl stop taker")
    fails_with(done, "8000", "python3")
    after = host.look()
    assert (after.process, after.pid) == (before.release, before.pid)
    converges(app, release)


def test_the_host_is_killed(app: DeployedApp) -> None:
    release, host = publish_next(app, start="import time; time.sleep(8)"), app.hosts[0]
    served = app.serves()
    run = app.start("release")
    run.until(lambda: host.look().note, "the release that starts")
    host.container.kill()
    done = run.wait()
    assert done.code != 0
    assert "did not answer by SSH" in done.output or "UNREACHABLE" in done.output.upper(), done.output[-3000:]
    host.container.start()
    for _ in range(240):
        if host.container.exec_run(["systemctl", "is-active", "backend"]).exit_code == 0 and host.ask() == served:
            break
        host.shell("sleep 0.25")
    assert app.serves() == served, "what served before the host ended serves after it began again"
    converges(app, release)
