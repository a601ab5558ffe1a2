"""`make app`: what a blueprint takes from the code, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from slipway.cli import environment, program
from slipway.doctor import blueprint
from slipway.doctor.blueprint import BlueprintError, Plan

PLAN = Plan(module="main:app", port=8000, health="/health", database=False)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    folder = tmp_path / "My Service"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py").write_text(
        "import os\nimport uvicorn\nfrom fastapi import FastAPI\n"
        "app = FastAPI()\nurl = os.environ['DATABASE_URL']\n"
        "@app.get('/api/healthz')\ndef well(): ...\n"
        "uvicorn.run(app, port=9000)\n"
    )
    return folder


@pytest.fixture
def blueprints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's folder of blueprints, with one in it."""
    folder = tmp_path / "checkout" / "terraform" / "blueprints"
    folder.mkdir(parents=True)
    (folder / "other.tfvars").write_text('network = { mode = "new", cidr = "10.22.0.0/16" }\n')
    monkeypatch.setattr(environment, "ROOT", tmp_path / "checkout")
    return folder


def call(*arguments: str) -> Result:
    return CliRunner().invoke(program(), ["app", *arguments])


def test_the_code_says_what_is_needed(service: Path) -> None:
    assert blueprint.plan(service) == Plan("app.main:app", 9000, "/api/healthz", database=True)


def test_a_sample_of_the_env_tells_of_a_database(service: Path) -> None:
    (service / "app" / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    assert blueprint.plan(service) == Plan("app.main:app", 8000, "/openapi.json", database=False)
    (service / ".env.example").write_text("DATABASE_URL=x\n")
    assert blueprint.plan(service).database


def test_it_is_written_without_a_terminal(service: Path, blueprints: Path) -> None:
    done = call("--app", str(service))
    assert done.exit_code == 0, done.output
    text = (blueprints / "my-service.tfvars").read_text()
    for line in (
        'app                  = "my-service"',
        'health_path          = "/api/healthz"',
        "= 9000",
        "database = {",
    ):
        assert line in text
    assert 'cidr = "10.23.0.0/16", zone_count = 2' in text
    assert "make site BLUEPRINT=my-service" in done.output
    assert "MODULE=app.main:app" in done.output
    assert "is as it was" in call("--app", str(service)).output


def test_arguments_win(service: Path, blueprints: Path) -> None:
    call("--app", str(service), "--name", "conduit", "--health", "/up", "--port", "8080", "--database", "no")
    text = (blueprints / "conduit.tfvars").read_text()
    assert ('"/up"' in text, "= 8080" in text, "database" in text) == (True, True, False)


def test_a_person_is_asked(service: Path, blueprints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "asker", lambda: environment._ask)
    done = CliRunner().invoke(program(), ["app", "--app", str(service)], input="conduit\n/up\n")
    assert done.exit_code == 0, done.output
    assert 'health_path          = "/up"' in (blueprints / "conduit.tfvars").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--name", "Conduit"], "make app NAME=conduit"),
        (["--name", "a" * 20], "make app NAME=conduit"),
        (["--name", "../x"], "make app NAME=conduit"),
        (["--health", 'x" }'], "HEALTH=/health"),
        (["--health", "/x${file(1)}"], "HEALTH=/health"),
        (["--name", "other"], "choose another name"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    service: Path, blueprints: Path, arguments: list[str], told: str
) -> None:
    done = call("--app", str(service), *arguments)
    assert (done.exit_code, told in done.output) == (2, True), done.output
    assert [path.name for path in blueprints.iterdir()] == ["other.tfvars"]


def test_a_service_without_a_known_health_path_needs_one(service: Path, blueprints: Path) -> None:
    (service / "app" / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n")
    assert "HEALTH=/health" in call("--app", str(service)).output
    assert call("--app", str(service), "--health", "/x").exit_code == 0


def test_no_range_is_given_twice(tmp_path: Path) -> None:
    full = tmp_path / "full.tfvars"
    full.write_text("\n".join(f"10.{number}.0.0/16" for number in range(256)))
    with pytest.raises(BlueprintError, match="remove an unused blueprint"):
        blueprint.text("x1", PLAN, [full])
