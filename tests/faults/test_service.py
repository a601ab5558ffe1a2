"""Releases that fail before they serve: the previous release keeps serving, and the error has the new one's journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.faults.app_sources import archive, service
from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, unharmed

SHORT = ("-e", "release_health_timeout=6")
"""Seconds that a release has for its first good answer, where it will have none."""

# Memory is taken first, so that the kernel refuses and not Python.
HUNGRY = "hoard = [bytes(range(256)) * 4096 for _ in range(400)]"
FAILING = {
    "crash at import": ({"start": "raise RuntimeError('no {}'.format('luck'))"}, (), ("no luck", "has ended")),
    "crash loop": (
        {"start": "import threading; threading.Timer(0.3, os._exit, [3]).start()", "status": "503"},
        (),
        ("ended",),
    ),
    "never well": ({"status": "503"}, SHORT, ("did not answer 200 within 6 s", "HTTP 503")),
    "health that comes and goes": ({"status": "200 if asked % 2 else 503"}, SHORT, ("HTTP 503",)),
    "a start that is too slow": ({"start": "import time; time.sleep(30)"}, SHORT, ("did not answer 200 within 6 s",)),
    "another release's answer": (
        {"start": "os.environ['SLIPWAY_RELEASE'] = 'other'"},
        (),
        ("release other", "SLIPWAY_RELEASE"),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def mended(app: DeployedApp) -> Iterator[None]:
    """After the last of these faults, one run installs a version that works."""
    yield
    converges(app, publish_next(app))


@pytest.mark.parametrize("name", FAILING)
def test_a_release_that_does_not_serve(app: DeployedApp, name: str) -> None:
    source, options, words = FAILING[name]
    release = publish_next(app, **source)
    with unharmed(app):
        fails_with(app.release(*options), release, "serves as before", *words)
    (serving,) = app.serving()
    assert serving.has_no_leftovers, serving


def test_out_of_memory(app: DeployedApp) -> None:
    release = publish_next(app, start=HUNGRY)
    host = app.hosts[0]
    (before,) = app.serving()
    idle = "green" if before.active == "blue" else "blue"
    folder = f"/etc/systemd/system/backend@{idle}.service.d"
    with unharmed(app):
        host.shell(
            f"mkdir {folder}; printf '[Service]\\nMemoryMax=150M\\n' > {folder}/memory.conf; systemctl daemon-reload"
        )
        try:
            done = app.release()
        finally:
            host.shell(f"rm -r {folder}; systemctl daemon-reload")
        # The version of the kernel's control groups decides which of the two happens.
        assert "oom-kill" in done.output or "status=9/KILL" in done.output, done.output[-3000:]
        fails_with(done, release, "serves as before")
    converges(app, publish_next(app))


def test_a_slow_start(app: DeployedApp) -> None:
    release, served = publish_next(app, start="import time; time.sleep(6)"), app.serves()
    run = app.start("release")
    run.until(lambda: app.hosts[0].look().note, "the release that starts")
    assert app.serves() == served
    done = run.wait()
    assert done.code == 0, done.output[-3000:]
    assert app.serves().startswith(release)


@contextmanager
def stream(app: DeployedApp) -> Iterator[httpx.Response]:
    """A client that reads an endless stream."""
    with httpx.stream("GET", f"http://{app.hosts[0].address}:8000/stream", timeout=30) as response:
        yield response


def test_an_endless_stream(app: DeployedApp) -> None:
    release = publish_next(app)
    with stream(app) as response:
        lines = response.iter_lines()
        assert next(lines) == "data: tick"
        began = time.monotonic()
        run = app.start("release", "-e", "slipway_drain_seconds=3")
        # The client reads until the previous release is stopped.
        with pytest.raises(httpx.HTTPError):
            for _ in lines:
                assert time.monotonic() - began < 300
        done = run.wait()
    assert done.code == 0, done.output[-3000:]
    assert "1 requests or streams had not ended after 3 s" in done.output, done.output[-3000:]
    converges(app, release)


def test_an_entry_point_that_the_module_lacks(app: DeployedApp) -> None:
    release = app.publish(archive({"main.py": service(app.next_version())}), app="main:other")
    served = app.serves()
    fails_with(app.release(), release, "other", "serves as before")
    # The unit contains the name too, so the previous release may have restarted in the other slot.
    assert app.serves() == served
