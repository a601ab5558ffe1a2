"""The target comes late, is deleted in the meantime, or is not suitable for a service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.cells import Cell
from tests.faults.flow import converges, publish_next, told, unharmed, untouched
from tests.faults.orders import ordered

VALUE = "canary-value-51c8"


def test_s3_slow(cell: Cell) -> None:
    release, served = publish_next(cell), cell.serves()
    with ordered(cell, "s3", "slow:6", "GetObject", cell.artifact[1], times=1):
        began = time.monotonic()
        run = cell.start("release")
        run.until(lambda: cell.hosts[0].look().partial, "the release that is being fetched")
        assert cell.serves() == served
        done = run.wait()
    assert time.monotonic() - began > 6
    assert done.code == 0, done.output[-3000:]
    converges(cell, release)


@contextmanager
def another_env(cell: Cell, text: str | None) -> Iterator[None]:
    """Another content of the parameter, or no parameter."""
    if text is None:
        cell.client("ssm").delete_parameter(Name=cell.parameter)
    else:
        cell.env(text)
    try:
        yield
    finally:
        cell.env()


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
def test_a_missing_or_bad_env(cell: Cell, text: str | None, words: tuple[str, ...]) -> None:
    release = publish_next(cell)
    with untouched(cell), another_env(cell, text):
        done = cell.release()
        told(done, cell.parameter, *words)
        assert VALUE not in done.output
    # The parameter was written again and has a new version. So this is a new release.
    done = cell.release()
    assert done.code == 0, done.output[-3000:]
    assert cell.serves().startswith(release)


def test_a_deleted_object_version(cell: Cell) -> None:
    name, key = cell.artifact
    s3 = cell.client("s3")
    publish_next(cell)
    version = s3.head_object(Bucket=name, Key=key)["VersionId"]
    with untouched(cell):
        run = cell.start("release")
        run.until(lambda: "Keep it for all that follows" in run.output, "the target")
        s3.delete_object(Bucket=name, Key=key, VersionId=version)
        done = run.wait()
        told(done, key, version, "does not exist any more")
    converges(cell, publish_next(cell))


def test_aws_does_not_answer(cell: Cell) -> None:
    release = publish_next(cell)
    host = cell.hosts[0]
    with unharmed(cell):
        # This rule applies before the address is translated into that of the sandbox.
        host.shell("iptables -t mangle -I OUTPUT -d 192.0.2.10 -j DROP")
        try:
            done = cell.release()
            packets = host.shell("iptables -t mangle -nvxL OUTPUT | awk '/192.0.2.10/ {print $1}'")
        finally:
            host.shell("iptables -t mangle -D OUTPUT -d 192.0.2.10 -j DROP")
        assert int(packets) > 0
        told(done, "ssm:GetParameter", "Connect timeout")
    converges(cell, release)
