"""A switch that is killed at any point: one release serves all the time, and the next run ends what was begun."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.plugins.blue_green_host import CRASHING, FIRST, SECOND, THIRD, Host, Stream, blue_green_host, linked
from tests.unit.plugins.running import Runner

START = "restart backend@green.service"
#: The commands after which the run is killed, in their order, and what serves then.
POINTS = {
    "before the start": ([START], FIRST),
    "at the gate": ([START, "show backend@green.service"], FIRST),
    "between disk and HAProxy": ([START, "show backend.service"], FIRST),
    "while it drains": ([START, "show backend.service", "show backend@blue.service"], SECOND),
    "before the stop": ([START, "stop backend@blue.service"], SECOND),
    "after the stop": ([START, "stop backend@blue.service", "reset-failed backend@blue.service"], SECOND),
}


@pytest.fixture
def host() -> Iterator[Host]:
    """A host whose first release serves in blue, with two more."""
    with blue_green_host() as found:
        found.runner().run()
        found.add(SECOND)
        found.add(THIRD)
        yield found


@pytest.fixture
def runner(host: Host) -> Runner:
    return host.runner()


def kill(host: Host, point: str) -> None:
    """Kills a switch to the second release."""
    commands, serving = POINTS[point]
    host.kill_at(*commands)
    with pytest.raises(AssertionError):  # it prints nothing
        host.runner().result(release=SECOND)
    assert host.serving() == serving
    assert (host.top / ".switching.json").exists()


def settled(host: Host, release: str, before: str) -> None:
    """What a host is after a run that nobody has ended."""
    colour = host.active()
    assert host.serving() == release
    assert host.running() == [colour]
    assert host.links()[colour] == f"releases/{release}"
    assert {link: target for link, target in host.links().items() if link not in ("blue", "green")} == {
        link: target for link, target in linked(release, colour, before).items() if link not in ("blue", "green")
    }
    assert not (host.top / ".switching.json").exists()


@pytest.mark.parametrize("point", POINTS)
def test_the_same_release_again_ends_what_was_begun(runner: Runner, host: Host, point: str) -> None:
    kill(host, point)
    checked = runner.check(release=SECOND)
    result = runner.run(release=SECOND)
    assert checked["changed"]
    assert checked["diff"] == result["diff"]
    assert result["previous"] == FIRST
    settled(host, SECOND, before=FIRST)
    assert [line["release"] for line in host.history()] == [FIRST, SECOND]
    assert not runner.run(release=SECOND)["changed"]


@pytest.mark.parametrize("point", ["at the gate", "between disk and HAProxy", "while it drains"])
def test_another_release_does_not_trip_over_it(runner: Runner, host: Host, point: str) -> None:
    kill(host, point)
    runner.run(release=THIRD)
    settled(host, THIRD, before=FIRST if point == "at the gate" else SECOND)
    assert not runner.run(release=THIRD)["changed"]


@pytest.mark.parametrize("point", ["at the gate", "between disk and HAProxy", "after the stop"])
def test_the_release_before_comes_back(runner: Runner, host: Host, point: str) -> None:
    kill(host, point)
    runner.run(release=FIRST, action="rollback")
    settled(host, FIRST, before="" if point == "at the gate" else SECOND)
    assert not runner.run(release=FIRST)["changed"]


def test_what_haproxy_still_sends_requests_to_is_not_stopped(runner: Runner, host: Host) -> None:
    kill(host, "between disk and HAProxy")
    stream = Stream(host)  # In blue, which the disk calls idle.
    host.add("dddddddddddd-00000000", CRASHING)
    message = runner.fail(release="dddddddddddd-00000000")
    stream.join(5)
    assert f"Release {SECOND} serves as before" in message
    assert b"last" in stream.events
    assert host.serving() == SECOND


def test_of_two_colours_the_one_that_runs_serves(runner: Runner, host: Host) -> None:
    kill(host, "between disk and HAProxy")
    host.crash("backend@green")
    assert runner.run(release=FIRST)["reasons"] == []
    settled(host, FIRST, before="")
