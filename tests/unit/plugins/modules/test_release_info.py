"""Finding the release to go back to: from what the host has alone, and only one that is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest, release_log

from tests.unit.plugins.running import Runner

OLD, NEW = "aaaaaaaaaaaa-11111111", "bbbbbbbbbbbb-22222222"
SECRET = "canary-83c1"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    for name in (OLD, NEW):
        release = tmp_path / "releases" / name
        (release / "code").mkdir(parents=True)
        (release / "code" / "main.py").write_text(f"RELEASE = '{name}'\n")
        (release / ".env").write_text(f"API_KEY={SECRET}\nREGION=eu\n")
        about = {"release": name, "env_revision": name[-8:], "artifact": {"key": f"{name}.zip"}}
        manifest.write(release, about)
        release_log.append(tmp_path / "history.jsonl", release=name, action="release")
    (tmp_path / "current").symlink_to(f"releases/{NEW}")
    (tmp_path / "previous").symlink_to(f"releases/{OLD}")
    return tmp_path


@pytest.fixture
def runner(top: Path) -> Runner:
    return Runner("release_info", {"dir": str(top)})


@pytest.mark.parametrize("wanted", ["", "1", OLD], ids=["nothing said", "a number", "an id"])
@pytest.mark.parametrize("check", [False, True])
def test_it_finds_the_release_and_changes_nothing(runner: Runner, wanted: str, check: bool) -> None:
    found = runner.run(wanted=wanted, check=check)
    assert (found["release"], found["current"], found["changed"]) == (OLD, NEW, False)
    assert (found["env_revision"], found["artifact"]) == ("11111111", {"key": f"{OLD}.zip"})


def test_it_tells_the_names_of_the_env_and_no_value(runner: Runner) -> None:
    found = runner.run()
    assert found["variables"] == ["API_KEY", "REGION"]
    assert SECRET not in json.dumps(found)


def test_a_damaged_release_is_refused(runner: Runner, top: Path) -> None:
    (top / "releases" / OLD / "code" / "main.py").write_text("changed\n")
    said = runner.fail()
    assert f"release {OLD} is damaged and must not serve (code/main.py has another content)" in said
    assert "nothing was changed" in said


def test_a_release_without_its_env_is_refused(runner: Runner, top: Path) -> None:
    (top / "releases" / OLD / ".env").unlink()
    assert f"the .env of release {OLD} cannot be read" in runner.fail()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("2", "no 2 releases before"),
        ("cccccccccccc-33333333", f"is not on this host: choose one of {OLD}"),
        ("latest", "'latest' is no release"),
        ("../../etc", "is no release"),
        ("-1", "'-1' is no release"),
        ("²", "is no release"),
    ],
)
def test_what_is_not_there_is_told(runner: Runner, wanted: str, words: str) -> None:
    assert words in runner.fail(wanted=wanted)


def test_a_host_without_any_release_has_nothing_to_go_back_to(tmp_path: Path) -> None:
    said = Runner("release_info", {"dir": str(tmp_path)}).fail()
    assert "There is nothing to go back to" in said
    assert "release another version instead" in said
