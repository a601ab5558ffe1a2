"""Every template of a role renders from its defaults and what it requires; an undefined name is fatal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.unit.roles.loading import variables_of

ROLES = Path(__file__).resolve().parents[3] / "roles"
TEMPLATES = sorted(ROLES.glob("*/templates/**/*.j2"))

#: What a caller must give a role.
GIVEN: dict[str, dict[str, Any]] = {
    "reachability": {
        "reachability_bucket": "content",
        "reachability_region": "us-east-1",
        "reachability_health_url": "http://127.0.0.1:8000/health",
    },
    "uvicorn": {"uvicorn_release": "0123456789ab-01234567"},
}


def render(file: Path, **overrides: Any) -> str:
    """The template's text on a Debian 12 host."""
    role = file.relative_to(ROLES).parts[0]
    own = variables_of(ROLES / role, ("defaults/main", "vars/main", "vars/Debian", "vars/Debian_12"))
    variables = {"ansible_managed": "Ansible managed"} | own | GIVEN.get(role, {}) | overrides
    templar = Templar(loader=DataLoader(), variables=variables)
    return str(templar.template(trust_as_template(file.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROLES)))
def test_template_needs_nothing_undeclared(file: Path) -> None:
    assert render(file).strip()


def test_an_undefined_name_is_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "base" / "templates" / "broken.j2"
    broken.parent.mkdir(parents=True)
    broken.write_text("{{ base_misspelt }}", encoding="utf-8")
    monkeypatch.setattr(f"{__name__}.ROLES", tmp_path)
    with pytest.raises(Exception, match="base_misspelt"):
        render(broken)


def test_time_source_is_the_servers_address() -> None:
    text = render(ROLES / "base" / "templates" / "slipway.sources.j2", base_time_server="10.0.0.5")
    assert text.splitlines()[-1] == "server 10.0.0.5 prefer iburst minpoll 4 maxpoll 4"


def unit(text: str) -> dict[str, list[str]]:
    """The settings of a systemd unit, each with all its values."""
    settings: dict[str, list[str]] = {}
    for line in text.replace("\\\n", "").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            settings.setdefault(name, []).append(" ".join(value.split()))
    return settings


def test_the_unit_serves_what_the_variables_say() -> None:
    text = render(
        ROLES / "uvicorn" / "templates" / "plain.service.j2",
        uvicorn_dir="/opt/shop",
        uvicorn_account="shop",
        uvicorn_app="api:service",
        uvicorn_host="127.0.0.1",
        uvicorn_port=9000,
    )
    settings = unit(text)
    assert settings["User"] == settings["Group"] == ["shop"]
    assert settings["WorkingDirectory"] == ["/opt/shop/current/code"]
    assert settings["EnvironmentFile"] == ["/opt/shop/current/.env", "/opt/shop/current/release.env"]
    assert settings["Environment"][0].endswith(" SLIPWAY_APP=api:service")
    assert '"$$SLIPWAY_APP" "$$@"\' uvicorn --host 127.0.0.1 --port 9000 ' in settings["ExecStart"][0]


def test_a_colour_has_all_that_is_its_own_by_its_name() -> None:
    file = ROLES / "uvicorn" / "templates" / "colour@.service.j2"
    settings = unit(render(file, uvicorn_dir="/opt/shop", uvicorn_unit="shop", uvicorn_app="api:service"))
    assert settings["WorkingDirectory"] == ["/opt/shop/%i/code"]
    assert settings["EnvironmentFile"] == ["/opt/shop/%i/.env", "/opt/shop/%i/release.env"]
    assert settings["RuntimeDirectory"] == ["shop-%i"]
    assert settings["Environment"][1] == "SLIPWAY_DRAIN_FILE=/run/shop-%i/drain SLIPWAY_APP=api:service"
    assert '"$$SLIPWAY_APP" "$$@"\' uvicorn --uds /run/shop-%i/app.sock ' in settings["ExecStart"][0]
    assert settings["PartOf"] == ["shop.service"]


@pytest.mark.parametrize("name", ["plain.service.j2", "colour@.service.j2"])
def test_the_unit_lets_streams_end_before_systemd_kills(name: str) -> None:
    settings = unit(render(ROLES / "uvicorn" / "templates" / name, uvicorn_graceful_timeout=40))
    assert "--timeout-graceful-shutdown 40" in settings["ExecStart"][0]
    assert int(settings["TimeoutStopSec"][0]) > 40


def probes(**overrides: Any) -> list[dict[str, Any]]:
    text = render(ROLES / "reachability" / "templates" / "verify.json.j2", **overrides)
    return list(json.loads(text)["probes"])


def test_the_probes_are_those_that_were_asked_for() -> None:
    assert [probe["name"] for probe in probes()] == ["tavily", "gemini", "s3", "rds", "health"]
    fewer = probes(reachability_tavily=False, reachability_gemini=False, reachability_database=False)
    assert [probe["name"] for probe in fewer] == ["s3", "health"]


def test_an_additional_probe_is_taken_as_it_is() -> None:
    extra = {"name": "cache", "kind": "tcp", "host": "cache.internal", "port": 6379}
    assert probes(reachability_extra=[extra])[-1] == extra


def test_the_probes_unit_is_the_accounts() -> None:
    text = render(ROLES / "reachability" / "templates" / "verify.service.j2", reachability_account="shop")
    assert unit(text)["User"] == ["shop"]
