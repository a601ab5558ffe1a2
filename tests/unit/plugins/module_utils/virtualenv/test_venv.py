"""Virtual environments, made by the real uv."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.sandboxed_build import Account, Processes
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.venv import (
    Builder,
    BuildError,
    build,
    requirements_of,
    too_old,
)

from tests.unit.plugins.artifacts import application, wheel

FALLBACK = Path(__file__).parents[5] / "roles" / "release" / "files" / "fallback.txt"
UV = str(Path(sys.executable).parent / "uv")
ME = pwd.getpwuid(os.geteuid())


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    cache = tmp_path / "cache"
    cache.mkdir()
    return Builder(UV, sys.executable, Account(ME.pw_name, ME.pw_uid, ME.pw_gid), cache, Processes())


def make(top: Path, files: Mapping[str, bytes | str]) -> tuple[Path, Path]:
    """An application's directory and an empty one to work in."""
    code, work = top / "code", top / "work"
    work.mkdir()
    for name, content in files.items():
        path = code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return code, work


def says(python: Path, statement: str) -> str:
    return subprocess.run([python, "-I", "-c", statement], capture_output=True, text=True, check=True).stdout.strip()


LOCKED = "uvicorn==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.mark.parametrize(
    ("files", "name", "hashed"),
    [
        (["uv.lock", "pyproject.toml", "requirements.txt"], "uv.lock", True),
        (["pylock.toml", "requirements.txt"], "pylock.toml", False),
        (["requirements.txt", "pyproject.toml"], "requirements.txt", True),
        (["pyproject.toml"], "pyproject.toml", False),
        (["main.py"], "Slipway's own list", True),
    ],
)
def test_the_most_exact_list_is_taken(tmp_path: Path, files: list[str], name: str, hashed: bool) -> None:
    for file in files:
        (tmp_path / file).write_text("[project]\n" if file.endswith(".toml") else LOCKED)
    fallback = tmp_path / "fallback.txt"
    fallback.write_text(LOCKED)
    source = requirements_of(tmp_path, fallback)
    assert (source.name, source.hashed) == (name, hashed)


def test_a_project_file_of_tools_alone_lists_no_requirements(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    assert requirements_of(tmp_path, FALLBACK).path == FALLBACK


def test_packages_that_are_brought_along_need_no_index(
    tmp_path: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    code, work = make(tmp_path, application())
    venv = build(builder, code, work, FALLBACK)
    assert venv == work / "venv"
    moved = venv.rename(tmp_path / "elsewhere")
    assert says(moved / "bin" / "python", "import uvicorn; print(uvicorn.__file__)").startswith(str(moved))


def test_a_hash_that_is_not_the_packages_is_refused(tmp_path: Path, builder: Builder) -> None:
    code, work = make(tmp_path, application(**{"requirements.txt": LOCKED}))
    with pytest.raises(BuildError, match=r"requirements of requirements.txt failed(?s:.)*[Hh]ash"):
        build(builder, code, work, FALLBACK)


def test_an_application_without_uvicorn_is_told_to_add_it(tmp_path: Path, builder: Builder) -> None:
    file, content = wheel("other")
    code, work = make(tmp_path, {"requirements.txt": "other\n", f"wheels/{file}": content})
    with pytest.raises(BuildError, match="requirements.txt does not bring a working uvicorn.* add `uvicorn`"):
        build(builder, code, work, FALLBACK)


@pytest.mark.parametrize(
    ("version", "old"), [("0.18.2\n", True), ("0.22.0", False), ("1.0", False), ("0.9", True), ("unknown", False)]
)
def test_a_uvicorn_that_does_not_know_what_the_unit_asks(version: str, old: bool) -> None:
    assert too_old(version) is old


def test_a_uvicorn_that_does_not_work_is_shown(tmp_path: Path, builder: Builder) -> None:
    file, content = wheel(code="import missing_dependency\n")
    code, work = make(tmp_path, application(**{f"wheels/{file}": content}))
    with pytest.raises(BuildError, match="No module named 'missing_dependency'"):
        build(builder, code, work, FALLBACK)


def test_requirements_that_contradict_each_other_are_explained(tmp_path: Path, builder: Builder) -> None:
    code, work = make(tmp_path, {"requirements.txt": "uvicorn==0.54.0\nh11<0.8\n"})
    with pytest.raises(BuildError, match=r"requirements of requirements.txt failed(?s:.)*h11"):
        build(builder, code, work, FALLBACK)


def test_a_package_without_a_wheel_is_refused(tmp_path: Path, builder: Builder) -> None:
    code, work = make(tmp_path, {"requirements.txt": "uvicorn\nslipway-test @ ./package\n"})
    package = code / "package"
    (package / "slipway_test").mkdir(parents=True)
    (package / "slipway_test" / "__init__.py").touch()
    (package / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='slipway-test', packages=['slipway_test'])\n"
    )
    with pytest.raises(BuildError, match="slipway-test"):
        build(builder, code, work, FALLBACK)


def test_slipways_own_list_serves_an_application(tmp_path: Path, builder: Builder) -> None:
    code, work = make(tmp_path, {"main.py": ""})
    python = build(builder, code, work, FALLBACK) / "bin" / "python"
    assert says(python, "import fastapi, httpx, uvicorn; print('works')") == "works"


def test_a_lock_file_of_uv_is_followed(tmp_path: Path, builder: Builder) -> None:
    project = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["uvicorn==0.30.0"]\n'
    code, work = make(tmp_path, {"main.py": "", "pyproject.toml": project})
    subprocess.run([UV, "lock", "--quiet", "--project", str(code)], check=True)
    before = sorted(code.rglob("*"))
    python = build(builder, code, work, FALLBACK) / "bin" / "python"
    assert says(python, "import uvicorn; print(uvicorn.__version__)") == "0.30.0"
    assert sorted(code.rglob("*")) == before


def test_a_missing_interpreter_is_named(tmp_path: Path, builder: Builder) -> None:
    code, work = make(tmp_path, application())
    with pytest.raises(BuildError, match="/nonexistent/python"):
        build(replace(builder, python="/nonexistent/python"), code, work, FALLBACK)


def test_a_command_that_hangs_is_ended(tmp_path: Path, builder: Builder) -> None:
    started = time.monotonic()
    with pytest.raises(BuildError, match="waiting took more than 1 s"):
        replace(builder, timeout=1).run(["sh", "-c", "sleep 60 & wait"], "waiting", tmp_path)
    assert time.monotonic() - started < 30


def test_it_is_told_nothing_of_the_shell(tmp_path: Path, builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_INDEX_URL", "https://evil.example")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("no_proxy", "internal")
    output = builder.run(["env"], "looking", tmp_path)
    names = {line.partition("=")[0] for line in output.splitlines()}
    assert "no_proxy" in names
    assert not {"UV_INDEX_URL", "AWS_SECRET_ACCESS_KEY"} & names
    assert "UV_PYTHON_DOWNLOADS=never" in output


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_it_runs_as_the_account_and_with_no_group_of_roots(builder: Builder) -> None:
    nobody = pwd.getpwnam("nobody")
    other = replace(builder, account=Account("nobody", nobody.pw_uid, nobody.pw_gid))
    assert other.run(["id", "-u"], "looking", Path("/")).strip() == str(nobody.pw_uid)
    assert other.run(["id", "-G"], "looking", Path("/")).strip() == str(nobody.pw_gid)
