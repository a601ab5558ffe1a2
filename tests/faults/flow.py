"""Checks after every fault: what serves, what was reported, and whether the next run corrects it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.run import Run
from tests.faults.app_sources import archive, service
from tests.faults.deployed_app import DeployedApp

FAILED = 2
"""Exit code of a play in which a host or this machine failed."""
UNREACHABLE = 4
"""Exit code of a play that could not come to a host."""


def fails_with(done: Run, *words: str, code: int = FAILED) -> None:
    """The run failed and reported the reason."""
    assert done.code == code, f"exit code {done.code}:\n{done.output[-3000:]}"
    for word in words:
        assert word in done.output, f"{word!r} is not in:\n{done.output[-3000:]}"
    # The journal can contain a traceback of the service. A traceback of a module has these words.
    assert "An exception occurred during task execution" not in done.output


def publish_next(app: DeployedApp, **more: str) -> str:
    """Publish a version that works and that no host has. Return the beginning of its release's id."""
    return app.publish(archive({"main.py": service(app.next_version(), **more)}))


@contextmanager
def untouched(app: DeployedApp) -> Iterator[None]:
    """Hosts serve the same release by the same process, and nothing on them has changed.

    So the next run starts as it would without the fault, and one such run is enough for several faults.
    """
    served, state = app.serves(), app.state()
    yield
    assert app.serves() == served
    assert app.state() == state


@contextmanager
def unharmed(app: DeployedApp) -> Iterator[None]:
    """Hosts serve the same release by the same process. A run may have tried something else on them."""
    before = [(serving.release, serving.pid) for serving in app.serving()]
    yield
    after = [(serving.release, serving.pid) for serving in app.serving()]
    assert after == before


def converges(app: DeployedApp, release: str) -> None:
    """The next run brings every host to the release and leaves nothing undone.

    After the last fault of a file, one more run must change nothing.
    """
    done = app.release()
    assert done.code == 0, done.output[-4000:]
    assert app.serves().startswith(release)
    assert all(serving.has_no_leftovers for serving in app.serving()), app.serving()
