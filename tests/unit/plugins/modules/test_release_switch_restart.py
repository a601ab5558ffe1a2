"""Making a release the running one, with real processes and a stand-in for systemd."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest

from tests.unit.plugins import fake_systemd
from tests.unit.plugins.running import Runner, six_steps

FIRST, SECOND, THIRD = (f"{letter * 12}-00000000" for letter in "abc")
SECRET = "canary-7f3a"
SERVICE = """\
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = ANSWER
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

ANSWER = %s
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
GOOD = SERVICE % '200, {"release": os.environ["SLIPWAY_RELEASE"]}'
SICK = SERVICE % '503, {"release": os.environ["SLIPWAY_RELEASE"]}'
FOREIGN = SERVICE % '200, {"release": "1.4.2"}'
CRASHING = "import os\nraise RuntimeError('cannot use ' + os.environ['KEY'])\n"


class Host:
    """An application's directory with its unit."""

    def __init__(self, folder: Path) -> None:
        self.top, self.folder = folder / "app", folder
        (self.top / "shared").mkdir(parents=True)
        self.unit_file = folder / "backend.service"
        self.unit_file.write_text("[Service]\n")
        unit = fake_systemd.service(self.top, self.unit_file)
        self.environment = fake_systemd.install(folder / "systemd", [unit])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def add(self, release: str, code: str = GOOD) -> None:
        top = self.top / "releases" / release
        (top / "code").mkdir(parents=True)
        (top / "venv").mkdir()
        (top / "code" / "main.py").write_text(code)
        (top / ".env").write_text(f"PORT={self.port}\nKEY={SECRET}\n")
        (top / "release.env").write_text(f"SLIPWAY_RELEASE={release}\n")
        manifest.write(top, {"release": release})

    def serving(self) -> str | None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return str(json.load(answer)["release"])
        except OSError:
            return None

    def links(self) -> dict[str, str]:
        return {path.name: str(path.readlink()) for path in self.top.iterdir() if path.is_symlink()}

    def manager(self) -> fake_systemd.Manager:
        return fake_systemd.Manager(Path(self.environment["FAKE_SYSTEMD"]))

    def commands(self) -> list[str]:
        """What systemd was asked to do since the last time."""
        path = Path(self.environment["FAKE_SYSTEMD"], "commands")
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def stop(self) -> None:
        manager = self.manager()
        manager.stop()
        manager.state["wanted"] = False
        manager.save()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    host.add(FIRST)
    yield host
    host.stop()


@pytest.fixture
def runner(host: Host) -> Runner:
    options = {
        "dir": str(host.top),
        "release": FIRST,
        "unit": "backend",
        "strategy": "restart",
        "port": host.port,
        "timeout": 20,
    }
    return Runner("release_switch", options, host.environment)


def linked(release: str, previous: str = "") -> dict[str, str]:
    links = {"current": f"releases/{release}", ".env": "current/.env", "venv": "current/venv"}
    return {**links, "previous": f"releases/{previous}"} if previous else links


def test_six_steps(runner: Runner, host: Host) -> None:
    host.add(SECOND)
    first = six_steps(runner, {"release": SECOND})
    assert first["previous"] == ""
    assert host.serving() == SECOND
    assert host.links() == linked(SECOND, previous=FIRST)


def test_the_unit_is_read_enabled_and_started_once(runner: Runner, host: Host) -> None:
    runner.run()
    assert host.commands() == [
        "daemon-reload",
        "enable backend.service",
        "reset-failed backend.service",
        "restart backend.service",
    ]
    runner.run()
    assert host.commands() == []


def test_a_check_on_a_bare_host_tells_what_would_be(tmp_path: Path, runner: Runner, host: Host) -> None:
    host.unit_file.unlink()
    result = runner.check(dir=str(tmp_path / "nothing"))
    assert result["changed"]
    assert result["reasons"] == ["the unit is inactive"]
    assert not (tmp_path / "nothing").exists()
    assert host.commands() == []


def test_it_goes_back_and_forth(runner: Runner, host: Host) -> None:
    host.add(SECOND)
    for release, previous in ((FIRST, ""), (SECOND, FIRST), (FIRST, SECOND)):
        assert runner.run(release=release)["previous"] == previous
        assert host.serving() == release
    assert host.links() == linked(FIRST, previous=SECOND)


def kill(host: Host) -> None:
    host.stop()


def rewrite_unit(host: Host) -> None:
    host.unit_file.write_text("[Service]\nNice=5\n")


def rebuild(host: Host) -> None:
    top = host.top / "releases" / FIRST
    retired = top.with_name(f".{FIRST}.damaged")
    top.rename(retired)
    host.add(FIRST)


def link_away(host: Host) -> None:
    (host.top / "venv").unlink()


@pytest.mark.parametrize(
    ("act", "restarts"),
    [(kill, True), (rewrite_unit, True), (rebuild, True), (link_away, False)],
    ids=["stopped", "another unit", "built again", "a link is gone"],
)
def test_what_moved_is_put_right_once(runner: Runner, host: Host, act: Callable[[Host], None], restarts: bool) -> None:
    runner.run()
    host.commands()
    act(host)
    checked = runner.check()
    result = runner.run()
    assert (checked["changed"], checked["diff"]) == (True, result["diff"])
    assert ("restart backend.service" in host.commands()) is restarts
    assert bool(result["reasons"]) is restarts
    assert host.serving() == FIRST
    assert not list(host.top.glob("releases/.*")), "what was replaced is gone"
    assert not runner.run()["changed"]


def test_in_check_mode_a_damaged_release_and_another_unit_are_told_of(runner: Runner, host: Host) -> None:
    runner.run()
    assert runner.check(redefined=True)["reasons"] == ["the unit's files change"]
    (host.top / "releases" / FIRST / "code" / "main.py").write_text("tampered\n")
    assert "code/main.py has another content" in runner.check()["reasons"][0]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (CRASHING, "keeps ending (exit-code)"),
        (SICK, "the last answer was: HTTP 503"),
        (FOREIGN, "answers as release 1.4.2"),
    ],
    ids=["crashing", "sick", "of another release"],
)
def test_a_release_that_does_not_serve_is_taken_back(runner: Runner, host: Host, code: str, words: str) -> None:
    runner.run()
    host.add(SECOND, code)
    result = runner.result(release=SECOND, timeout=3)
    assert result["failed"]
    assert words in result["msg"]
    assert f"Release {FIRST} is back and healthy" in result["msg"]
    assert result["running"] == FIRST
    assert host.serving() == FIRST
    assert host.links() == linked(FIRST)
    assert not runner.run()["changed"], "nothing is left of the attempt"


def test_its_last_words_are_shown_without_its_secrets(runner: Runner, host: Host) -> None:
    host.add(SECOND, CRASHING)
    result = runner.result(release=SECOND)
    assert "RuntimeError: cannot use ***" in result["journal"]
    assert result["journal"] in result["msg"]
    assert SECRET not in json.dumps(result)
    short = runner.result(release=SECOND, journal_lines=1)
    assert short["journal"] == "RuntimeError: cannot use ***"


def test_of_a_first_release_that_fails_nothing_stays(runner: Runner, host: Host) -> None:
    host.add(SECOND, CRASHING)
    message = runner.fail(release=SECOND)
    assert "the unit is stopped" in message
    assert host.links() == {".env": "shared/.env"}
    assert host.commands()[-2:] == ["stop backend.service", "reset-failed backend.service"]
    assert runner.run()["changed"]
    assert host.links() == linked(FIRST)


def test_a_current_release_that_fails_stays_what_it_is(runner: Runner, host: Host) -> None:
    host.add(SECOND)
    runner.run()
    runner.run(release=SECOND)
    (host.top / "releases" / SECOND / "code" / "main.py").write_text(CRASHING)
    host.stop()
    assert "It was the current release already, and stays so" in runner.fail(release=SECOND)
    assert host.links() == linked(SECOND, previous=FIRST)


def test_a_release_before_that_is_sick_too_is_told_of(runner: Runner, host: Host) -> None:
    runner.run()
    (host.top / "releases" / FIRST / "code" / "main.py").write_text(CRASHING)
    host.add(SECOND, CRASHING)
    assert f"Release {FIRST} is back, but is not healthy either" in runner.fail(release=SECOND)
    assert host.links() == linked(FIRST)


@pytest.mark.parametrize(
    ("target", "restarted"),
    [(FIRST, True), (SECOND, True), (THIRD, True), (SECOND, False)],
    ids=["back", "on", "elsewhere", "on, before the restart"],
)
def test_a_switch_that_was_killed_is_ended_by_the_next(
    runner: Runner, host: Host, target: str, restarted: bool
) -> None:
    runner.run()
    host.add(SECOND)
    host.add(THIRD)
    # A switch from the first to the second release was killed.
    (host.top / ".switching.json").write_text(json.dumps({"from": FIRST, "to": SECOND}))
    (host.top / "current").unlink()
    (host.top / "current").symlink_to(f"releases/{SECOND}")
    if restarted:
        manager = host.manager()
        manager.restart()
        manager.save()
    assert runner.check(release=target)["changed"]
    runner.run(release=target)
    assert host.serving() == target
    assert host.links() == linked(target, previous="" if target == FIRST else FIRST)
    assert not (host.top / ".switching.json").exists()
    assert not runner.run(release=target)["changed"]


def test_a_switch_that_was_killed_when_all_was_well_needs_no_restart(runner: Runner, host: Host) -> None:
    runner.run()
    (host.top / ".switching.json").write_text(json.dumps({"from": "", "to": FIRST}))
    host.commands()
    assert runner.run()["reasons"] == []
    assert host.commands() == []
    assert not (host.top / ".switching.json").exists()


def test_after_a_killed_switch_the_way_back_is_the_accepted_release(runner: Runner, host: Host) -> None:
    runner.run()
    host.add(SECOND, CRASHING)
    (host.top / ".switching.json").write_text(json.dumps({"from": FIRST, "to": SECOND}))
    (host.top / "current").unlink()
    (host.top / "current").symlink_to(f"releases/{SECOND}")
    assert f"Release {FIRST} is back and healthy" in runner.fail(release=SECOND)
    assert host.serving() == FIRST


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"release": THIRD}, "prepare it first"),
        ({"health_path": "health"}, "must begin with a slash"),
    ],
)
def test_wrong_options_touch_nothing(runner: Runner, host: Host, options: dict[str, str], words: str) -> None:
    runner.run()
    before = host.links(), host.manager().pid
    assert words in runner.fail(**options)
    assert (host.links(), host.manager().pid) == before


def test_a_missing_unit_touches_nothing(runner: Runner, host: Host) -> None:
    host.unit_file.unlink()
    assert "run the role service" in runner.fail()
    assert host.links() == {}


def test_a_file_in_the_place_of_a_link_is_not_overwritten(runner: Runner, host: Host) -> None:
    (host.top / ".env").write_text("KEY=mine\n")
    assert "move it away" in runner.fail()
    assert (host.top / ".env").read_text() == "KEY=mine\n"
    assert "current" not in host.links()


def test_a_disk_that_fails_between_the_links_leaves_those_of_what_runs(runner: Runner, host: Host) -> None:
    runner.run()
    host.add(SECOND)
    # The last of the links cannot be made; the first has moved by then.
    (host.top / "venv").unlink()
    (host.top / ".venv.new").mkdir()
    result = runner.result(release=SECOND)
    assert host.links() == {name: target for name, target in linked(FIRST).items() if name != "venv"}
    assert host.serving() == FIRST
    assert result["running"] == FIRST
    assert f"Release {FIRST} runs, and of its links venv could not be put back." in result["msg"]
    assert ".venv.new" in result["msg"]
    (host.top / ".venv.new").rmdir()
    assert runner.run(release=SECOND)["previous"] == FIRST
    assert host.serving() == SECOND


def test_a_full_disk_after_the_switch_does_not_hide_what_runs(runner: Runner, host: Host) -> None:
    (host.top / "history.jsonl").symlink_to("/dev/full")
    result = runner.result()
    assert host.serving() == FIRST
    assert result["running"] == FIRST
    assert "No space left on device" in result["msg"]
    assert "df -h" in result["msg"]
