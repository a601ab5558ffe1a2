"""The module slipway.fastapi.baseline."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest
from ansible_collections.slipway.fastapi.plugins.modules.baseline import run

SHA = "3f2a9c51d0b7" + "0" * 52
RELEASE = "3f2a9c51d0b7-5be0a1c4"


class Host:
    """A host's files, below a folder."""

    def __init__(self, top: Path) -> None:
        self.top, self.folder = top, top / "baselines"
        self.config, self.link, self.absent = top / "haproxy.cfg", top / "drop-in", top / "service.pem"
        self.config.write_text("global\n")
        self.config.chmod(0o644)
        self.link.symlink_to("elsewhere")

    def ask(self, state: str = "checked", inputs: str = "a", write: bool = True, **more: Any) -> dict[str, Any]:
        """The module's result."""
        entry = {"name": "release", "inputs": inputs, "paths": [str(self.config), str(self.link), str(self.absent)]}
        release = {"dir": str(self.top), "sha256": "", "env_file": None, "keep": 5}
        return run({"state": state, "baselines": [entry], **release, **more}, write, self.folder)

    def unchanged(self, **more: Any) -> bool:
        """Whether it is as it was recorded."""
        found: bool = self.ask(**more)["unchanged"]["release"]
        return found


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_host_without_a_record_is_looked_at(host: Host) -> None:
    assert host.ask()["differences"] == {"release": ["no baseline was recorded"]}


def test_what_was_recorded_is_unchanged_until_something_changes(host: Host) -> None:
    assert host.ask("recorded", write=False)["changed"]
    assert not host.unchanged()
    assert host.ask("recorded")["changed"]
    assert host.unchanged()
    assert not host.ask("recorded")["changed"]
    assert (host.folder.stat().st_mode & 0o777, (host.folder / "release.json").stat().st_mode & 0o777) == (0o700, 0o600)


def replace(path: Path, make: Callable[[], object]) -> None:
    """Put something else in a file's place."""
    path.unlink()
    make()


DRIFT: dict[str, Callable[[Host], object]] = {
    "a line more": lambda host: host.config.write_text("global\n# by hand\n"),
    "another mode": lambda host: host.config.chmod(0o640),
    "removed": lambda host: host.config.unlink(),
    "a link in its place": lambda host: replace(host.config, lambda: host.config.symlink_to("/dev/null")),
    "a folder in its place": lambda host: replace(host.config, host.config.mkdir),
    "a link that leads elsewhere": lambda host: replace(host.link, lambda: host.link.symlink_to("other")),
    "a file that must not be there": lambda host: host.absent.touch(),
    "another owner": lambda host: os.chown(host.config, 1, 1),
}


@pytest.mark.parametrize("drift", DRIFT)
def test_drift_is_seen(host: Host, drift: str) -> None:
    if drift == "another owner" and os.geteuid():
        pytest.skip("only root gives files away")
    host.ask("recorded")
    DRIFT[drift](host)
    (told,) = host.ask()["differences"]["release"]
    assert told.endswith("is not as it was left")


def test_other_inputs_are_a_difference(host: Host) -> None:
    host.ask("recorded")
    assert host.ask(inputs="b")["differences"] == {"release": ["what the hosts are to be is another"]}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"inputs": "a"}', '{"inputs": "a", "paths": 7}'])
def test_a_record_that_is_no_record_is_a_difference(host: Host, content: str) -> None:
    host.ask("recorded")
    (host.folder / "release.json").write_text(content)
    assert not host.unchanged()


def release(host: Host) -> Path:
    """A release that serves."""
    top = host.top / "releases" / RELEASE
    (top / "code").mkdir(parents=True)
    (top / "code/main.py").write_text("app = None\n")
    (top / ".env").write_text("KEY=value\n")
    (top / ".env").chmod(0o640)
    manifest.write(top, {"release": RELEASE})
    (host.top / "current").symlink_to(f"releases/{RELEASE}")
    return top


def test_the_current_release_is_named_while_it_is_whole(host: Host) -> None:
    top, shared = release(host), host.top / "shared.env"
    shared.write_text("KEY=value\n")
    asked: dict[str, Any] = {"sha256": SHA, "env_file": str(shared)}
    assert host.ask(**asked)["release"] == RELEASE
    assert host.ask(**{**asked, "sha256": "0" * 64})["release"] == ""
    shared.write_text("KEY=other\n")
    assert host.ask(**asked)["release"] == ""
    shared.write_text("KEY=value\n")
    (top / "code/main.py").write_text("app = 7\n")
    assert host.ask(**asked)["release"] == ""


def test_what_is_left_to_remove_is_something_to_do(host: Host) -> None:
    release(host)
    assert host.ask(sha256=SHA)["release"] == RELEASE
    (host.top / "releases" / f".{RELEASE}.partial").mkdir()
    assert host.ask(sha256=SHA)["release"] == ""


def test_a_host_without_a_release_has_none(host: Host) -> None:
    assert host.ask(sha256=SHA)["release"] == ""
