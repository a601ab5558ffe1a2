"""The target comes late, is deleted in the meantime, or is not suitable for a service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, unharmed, untouched
from tests.faults.injected_fault import injected

VALUE = "canary-value-51c8"


def test_s3_slow(app: DeployedApp) -> None:
    release, served = publish_next(app), app.serves()
    with injected(app, "s3", "slow:6", "GetObject", app.artifact[1], times=1):
        began = time.monotonic()
        run = app.start("release")
        run.until(lambda: app.hosts[0].look().partial, "the release that is being fetched")
        assert app.serves() == served
        done = run.wait()
    assert time.monotonic() - began > 6
    assert done.code == 0, done.output[-3000:]
    converges(app, release)


@contextmanager
def another_env(app: DeployedApp, text: str | None) -> Iterator[None]:
    """Another content of the parameter, or no parameter."""
    if text is None:
        app.client("ssm").delete_parameter(Name=app.parameter)
    else:
        app.env(text)
    try:
        yield
    finally:
        app.env()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("does not exist", "env-push")),
        (f"GREETING=hello\nJUST {VALUE}\n", ("line 2",)),
        (f"A={VALUE}\nA={VALUE}\n", ("line 2", "A")),
        (f"KEY=${{HOME}}{VALUE}\n", ("line 1", "KEY")),
    ],
    ids=["missing parameter", "no assignment", "twice", "expansion"],
)
def test_a_missing_or_bad_env(app: DeployedApp, text: str | None, words: tuple[str, ...]) -> None:
    release = publish_next(app)
    with untouched(app), another_env(app, text):
        done = app.release()
        fails_with(done, app.parameter, *words)
        assert VALUE not in done.output
    # The parameter was written again and has a new version. So this is a new release.
    done = app.release()
    assert done.code == 0, done.output[-3000:]
    assert app.serves().startswith(release)


def test_a_deleted_object_version(app: DeployedApp) -> None:
    name, key = app.artifact
    s3 = app.client("s3")
    publish_next(app)
    version = s3.head_object(Bucket=name, Key=key)["VersionId"]
    with untouched(app):
        run = app.start("release")
        run.until(lambda: "Keep it for all that follows" in run.output, "the target")
        s3.delete_object(Bucket=name, Key=key, VersionId=version)
        done = run.wait()
        fails_with(done, key, version, "does not exist any more")
    converges(app, publish_next(app))


def test_aws_does_not_answer(app: DeployedApp) -> None:
    release = publish_next(app)
    host = app.hosts[0]
    with unharmed(app):
        # This rule applies before the address is translated into that of the sandbox.
        host.shell("iptables -t mangle -I OUTPUT -d 192.0.2.10 -j DROP")
        try:
            done = app.release()
            packets = host.shell("iptables -t mangle -nvxL OUTPUT | awk '/192.0.2.10/ {print $1}'")
        finally:
            host.shell("iptables -t mangle -D OUTPUT -d 192.0.2.10 -j DROP")
        assert int(packets) > 0
        fails_with(done, "ssm:GetParameter", "Connect timeout")
    converges(app, release)
