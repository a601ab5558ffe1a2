"""Every template of a role renders from its defaults and what it requires; an undefined name is fatal."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.template import trust_as_template

from tests.unit.roles.loading import templar_of, variables_of

ROLES = Path(__file__).resolve().parents[3] / "roles"
TEMPLATES = sorted(ROLES.glob("*/templates/**/*.j2"))

#: What a caller must give a role.
GIVEN: dict[str, dict[str, Any]] = {
    "reachability": {
        "reachability_bucket": "content",
        "reachability_region": "us-east-1",
        "reachability_health_url": "http://127.0.0.1:8000/health",
    },
    "service": {"service_release": "0123456789ab-01234567"},
}


def render(file: Path, **overrides: Any) -> str:
    """The template's text on a Debian 12 host."""
    role = file.relative_to(ROLES).parts[0]
    own = variables_of(ROLES / role, ("defaults/main", "vars/main", "vars/Debian", "vars/Debian_12"))
    variables = {"ansible_managed": "Ansible managed"} | own | GIVEN.get(role, {}) | overrides
    return str(templar_of(variables).template(trust_as_template(file.read_text(encoding="utf-8"))))


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


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROLES)))
def test_no_command_with_all_rights_has_the_variables_of_a_release(file: Path) -> None:
    """systemd keeps the unit's environment for a command with "+", so LD_PRELOAD there would be root's."""
    settings = unit(render(file))
    commands = [text for name, texts in settings.items() if name.startswith("Exec") for text in texts]
    assert not ("EnvironmentFile" in settings and [text for text in commands if text.lstrip("@-:")[:1] in ("+", "!")])
    assert "EnvironmentFile" not in settings or settings["User"] != ["root"]


@pytest.mark.parametrize("name", ["plain.service.j2", "slot@.service.j2"])
@pytest.mark.parametrize(
    "app",
    [
        "main:app LD_PRELOAD=/opt/x.so",
        "main:app\nExecStartPre=+/bin/sh",
        'main:app" "LD_PRELOAD=x',
        "main:app%i",
        "main:app\n",
        "main",
        "",
    ],
)
def test_a_unit_of_what_is_no_application_is_not_rendered(name: str, app: str) -> None:
    with pytest.raises(Exception, match="names no application; write MODULE:NAME"):
        render(ROLES / "service" / "templates" / name, service_app=app)


def test_haproxy_leaves_the_port_before_the_service_takes_it() -> None:
    templates = ROLES / "service" / "templates"
    service, port = (unit(render(templates / f"{name}.service.j2", service_unit="shop")) for name in ("plain", "port"))
    assert "shop-port.service" in service["Wants"][0].split()
    assert "shop-port.service" in service["After"][0].split()
    assert port["ExecStart"] == ["systemctl stop haproxy.service"]
    assert port["ConditionPathExists"] == ["/opt/backend/haproxy.map"]


def test_the_unit_serves_what_the_variables_say() -> None:
    text = render(
        ROLES / "service" / "templates" / "plain.service.j2",
        service_dir="/opt/shop",
        service_account="shop",
        service_app="api:service",
        service_host="127.0.0.1",
        service_port=9000,
    )
    settings = unit(text)
    assert settings["User"] == settings["Group"] == ["shop"]
    assert settings["WorkingDirectory"] == ["/opt/shop/current/code"]
    assert settings["EnvironmentFile"] == ["/opt/shop/current/.env", "/opt/shop/current/release.env"]
    assert settings["Environment"][0].endswith(" SLIPWAY_APP=api:service")
    assert '/slipway_serve.py "$$SLIPWAY_APP" "$$@"\' uvicorn --host 127.0.0.1 --port 9000 ' in settings["ExecStart"][0]


def test_a_colour_has_all_that_is_its_own_by_its_name() -> None:
    file = ROLES / "service" / "templates" / "slot@.service.j2"
    settings = unit(render(file, service_dir="/opt/shop", service_unit="shop", service_app="api:service"))
    assert settings["WorkingDirectory"] == ["/opt/shop/%i/code"]
    assert settings["EnvironmentFile"] == ["/opt/shop/%i/.env", "/opt/shop/%i/release.env"]
    assert settings["RuntimeDirectory"] == ["shop-%i"]
    assert settings["Environment"][1] == "SLIPWAY_DRAIN_FILE=/run/shop-%i/drain SLIPWAY_APP=api:service"
    assert '/slipway_serve.py "$$SLIPWAY_APP" "$$@"\' uvicorn --uds /run/shop-%i/app.sock ' in settings["ExecStart"][0]
    assert settings["PartOf"] == ["shop.service"]
    assert "shop.service" in settings["After"], "a stop of the whole waits for it"


@pytest.mark.parametrize("name", ["plain.service.j2", "slot@.service.j2"])
def test_the_unit_lets_streams_end_before_systemd_kills(name: str) -> None:
    settings = unit(render(ROLES / "service" / "templates" / name, service_graceful_timeout=40))
    assert "--timeout-graceful-shutdown 40" in settings["ExecStart"][0]
    assert int(settings["TimeoutStopSec"][0]) > 40


@pytest.mark.parametrize("name", ["plain.service.j2", "slot@.service.j2"])
def test_the_unit_has_files_for_its_connections_and_never_gives_up(name: str) -> None:
    settings = unit(render(ROLES / "service" / "templates" / name, service_connections=300))
    assert int(settings["LimitNOFILE"][0]) > 600, "its own and what its requests need"
    assert settings["StartLimitIntervalSec"] == ["0"], "a database may be away for longer than any number of tries"
    assert "StartLimitBurst" not in settings
    # Twenty tries at this pace are a minute, and a gate that sees two of them has an answer soon.
    assert settings["RestartSec"] == ["3"]


def test_only_a_service_without_haproxy_refuses_clients_itself() -> None:
    plain = unit(render(ROLES / "service" / "templates" / "plain.service.j2", service_connections=300))
    assert plain["ExecStart"][0].endswith(" --limit-concurrency 300")
    colour = unit(render(ROLES / "service" / "templates" / "slot@.service.j2"))
    assert "--limit-concurrency" not in colour["ExecStart"][0]


def test_the_service_has_files_for_what_haproxy_sends_it() -> None:
    haproxy = variables_of(ROLES / "haproxy", ("defaults/main",))
    assert variables_of(ROLES / "service", ("defaults/main",))["service_connections"] == haproxy["haproxy_connections"]


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


def haproxy(**overrides: Any) -> list[str]:
    """The lines of HAProxy's configuration, without their indentation."""
    return [
        line.strip() for line in render(ROLES / "haproxy" / "templates" / "haproxy.cfg.j2", **overrides).splitlines()
    ]


def test_by_default_haproxy_speaks_plain_http_on_every_address_and_believes_nobody() -> None:
    lines = haproxy()
    assert [line for line in lines if line.startswith("bind ")] == [
        "bind 0.0.0.0:8000",
        "bind :::8000 v6only",
        "bind 127.0.0.1:8404",
    ]
    assert "option dontlog-normal" in lines
    assert [line for line in lines if "X-Forwarded" in line] == [
        "http-request set-header X-Forwarded-For %[src]",
        "http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]",
    ]


def test_haproxy_asks_the_map_for_each_request() -> None:
    lines = haproxy(haproxy_dir="/srv/shop", haproxy_unit="shop")
    assert "use_backend shop-%[str(active),map(/srv/shop/haproxy.map,none)]" in lines
    for colour in ("blue", "green"):
        assert f"backend shop-{colour}" in lines
        assert f"server {colour} unix@/run/shop-{colour}/app.sock maxconn 6000" in lines
    assert "option http-server-close" in lines, "no request can meet a connection that a service is about to close"


def test_haproxy_has_https_where_there_is_a_certificate() -> None:
    lines = haproxy(haproxy_certificate="own.pem", haproxy_https_port=8443, haproxy_addresses=["0.0.0.0"])
    assert "bind 0.0.0.0:8443 ssl crt /etc/haproxy/service.pem alpn h2,http/1.1" in lines
    assert "ssl-default-bind-options ssl-min-ver TLSv1.2" in lines


def test_haproxy_believes_the_proxies_that_are_named() -> None:
    lines = haproxy(haproxy_trusted_proxies=["10.0.0.0/8", "192.0.2.4"])
    assert "acl trusted src 10.0.0.0/8 192.0.2.4" in lines
    assert all(" trusted " in line for line in lines if "set-header X-Forwarded" in line)


def test_haproxys_numbers_are_the_variables() -> None:
    lines = haproxy(
        haproxy_connections=7,
        haproxy_request_timeout=8,
        haproxy_idle_timeout=9,
        haproxy_silence_timeout=10,
        haproxy_body_timeout=12,
        haproxy_client_timeout=13,
        haproxy_maintenance_seconds=11,
        haproxy_health_path="/alive",
        haproxy_log_requests=True,
    )
    assert {"maxconn 7", "timeout http-request 8s", "timeout http-keep-alive 9s"} <= set(lines)
    assert {"timeout client 13s", "timeout server 10s", "timeout tunnel 10s"} <= set(lines)
    assert [line for line in lines if "wait-for-body" in line] == [
        "http-request wait-for-body time 12s if { req.hdr(content-length) -m found }",
        "http-request wait-for-body time 12s at-least 1 unless { req.hdr(content-length) -m found }",
    ]
    assert [line.split()[-1] for line in lines if line.startswith("server ")] == ["5", "5"], "three quarters of 7"
    maintenance = next(line for line in lines if "Down for maintenance" in line)
    assert maintenance.endswith("hdr Retry-After 11 if maintenance !{ path /alive }")
    assert "option dontlog-normal" not in lines


def test_haproxy_limits_what_one_source_may_hold_but_lets_it_ask_for_health() -> None:
    lines = haproxy(haproxy_connections_per_source=40, haproxy_health_path="/alive")
    assert "tcp-request connection track-sc0 src,ipmask(32,64) table connections-of-a-source" in lines
    assert "tcp-request connection reject if { sc0_conn_cur gt 50 }" in lines
    assert {"acl crowded sc0_conn_cur gt 40", "acl crowded sc1_conn_cur gt 40", "acl health path /alive"} <= set(lines)
    refusal = next(line for line in lines if " status 429 " in line)
    assert refusal.endswith(" if crowded !health")
    assert lines.index("http-request set-log-level silent if crowded !health") < lines.index(refusal)


def test_haproxy_does_not_take_a_load_balancer_for_a_source() -> None:
    tracks = [line for line in haproxy(haproxy_trusted_proxies=["10.0.0.0/8"]) if "track-sc" in line]
    assert [line.split(" table ")[1] for line in tracks] == [
        "connections-of-a-source unless trusted",
        "requests-of-a-source unless trusted",
        "requests-of-a-source if trusted",
    ]
    assert "req.hdr_ip(x-forwarded-for,-1)" in tracks[2]


def test_haproxy_can_leave_sources_alone() -> None:
    assert not [line for line in haproxy(haproxy_connections_per_source=0) if "sc0" in line or "stick-table" in line]


def test_haproxy_logs_no_query_string_and_no_header() -> None:
    lines = haproxy(haproxy_log_requests=True)
    log = next(line for line in lines if line.startswith("log-format "))
    assert log.endswith('"%HM %[var(txn.path)] %HV"\'')
    # What holds the whole request line, its query, or captured headers: HAProxy's manual, "Custom log format".
    assert not re.findall(r"%(?:\{[^}]*\})?(?:r|HU|HQ|HP|hr|hs|hrl|hsl)(?![a-z])", log)
    assert not [line for line in lines if line.startswith(("option httplog", "capture "))]


def test_haproxy_needs_no_statistics() -> None:
    assert "stats enable" in haproxy(haproxy_statistics_port=8500)
    assert "bind 127.0.0.1:8500" in haproxy(haproxy_statistics_port=8500)
    without = haproxy(haproxy_statistics_port=0)
    assert not {"stats enable", "frontend statistics"} & set(without)


def test_haproxys_unit_comes_to_the_services_sockets_and_takes_enough_connections() -> None:
    text = render(
        ROLES / "haproxy" / "templates" / "haproxy.service.j2", haproxy_account="shop", haproxy_connections=100
    )
    settings = unit(text)
    assert settings["User"] == ["haproxy"]
    assert settings["SupplementaryGroups"] == ["shop"]
    assert int(settings["LimitNOFILE"][0]) > 200, "one on each side"
    assert (settings["LogRateLimitIntervalSec"], settings["LogRateLimitBurst"]) == (["30s"], ["1000"])
    assert settings["ExecReload"][0].endswith(" -c -q"), "a bad configuration is not taken up"


def test_the_services_own_name_starts_the_colour_of_the_map() -> None:
    text = render(ROLES / "service" / "templates" / "boot.service.j2", service_dir="/srv/shop", service_unit="shop")
    settings = unit(text)
    assert settings["RemainAfterExit"] == ["yes"]
    assert settings["ConditionPathExists"] == ["/srv/shop/current/code"]
    assert settings["WorkingDirectory"] == ["/srv/shop"]
    assert "<haproxy.map" in settings["ExecStart"][0]
    assert '"shop@$$value.service"' in text


@pytest.mark.parametrize(
    ("entries", "started", "code"),
    [
        ("active green\nmaintenance off\n", ["start --no-block backend@green.service"], 0),
        ("maintenance on\nactive blue\n", ["start --no-block backend@blue.service"], 0),
        ("active none\nmaintenance off\n", ["start --no-block backend@blue.service"], 0),
        ("maintenance off\n", [], 1),
    ],
)
def test_at_boot_the_maps_colour_is_started(tmp_path: Path, entries: str, started: list[str], code: int) -> None:
    (tmp_path / "haproxy.map").write_text(entries)
    calls = tmp_path / "calls"
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n')
    systemctl.chmod(0o755)
    settings = unit(render(ROLES / "service" / "templates" / "boot.service.j2", service_dir=str(tmp_path)))
    (tmp_path / "current").symlink_to("releases/one")
    for line in (settings["ExecStartPre"][0], settings["ExecStart"][0]):
        # systemd's own quoting: two dollars are one.
        command = shlex.split(line.removeprefix("+").replace("$$", "$"))
        done = subprocess.run(command, cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    assert done.returncode == code
    # A release that held the port itself is the first of the colours.
    assert (tmp_path / "blue").is_symlink() == entries.startswith("active none")
    assert (calls.read_text().splitlines() if calls.exists() else []) == started
