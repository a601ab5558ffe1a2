"""The sandbox stands alone: it imports nothing of the project, and can be built, installed and started without it."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomllib

SANDBOX = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((SANDBOX / "pyproject.toml").read_text(encoding="utf-8"))
#: What moto[server] brings.
BROUGHT = {"flask", "werkzeug"}
#: What the tests import.
TESTS_NEED = {"pytest"}
#: cloud-init imports this file on a host, where the sandbox is not installed.
ON_HOST = SANDBOX / "machine" / "images"
SCRIPT = """
import importlib, pkgutil
from sandbox.server.aws import environment
from sandbox.settings import settings_for
environment.prepare(settings_for("test"))
import sandbox
for module in pkgutil.walk_packages(sandbox.__path__, "sandbox."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(sandbox.__file__)
"""


def sources() -> list[Path]:
    return [path for path in SANDBOX.rglob("*.py") if not path.is_relative_to(ON_HOST) and "build" not in path.parts]


def imported(path: Path) -> Iterator[str]:
    """The names of the modules that a file imports; one that is relative begins with a dot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_only_declared_packages_are_imported() -> None:
    declared = {re.split(r"[\[=]", each)[0] for each in PYPROJECT["project"]["dependencies"]}
    allowed = {"sandbox", "", *declared, *BROUGHT, *TESTS_NEED, *sys.stdlib_module_names}
    found = {
        (str(path), name) for path in sources() for name in imported(path) if name.partition(".")[0] not in allowed
    }
    assert found == set()


def test_the_machine_knows_the_server_by_the_contract_only() -> None:
    found = [
        (path.name, name)
        for path in (SANDBOX / "machine").glob("*.py")
        for name in imported(path)
        if name.startswith("sandbox.server")
    ]
    assert found == []


def test_every_package_is_installed() -> None:
    packages = {path.parent for path in SANDBOX.rglob("__init__.py") if "build" not in path.parts}
    names = {".".join(["sandbox", *path.relative_to(SANDBOX).parts]) for path in packages}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == names


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new virtual environment with the sandbox, built from a copy, and with its dependencies."""
    folder = tmp_path_factory.mktemp("package")
    copy = folder / "source"
    shutil.copytree(SANDBOX, copy, ignore=shutil.ignore_patterns("__pycache__", "tests", "build", "*.egg-info"))
    wheels = folder / "wheels"
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(copy))
    (wheel,) = wheels.iterdir()
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    packages = next(environment.glob("lib/python*/site-packages"))
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(packages), str(wheel))
    # The dependencies come from the environment of the tests, so that nothing is downloaded.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return environment / "bin" / "python"


def run(*command: str, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_starts_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    assert "up" in run(str(installed), "-m", "sandbox", "--help", cwd=tmp_path)
    assert "--name" in run(str(installed), "-m", "sandbox.server", "--help", cwd=tmp_path)
    assert "does not run" in run(str(installed), "-m", "sandbox", "status", "--name", "test", cwd=tmp_path)


def test_every_module_can_be_imported_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    where = run(str(installed), "-c", SCRIPT, cwd=tmp_path).strip()
    assert Path(where).is_relative_to(installed.parents[1])


def test_the_server_answers_where_it_is_installed(installed: Path, tmp_path: Path) -> None:
    command = [str(installed), str(SANDBOX / "tests" / "server" / "serve.py"), str(tmp_path), "0", "0", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
        finally:
            process.kill()


def test_data_files_are_installed(installed: Path) -> None:
    package = next(installed.parents[1].glob("lib/python*/site-packages/sandbox"))

    def files(folder: Path) -> set[Path]:
        found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(folder) for path in found}

    assert files(package / "machine") == files(SANDBOX / "machine")
    assert (package / "server" / "aws" / "images.json").is_file()
    assert not (package / "tests").exists()
