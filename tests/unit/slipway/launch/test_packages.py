"""The lock file and the environment made from it."""

from __future__ import annotations

import ast
import importlib.util
import io
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.report import Report
from slipway.launch import packages
from slipway.launch.packages import chosen_locks, locked, stamp
from slipway.launch.problem import SetupError

ROOT = Path(__file__).resolve().parents[4]
LOCK = """\
uv-build==1.0 \\
    --hash=sha256:00
uv==0.13.8 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via -r requirements.in
zipp==3.0
"""


def test_only_the_package_s_own_lines_are_taken() -> None:
    assert locked(LOCK, "uv") == "uv==0.13.8 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"


@pytest.mark.parametrize("name", ["zipp", "missing"])
def test_a_package_without_hashes_is_refused(name: str) -> None:
    with pytest.raises(SetupError, match="make lock"):
        locked(LOCK, name)


def test_the_project_s_own_lock_file_has_uv() -> None:
    assert "--hash=sha256:" in locked((ROOT / "requirements.txt").read_text(), "uv")


def test_another_lock_file_or_interpreter_gives_another_stamp() -> None:
    assert stamp(b"a", "3.11") == stamp(b"a", "3.11")
    assert len({stamp(b"a", "3.11"), stamp(b"b", "3.11"), stamp(b"a", "3.12")}) == 3


def test_an_environment_as_stamped_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text(LOCK)
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.0\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".venv" / "slipway.stamp").write_text(stamp(f"{LOCK}pytest==9.0\n".encode(), sys.version))
    monkeypatch.setattr(packages, "_run", lambda *_: pytest.fail("nothing should be run"))
    output = io.StringIO()
    packages.ensure(tmp_path, Report(output), {})
    assert "Python packages are as locked" in output.getvalue()


def test_a_setting_leaves_the_development_packages_out(tmp_path: Path) -> None:
    both = [tmp_path / "requirements.txt", tmp_path / "requirements-dev.txt"]
    assert chosen_locks(tmp_path, {}) == both
    assert chosen_locks(tmp_path, {"SLIPWAY_PACKAGES": ""}) == both
    assert chosen_locks(tmp_path, {"SLIPWAY_PACKAGES": "runtime"}) == both[:1]


def test_another_choice_of_packages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="set it to one of all, runtime"):
        chosen_locks(tmp_path, {"SLIPWAY_PACKAGES": "development"})


def test_without_ensurepip_and_root_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text(LOCK)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(packages.apt, "usable", lambda: False)
    with pytest.raises(SetupError, match=r"apt-get install python3\.\d+-venv"):
        packages.ensure(tmp_path, Report(io.StringIO()), {"SLIPWAY_PACKAGES": "runtime"})


def test_an_older_python_is_told_in_one_line() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_module('slipway.launch', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.11 or newer and this is 3.9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_version_is_checked_in_words_that_an_older_python_can_read() -> None:
    text = (ROOT / "slipway" / "__init__.py").read_text()
    assert "from slipway" not in text
    assert "import slipway" not in text
    ast.parse(text, feature_version=(3, 7))
