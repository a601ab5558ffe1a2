"""Packages that attack the host which builds their environment.

Their code runs there as the service's account: a `.pth` file is executed whenever the environment's Python starts. As
root the account is another one than the one that runs the tests; else it is the same, and what only another account is
refused is not asked for.
"""

from __future__ import annotations

import os
import pwd
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.artifacts import application, tree, zipped
from tests.unit.plugins.modules.test_release import publish, runner, top
from tests.unit.plugins.running import Runner

__all__ = ["runner", "top"]

ROOT = os.geteuid() == 0
ACCOUNT = "nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name
PYTHON = "/usr/bin/python3" if ROOT else sys.executable


def hostile(statements: str) -> bytes:
    """An application with a package that executes statements once, when its environment's Python is tried."""
    about = "evil-1.0.dist-info"
    # The installer starts this Python too.
    guard = "'uvicorn' in open('/proc/self/cmdline').read()"
    content = zipped(
        {
            "evil.py": statements,
            "evil.pth": f"import importlib; {guard} and importlib.import_module('evil')\n",
            f"{about}/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/RECORD": "".join(f"{name},,\n" for name in ("evil.py", "evil.pth", f"{about}/RECORD")),
        }
    )
    more: dict[str, bytes | str] = {"wheels/evil-1.0-py3-none-any.whl": content, "requirements.txt": "uvicorn\nevil\n"}
    return zipped(application(**more))


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory that every account can come to: pytest's own are kept to who runs it."""
    with tempfile.TemporaryDirectory(prefix="slipway-attacks-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def attacked(runner: Runner) -> Runner:
    """The module with the account that the packages' code runs as."""
    runner.options.update(account=ACCOUNT, python=PYTHON)
    return runner


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A directory that is none of the account's."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "tool").touch()
    (victim / "tool").chmod(0o4755)
    victim.chmod(0o1777)
    return victim


def state(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return stat.S_IMODE(status.st_mode), status.st_uid


SWAP = """
import atexit, os, sys

@atexit.register
def swap():
    os.rename(sys.prefix, sys.prefix + ".real")
    os.symlink({victim!r}, sys.prefix)
"""
REFUSED = {
    "venv swapped": (SWAP, "venv is no directory but a link"),
    "link to /etc": (
        "import os\nos.symlink('/etc', os.path.join(os.path.dirname(__file__), 'etc'))\n",
        "etc leads outside the release, to /etc: a package",
    ),
    "pipe": ("import os\nos.mkfifo(os.path.join(os.path.dirname(__file__), 'pipe'))\n", "neither a file nor a folder"),
    "hard link": (
        "import os, sys\nos.link(__file__, os.path.join(sys.prefix, '..', 'kept'))\n",
        "another name elsewhere",
    ),
}


@pytest.mark.parametrize(("statements", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_a_package_leaves_is_refused_and_changes_nothing(
    attacked: Runner, s3: Any, top: Path, victim: Path, statements: str, words: str
) -> None:
    before = [state(path) for path in (victim, victim / "tool")]
    message = attacked.fail(**publish(s3, hostile(statements.format(victim=str(victim)))))
    assert words in message
    assert "do without it" in message
    assert [state(path) for path in (victim, victim / "tool")] == before
    assert tree(top) == [".release.lock", "releases", "shared", "shared/.env"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can build as another account")
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="no interpreter that every account may run")
def test_the_account_builds_and_root_owns(runner: Runner, tmp_path: Path) -> None:
    release = Path(runner.run(account="nobody", python="/usr/bin/python3")["path"])
    nobody = pwd.getpwnam("nobody").pw_uid
    status = (release / ".env").stat()
    assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (pwd.getpwnam("nobody").pw_gid, 0o640)
    owners = {path.name: path.lstat().st_uid for path in release.iterdir()}
    assert owners == {".env": 0, "code": 0, "manifest.json": 0, "release.env": 0, "venv": 0}
    assert {path.lstat().st_uid for path in (release / "venv").rglob("*")} == {0}
    assert (tmp_path / "cache" / "nobody").stat().st_uid == nobody


def test_a_package_cannot_change_the_environment_of_its_release(attacked: Runner, s3: Any, top: Path) -> None:
    shared = str(top / "shared" / ".env")
    statements = (
        "import os\n"
        f"for path in ({shared!r}, os.path.join('..', '.env')):\n"
        "    for write in (lambda: open(path, 'w').write('LD_PRELOAD=/tmp/x.so\\n'), lambda: os.remove(path)):\n"
        "        try:\n"
        "            write()\n"
        "            break\n"
        "        except OSError:\n"
        "            pass\n"
    )
    release = Path(attacked.run(**publish(s3, hostile(statements)))["path"])
    assert (release / ".env").read_text() == "KEY=canary-7f3a\n"
    if ROOT:
        assert Path(shared).read_text() == "KEY=canary-7f3a\n"


@pytest.mark.parametrize("name", ["", ".env"], ids=["directory", "file"])
def test_an_environment_that_others_can_change_is_refused(runner: Runner, top: Path, name: str) -> None:
    path = top / "shared" / name
    path.chmod(path.stat().st_mode | 0o020)
    message = runner.fail()
    assert f"another account can change {path}" in message
    assert "run the role release" in message
    assert "canary" not in message
    assert tree(top) == [".release.lock", "shared", "shared/.env"]


def test_an_environment_that_is_a_link_is_refused(runner: Runner, top: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("KEY=other\n")
    (top / "shared" / ".env").unlink()
    (top / "shared" / ".env").symlink_to(tmp_path / "secret")
    assert str(top / "shared" / ".env") in runner.fail()


def test_a_changed_mode_of_the_environment_is_told_of_and_mended(runner: Runner) -> None:
    release = Path(runner.run()["path"])
    (release / ".env").chmod(0o644)
    checked = runner.check()
    assert ".env has another mode or owner" in checked["diff"]["before"]
    assert runner.run()["changed"]
    assert stat.S_IMODE((release / ".env").stat().st_mode) == 0o640
    assert not runner.run()["changed"]


def test_where_a_unit_cannot_be_made_nothing_is_built(runner: Runner, top: Path, tmp_path: Path) -> None:
    """Without systemd there is no silent way round it."""
    (tmp_path / "bin").mkdir()
    for name in ("systemd-run", "systemctl"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\necho 'System has not been booted' >&2; exit 1\n")
        (tmp_path / "bin" / name).chmod(0o755)
    bare = Runner("release", runner.options, {**runner.environment, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    message = bare.fail(isolate=True)
    assert "could not be ended (System has not been booted)" in message
    assert tree(top) == [".release.lock", "shared", "shared/.env"]
