"""What a lock asks for, and what an environment has: wrong versions, damage and markers are seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.installed import (
    LockError,
    Pin,
    inspect,
    packages,
    parse_lock,
)

from tests.unit.plugins.wheels import make_wheel

HASH = "--hash=sha256:" + "0" * 64
ROOT = Path(__file__).parents[5]


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the packages `one` and `two`."""
    folder = tmp_path_factory.mktemp("installed")
    path = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(path)], check=True)
    names = [make_wheel(folder / "wheels", name, "1.0").split()[0] for name in ("one", "two")]
    pip = [str(path / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--find-links", str(folder / "wheels"), *names], check=True)
    return path


def site_packages(venv: Path) -> Path:
    return next(venv.glob("lib/python*/site-packages"))


def test_a_lock_of_uv_is_read() -> None:
    text = (
        "# made by a tool\n"
        f"boto3==1.42.97 ; python_full_version < '3.10' \\\n    {HASH} \\\n    {HASH}\n    # via -r requirements.in\n"
        f"Typing_Extensions==4.16.0 \\\n    {HASH}\n"
        f"psycopg[binary]==3.3.9 {HASH}\n"
    )
    assert parse_lock(text) == [
        Pin("boto3", "1.42.97", "boto3==1.42.97 ; python_full_version < '3.10'"),
        Pin("typing-extensions", "4.16.0", "Typing_Extensions==4.16.0"),
        Pin("psycopg", "3.3.9", "psycopg[binary]==3.3.9"),
    ]


def test_the_lock_of_the_python_role_is_read() -> None:
    names = {pin.name for pin in parse_lock((ROOT / "roles/python/files/requirements.txt").read_text())}
    assert {"boto3", "psycopg", "uv"} <= names


@pytest.mark.parametrize(
    "entry",
    ["boto3", "boto3>=1", "boto3==1", f"boto3 {HASH}", f"boto3>=1 {HASH}", "-r other.txt", "--index-url https://x"],
)
def test_what_is_not_pinned_by_version_and_hash_is_refused(entry: str) -> None:
    with pytest.raises(LockError, match=r"is not pinned by version and hash; make the lock with `uv pip compile"):
        parse_lock(f"six==1 {HASH}\n{entry}\n")


def test_an_empty_lock_is_refused() -> None:
    with pytest.raises(LockError, match="the lock names no package"):
        parse_lock("# nothing\n")


def test_an_environment_is_seen_with_interpreter_and_packages(venv: Path) -> None:
    seen = inspect(venv, [Pin("one", "1.0", "one==1.0"), Pin("three", "3.0", "three==3.0")])
    assert seen is not None
    assert seen.python == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert {"one": "1.0", "two": "1.0"}.items() <= seen.packages.items()
    assert seen.wanted == {"one": "1.0", "three": "3.0"}


def test_markers_are_judged_for_the_environment_s_interpreter(venv: Path) -> None:
    pins = [
        Pin("one", "0.9", "one==0.9 ; python_full_version < '3'"),
        Pin("one", "1.0", "one==1.0 ; python_full_version >= '3'"),
        Pin("two", "1.0", "two==1.0 ; sys_platform == 'win32'"),
    ]
    seen = inspect(venv, pins)
    assert seen is not None
    assert seen.wanted == {"one": "1.0"}


@pytest.mark.parametrize("broken", ["missing", "no pip", "no interpreter"])
def test_what_does_not_work_is_no_environment(tmp_path: Path, broken: str) -> None:
    if broken == "no pip":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    elif broken == "no interpreter":
        (tmp_path / "venv" / "bin").mkdir(parents=True)
        (tmp_path / "venv" / "bin" / "python").symlink_to("/nonexistent/python")
    assert inspect(tmp_path / "venv", []) is None


@pytest.mark.parametrize("damage", ["cut", "gone", "no RECORD", "empty RECORD"])
def test_a_package_with_missing_or_cut_files_is_damaged(venv: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    for source in site_packages(venv).iterdir():
        if source.name.startswith(("one", "two")) and source.is_file():
            (folder / source.name).write_bytes(source.read_bytes())
        elif source.name.startswith(("one", "two")):
            (folder / source.name).mkdir()
            for part in source.iterdir():
                (folder / source.name / part.name).write_bytes(part.read_bytes())
    assert packages(folder) == {"one": "1.0", "two": "1.0"}
    record = folder / "one-1.0.dist-info" / "RECORD"
    if damage == "cut":
        (folder / "one.py").write_text("")
    elif damage == "gone":
        (folder / "one.py").unlink()
    elif damage == "no RECORD":
        record.unlink()
    else:
        record.write_text("")
    assert packages(folder) == {"one": "1.0 (damaged)", "two": "1.0"}
