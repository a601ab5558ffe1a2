"""Making a release the one that serves, in the other of two colours and without its predecessor noticing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.plugins.blue_green_host import (
    CRASHING,
    FIRST,
    FOREIGN,
    GOOD,
    SECOND,
    SECRET,
    SICK,
    STUBBORN,
    THIRD,
    Host,
    Stream,
    blue_green_host,
    linked,
)
from tests.unit.plugins.running import Runner, six_steps


@pytest.fixture
def host() -> Iterator[Host]:
    with blue_green_host() as found:
        yield found


@pytest.fixture
def runner(host: Host) -> Runner:
    return host.runner()


def test_six_steps(runner: Runner, host: Host) -> None:
    host.add(SECOND)
    first = six_steps(runner, {"release": SECOND})
    assert (first["previous"], first["slot"]) == ("", "blue")
    assert host.serving() == SECOND
    assert host.active() == "green"
    assert host.running() == ["green"]
    assert host.links() == linked(SECOND, "green", before=FIRST)


def test_what_systemd_is_asked(runner: Runner, host: Host) -> None:
    runner.run()
    assert host.commands() == [
        "daemon-reload",
        "restart backend@blue.service",
        "daemon-reload",
        "restart haproxy.service",
        "enable haproxy.service",
        "enable backend.service",
        "start backend.service",
    ]
    runner.run()
    assert host.commands() == []
    host.add(SECOND)
    runner.run(release=SECOND)
    assert host.commands() == ["restart backend@green.service", "stop backend@blue.service"], "HAProxy runs on"


def test_a_check_on_a_bare_host_tells_what_would_be(runner: Runner, host: Host) -> None:
    for file in host.units.iterdir():
        file.unlink()
    result = runner.check(dir=str(host.top / "nothing"))
    assert result["changed"]
    assert result["reasons"] == ["nothing serves"]
    assert result["slot"] == "blue"
    assert not (host.top / "nothing").exists()
    assert host.commands() == []


def test_it_goes_back_and_forth_and_keeps_a_history(runner: Runner, host: Host) -> None:
    host.add(SECOND)
    steps = ((FIRST, "", "blue", "release"), (SECOND, FIRST, "green", "release"), (FIRST, SECOND, "blue", "rollback"))
    for release, previous, colour, action in steps:
        result = runner.run(release=release, action=action, by="somebody")
        assert (result["previous"], result["slot"]) == (previous, colour)
        assert host.serving() == release
        assert {"gate", "switch"} <= set(result["seconds"])
    assert host.links() == linked(FIRST, "blue", before=SECOND)
    told = [(line["release"], line["previous"], line["action"], line["by"]) for line in host.history()]
    assert told == [(release, previous, action, "somebody") for release, previous, _, action in steps]


def stop_the_service(host: Host) -> None:
    host.stop("backend")


def rewrite_the_unit(host: Host) -> None:
    (host.units / "backend@.service").write_text("[Service]\nNice=5\n")


def rebuild(host: Host) -> None:
    top = host.top / "releases" / FIRST
    top.rename(top.with_name(f".{FIRST}.damaged"))
    host.add(FIRST)


def link_away(host: Host) -> None:
    (host.top / "venv").unlink()


def stop_haproxy(host: Host) -> None:
    host.stop("haproxy")


def rewrite_the_edges_unit(host: Host) -> None:
    (host.units / "haproxy.service").write_text("[Service]\nNice=5\n")


def configure_the_edge(host: Host) -> None:
    time.sleep(1.1)  # HAProxy tells its start in whole seconds.
    host.config.write_text("another\n")


def damage_the_map(host: Host) -> None:
    host.map.write_text("maintenance on\n")


def start_the_other_colour(host: Host) -> None:
    (host.top / "green").symlink_to(f"releases/{FIRST}")
    manager = host.manager("backend@green")
    manager.restart()
    manager.save()


def forget_at_boot(host: Host) -> None:
    host.edit("backend", enabled=False)


@pytest.mark.parametrize(
    ("act", "commands", "colour"),
    [
        (stop_the_service, ["restart backend@green.service", "start backend.service"], "green"),
        (rewrite_the_unit, ["restart backend@green.service", "stop backend@blue.service"], "green"),
        (rebuild, ["restart backend@green.service", "stop backend@blue.service"], "green"),
        (link_away, [], "blue"),
        (stop_haproxy, ["daemon-reload", "restart haproxy.service"], "blue"),
        (rewrite_the_edges_unit, ["daemon-reload", "restart haproxy.service"], "blue"),
        (configure_the_edge, ["reload haproxy.service"], "blue"),
        (damage_the_map, [], "blue"),
        (start_the_other_colour, ["stop backend@green.service"], "blue"),
        (forget_at_boot, ["enable backend.service"], "blue"),
    ],
)
def test_what_moved_is_put_right_once(
    runner: Runner, host: Host, act: Callable[[Host], None], commands: list[str], colour: str
) -> None:
    runner.run()
    host.commands()
    act(host)
    checked = runner.check()
    result = runner.run()
    assert (checked["changed"], checked["diff"], checked["reasons"]) == (True, result["diff"], result["reasons"])
    assert checked["slot"] == result["slot"] == colour
    assert host.commands() == commands
    assert host.serving() == FIRST
    assert host.active() == colour
    assert host.running() == [colour]
    assert not list(host.top.glob("releases/.*")), "what was replaced is gone"
    assert not runner.run()["changed"]


def test_maintenance_outlasts_a_release(runner: Runner, host: Host) -> None:
    host.map.write_text("maintenance on\n")
    runner.run()
    assert host.map.read_text() == "maintenance on\nactive blue\n"


def test_in_check_mode_a_damaged_release_and_another_unit_are_told_of(runner: Runner, host: Host) -> None:
    runner.run()
    assert runner.check(redefined=True)["reasons"] == ["the unit's files change"]
    (host.top / "releases" / FIRST / "code" / "main.py").write_text("tampered\n")
    assert "code/main.py has another content" in runner.check()["reasons"][0]


@pytest.mark.parametrize(
    ("code", "options", "words"),
    [
        (CRASHING, {}, "keeps ending (exit-code)"),
        (SICK, {"timeout": 1}, "the last answer was: HTTP 503"),
        (FOREIGN, {}, "answers as release 1.4.2"),
        (GOOD, {"stream_path": "/health"}, "its stream /health ended without an event"),
    ],
    ids=["crashing", "sick", "of another release", "without a stream"],
)
def test_the_release_before_never_notices_one_that_fails(
    runner: Runner, host: Host, code: str, options: dict[str, Any], words: str
) -> None:
    runner.run()
    pid = host.manager("backend@blue").pid
    host.add(SECOND, code)
    result = runner.result(release=SECOND, **options)
    assert result["failed"]
    assert words in result["msg"]
    assert f"Release {FIRST} serves as before" in result["msg"]
    assert result["running"] == FIRST
    assert host.manager("backend@blue").pid == pid
    assert (host.serving(), host.active(), host.running()) == (FIRST, "blue", ["blue"])
    assert host.links() == linked(FIRST, "blue")
    assert len(host.history()) == 1
    assert not runner.run()["changed"], "nothing is left of the attempt"


def test_a_stream_that_sends_an_event_passes(runner: Runner, host: Host) -> None:
    runner.run(stream_path="/stream")
    assert host.serving() == FIRST


def test_its_last_words_are_shown_without_its_secrets(runner: Runner, host: Host) -> None:
    host.add(SECOND, CRASHING)
    result = runner.result(release=SECOND, journal_lines=1)
    assert result["journal"] == "RuntimeError: cannot use ***"
    assert result["journal"] in result["msg"]
    assert SECRET not in json.dumps(result)


def test_of_a_first_release_that_fails_nothing_stays(runner: Runner, host: Host) -> None:
    host.add(SECOND, CRASHING)
    result = runner.result(release=SECOND)
    assert "Nothing served before it, and nothing does now" in result["msg"]
    assert result["running"] == ""
    assert (host.links(), host.active(), host.running()) == ({}, "none", [])
    assert runner.run()["changed"]
    assert host.links() == linked(FIRST, "blue")


def test_a_release_before_that_has_ended_does_not_count_as_serving(runner: Runner, host: Host) -> None:
    runner.run()
    host.crash("backend@blue")
    host.add(SECOND, CRASHING)
    result = runner.result(release=SECOND)
    assert "Nothing served before it" in result["msg"]
    assert result["running"] == ""
    runner.run()
    assert host.serving() == FIRST


def test_a_service_that_held_the_port_gives_it_up(runner: Runner, host: Host) -> None:
    host.serve_plainly(FIRST)
    host.add(SECOND)
    checked = runner.check(release=SECOND)
    assert checked["changed"]
    assert host.serving() == FIRST
    result = runner.run(release=SECOND)
    assert result["diff"] == checked["diff"]
    assert result["previous"] == FIRST
    assert (host.serving(), host.running()) == (SECOND, ["blue"])
    assert "kill backend.service" in host.commands()
    assert not runner.run(release=SECOND)["changed"]


def test_a_service_that_holds_the_port_serves_on_if_the_first_colour_fails(runner: Runner, host: Host) -> None:
    host.serve_plainly(FIRST)
    host.add(SECOND, CRASHING)
    result = runner.result(release=SECOND)
    assert f"Release {FIRST} serves as before" in result["msg"]
    assert result["running"] == host.serving() == FIRST


def test_streams_are_told_and_waited_for(runner: Runner, host: Host) -> None:
    runner.run()
    stream = Stream(host)
    host.add(SECOND)
    result = runner.run(release=SECOND)
    stream.join(5)
    assert b"last" in stream.events, "it ended in its own way"
    assert result["cut"] == 0
    assert result["seconds"]["drain"] < 5


@pytest.mark.parametrize("drain", [0, 1])
def test_a_stream_without_an_end_is_cut_at_the_deadline(runner: Runner, host: Host, drain: int) -> None:
    host.add(SECOND, STUBBORN)
    runner.run(release=SECOND)
    stream = Stream(host)
    result = runner.run(drain=drain)
    stream.join(5)
    assert b"last" not in stream.events
    assert result["cut"] == 1
    assert drain <= result["seconds"]["drain"] < drain + 1
    assert host.running() == ["green"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"release": THIRD}, "prepare it first"),
        ({"drain": -1}, "drain is -1 and must be between 0 and 3600 seconds"),
        ({"drain": 3601}, "nothing was changed"),
        ({"stream_path": "stream"}, "must begin with a slash"),
        ({"generation": 6}, "another release has begun on this host"),
        ({"generation": -1}, "must not be negative"),
    ],
)
def test_wrong_options_touch_nothing(runner: Runner, host: Host, options: dict[str, object], words: str) -> None:
    host.add(SECOND)
    runner.run(generation=7)
    host.commands()
    before = host.everything()
    assert words in runner.fail(**{"release": SECOND, **options})
    assert host.everything() == before


def test_the_generation_is_remembered_where_there_is_nothing_else_to_do(runner: Runner, host: Host) -> None:
    runner.run()
    assert not runner.run(generation=5)["changed"]
    assert "another release has begun" in runner.fail(generation=4)
    assert not runner.run(check=True, generation=6)["changed"]
    runner.run(generation=5)


@pytest.mark.parametrize("missing", ["the unit", "the map"])
def test_without_haproxy_nothing_is_touched(runner: Runner, host: Host, missing: str) -> None:
    file = host.units / "haproxy.service" if missing == "the unit" else host.map
    file.unlink()
    assert "run the role haproxy first" in runner.fail()
    assert host.links() == {}
    assert host.commands() == []


@pytest.mark.parametrize(
    "started", [False, True], ids=["HAProxy is stopped", "HAProxy runs with another configuration"]
)
def test_a_port_of_somebody_else_is_named_and_nothing_is_touched(runner: Runner, host: Host, started: bool) -> None:
    if started:
        # As the package leaves it: it runs, and listens nowhere.
        sleeper = host.manager("haproxy")
        sleeper.state |= {"wanted": True, "pid": host.hold_nothing()}
        sleeper.save()
    pid = host.hold_the_port()
    message = runner.fail()
    assert f"the port {host.port} is held by " in message
    assert f"(process {pid})" in message
    assert (host.links(), host.commands(), host.active()) == ({}, [], "none")
    assert host.serving() == "foreign"


def test_a_file_in_the_place_of_a_link_is_not_overwritten(runner: Runner, host: Host) -> None:
    (host.top / ".env").write_text("KEY=mine\n")
    assert "move it away" in runner.fail()
    assert (host.top / ".env").read_text() == "KEY=mine\n"
    assert host.running() == []


def test_a_full_disk_before_the_switch_leaves_nothing_running_that_does_not_serve(runner: Runner, host: Host) -> None:
    runner.run()
    host.add(SECOND)
    (host.top / ".green.new").mkdir()
    result = runner.result(release=SECOND)
    assert (host.serving(), result["running"]) == (FIRST, FIRST)
    assert host.running() == ["blue"]
    assert f"Release {FIRST} serves." in result["msg"]
    assert ".green.new" in result["msg"]


def test_a_full_disk_after_the_switch_does_not_hide_what_serves(runner: Runner, host: Host) -> None:
    runner.run()
    host.add(SECOND)
    (host.top / "history.jsonl").unlink()
    (host.top / "history.jsonl").symlink_to("/dev/full")
    result = runner.result(release=SECOND)
    assert (host.serving(), result["running"]) == (SECOND, SECOND)
    assert "No space left on device" in result["msg"]
    assert f"Release {SECOND} serves." in result["msg"]
