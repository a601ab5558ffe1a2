"""`make doctor`: what it says of a directory, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.doctor import artifact, python
from slipway.doctor.examine import application, examine, health, port
from slipway.doctor.finding import Finding
from slipway.doctor.source import Source
from tests.unit.repo.helpers import ROOT

MAIN = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef health(): ...\n"
PLAN = "Would install 2 packages\n + fastapi==0.1\n + uvicorn==0.30\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory that can be deployed."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "main.py").write_text(MAIN, encoding="utf-8")
    (folder / "requirements.txt").write_text("fastapi==0.1 --hash=sha256:00\n", encoding="utf-8")
    return folder


def uv(folder: Path, said: str, code: int = 0) -> Path:
    """A program that answers as uv does and keeps what it was asked."""
    program = folder / "uv"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(folder / 'asked')!r}, 'w').write(' '.join(sys.argv[1:]))\n"
        f"sys.stderr.write({said!r})\nsys.exit({code})\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program


def levels(findings: list[Finding]) -> dict[str, str]:
    """Level by what each finding is about."""
    return {finding.about: finding.level for finding in findings}


def test_a_sound_directory_has_nothing_against_it(app: Path, tmp_path: Path) -> None:
    found = levels(list(examine(app, uv(tmp_path, PLAN))))
    assert set(found.values()) == {"ok"}
    assert set(found) == {"application", "python", "requirements", "port", "health", "artifact", "secrets", "dotenv"}


def test_uv_is_asked_as_a_host_would(app: Path, tmp_path: Path) -> None:
    (app / "wheels").mkdir()
    python.requirements(app, uv(tmp_path, PLAN))
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    for option in ("--dry-run", "--only-binary :all:", "--python-version 3.13", "--require-hashes", "--no-index"):
        assert option in asked


@pytest.mark.parametrize(
    ("said", "code", "level", "told"),
    [
        (PLAN.replace(" + uvicorn==0.30\n", ""), 0, "bad", "no uvicorn"),
        (PLAN.replace("0.30", "0.18.2"), 0, "bad", "brings uvicorn 0.18.2"),
        ("Because a==1 has no usable\nwheels and you require a==1", 1, "bad", "no wheels for Python 3.13: a 1"),
        ("Because B-c{x == '1' or\n y}==1.2 has no usable wheels", 1, "bad", "no wheels for Python 3.13: B-c 1.2"),
        ("error: No solution found: Because x has no wheels", 1, "bad", "x has no wheels"),
        ("error: Failed to fetch: https://index/ Caused by: dns error", 2, "note", "does not answer"),
    ],
)
def test_what_uv_says_becomes_a_finding(app: Path, tmp_path: Path, said: str, code: int, level: str, told: str) -> None:
    found = python.requirements(app, uv(tmp_path, said, code))
    assert (found.level, told in found.text) == (level, True)
    assert found.fix


@pytest.mark.parametrize(
    ("files", "fix"),
    [
        ({}, "with fastapi and uvicorn"),
        ({"poetry.lock": ""}, "migrate-to-uv"),
        ({"api/requirements.txt": ""}, "api/ has one"),
        ({"requirements/dev.txt": "", "requirements/base.txt": ""}, "`-r requirements/base.txt`"),
    ],
)
def test_without_requirements_it_says_what_to_write(tmp_path: Path, files: dict[str, str], fix: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = python.requirements(tmp_path, tmp_path / "uv")
    assert found.level == "bad"
    assert fix in found.fix


@pytest.mark.parametrize(
    ("specifier", "result"),
    [
        *(
            (text, True)
            for text in (">=3.9", ">=3.9,<3.14", "^3.9", "~3.13", "~=3.9", "~=3.13.0", "==3.13.*", "!=3.12.*")
        ),
        *(
            (text, False)
            for text in (">=3.14", "<3.13", "^2.7", "~3.12", "~=3.13.7", "==3.14.*", "3.13.9", ">=3.13.8", ">3.13.5")
        ),
        *((text, None) for text in (">=3.9 || ^4", "python3")),
    ],
)
def test_a_demand_on_python_is_compared_with_the_hosts(specifier: str, result: bool | None) -> None:
    assert python.allows(specifier) is result


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[project]\nrequires-python = '>=3.11'\n", "ok"),
        ("[project]\nrequires-python = '>=3.14'\n", "bad"),
        ("[tool.poetry.dependencies]\npython = '^3.14'\n", "bad"),
        ("[project]\nrequires-python = 'new'\n", "note"),
        ("[tool.ruff]\n", "ok"),
        ("[", "bad"),
    ],
)
def test_pyproject_tells_the_python(tmp_path: Path, text: str, level: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert python.version(tmp_path).level == level


@pytest.mark.parametrize(
    ("route", "level", "told"),
    [
        ("'/health'", "ok", ""),
        ("'/api/healthz'", "note", 'health_path = "/api/healthz"'),
        ("'/'", "note", 'health_path = "/"'),
        ("'/items/{item}'", "note", '"/openapi.json"'),
    ],
)
def test_the_health_path_is_a_route(tmp_path: Path, route: str, level: str, told: str) -> None:
    (tmp_path / "main.py").write_text(MAIN.replace("'/health'", route), encoding="utf-8")
    found = health(Source(tmp_path, ["main.py"]))
    assert (found.level, told in found.fix) == (level, True)


def test_a_health_path_that_is_computed_is_told(tmp_path: Path) -> None:
    text = "from fastapi import FastAPI, APIRouter\napp = FastAPI()\nr = APIRouter()\n@r.get('/health')\ndef f(): ...\n"
    (tmp_path / "main.py").write_text(text + "app.include_router(r, prefix=config.api)\n", encoding="utf-8")
    found = health(Source(tmp_path, ["main.py"]))
    assert (found.level, "{computed}/health" in found.text) == ("note", True)


def test_without_any_route_there_is_no_health(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n", encoding="utf-8"
    )
    assert health(Source(tmp_path, ["main.py"])).level == "bad"


def test_a_package_says_which_setting_it_needs(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(MAIN, encoding="utf-8")
    found = application(tmp_path, Source(tmp_path, ["app/main.py"]))
    assert (found.level, found.text) == ("ok", "app.main:app")
    assert found.fix == "publish with MODULE=app.main:app"


def test_another_port_is_told(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(MAIN + "import uvicorn\nuvicorn.run(app, port=80)\n", encoding="utf-8")
    assert "backend_port = 80 " in port(Source(tmp_path, ["main.py"])).fix


def test_secrets_are_left_out_or_refused_and_never_shown(app: Path) -> None:
    (app / ".env").write_text("KEY=canary\nBAD=canary\\\n", encoding="utf-8")
    found = [*artifact.findings(app, "main:app"), *artifact.dotenv(app)]
    assert levels(found) == {"artifact": "ok", "secrets": "ok", ".env": "bad"}
    assert ".env would be left out" in found[1].text
    (app / "server.key").write_text("canary", encoding="utf-8")
    found += artifact.findings(app, "main:app")
    assert (found[-1].level, found[-1].text) == ("bad", "server.key looks like a secret")
    assert "canary" not in "".join(map(str, found))


def test_an_env_that_no_parameter_holds_is_told(app: Path) -> None:
    (app / ".env").write_text(f"KEY={'x' * 5000}\n", encoding="utf-8")
    (app / ".env.example").write_text("A=${B}\n", encoding="utf-8")
    assert levels(artifact.dotenv(app)) == {".env": "bad", ".env.example": "note"}


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as the Makefile does."""
    argv = [str(ROOT / ".venv/bin/slipway"), "doctor", *arguments]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_ends_with_1_and_tells_programs(tmp_path: Path) -> None:
    done = doctor("--json", "--", str(tmp_path))
    told = json.loads(done.stdout)
    assert (done.returncode, told["deployable"]) == (1, False)
    assert {"about", "level", "text", "fix"} == set(told["findings"][0])
    assert "✗ application" in doctor(str(tmp_path)).stdout


def test_what_is_no_directory_is_told(tmp_path: Path) -> None:
    assert "is no directory" in doctor(str(tmp_path / "absent")).stderr
