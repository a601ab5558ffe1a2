"""HAProxy before the first release. The role starts nothing, so the tests do what the first switch does."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

URL = "http://127.0.0.1:8000/"
#: What `systemd-analyze security` says of a unit that can do next to nothing is 0; the distribution's is at 9.
MOST_EXPOSED = 2.0


@pytest.fixture(scope="module", autouse=True)
def _started(host: Host) -> None:
    host.check_output("systemctl daemon-reload && systemctl restart haproxy")


def test_there_is_nothing_that_serves_yet(host: Host) -> None:
    map_file = host.file("/opt/backend/haproxy.map")
    assert map_file.content_string == "active none\nmaintenance off\n"
    assert (map_file.user, oct(map_file.mode)) == ("root", "0o644")
    assert host.check_output(f"curl --silent --max-time 5 -w %{{http_code}} {URL}") == "No release yet\n503"


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_it_listens_on_every_address(host: Host, address: str) -> None:
    assert host.socket(f"tcp://{address}:8000").is_listening


def test_its_processes_are_its_own_accounts(host: Host) -> None:
    users = set(host.check_output("ps -C haproxy -o user=").split())
    assert users == {"haproxy"}


def test_its_unit_restricts_it(host: Host) -> None:
    said = host.run("systemd-analyze security --no-pager haproxy").stdout
    exposure = re.search(r"Overall exposure level for haproxy\.service: ([0-9.]+)", said)
    assert exposure is not None, said
    assert float(exposure[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("account", ["backend", "nobody"])
def test_nobody_else_tells_it_what_to_do(host: Host, account: str) -> None:
    host.run_expect([0], "test -S /run/haproxy/slipway.sock")
    assert host.run(f"runuser -u {account} -- test -w /run/haproxy/slipway.sock").rc != 0


def test_a_reload_keeps_it(host: Host) -> None:
    before = host.check_output("systemctl show haproxy --property=MainPID --value")
    host.check_output("systemctl reload haproxy")
    assert host.check_output("systemctl show haproxy --property=MainPID --value") == before
    assert host.check_output(f"curl --silent --max-time 5 -o /dev/null -w %{{http_code}} {URL}") == "503"


def test_its_statistics_are_for_this_host(host: Host) -> None:
    assert "haproxy_process_start_time_seconds" in host.check_output("curl -sf http://127.0.0.1:8404/metrics")
    assert "Statistics Report" in host.check_output("curl -sf http://127.0.0.1:8404/")
    assert not host.socket("tcp://0.0.0.0:8404").is_listening


def test_requests_leave_no_line_and_there_is_no_https(host: Host) -> None:
    cursor = host.check_output("journalctl -u haproxy -n 1 --show-cursor --output=cat | sed -n 's/^-- cursor: //p'")
    host.check_output("curl -sf http://127.0.0.1:8404/metrics >/dev/null && sleep 0.2")
    assert "metrics" not in host.check_output("journalctl -u haproxy --output=cat --after-cursor %s", cursor)
    assert not host.socket("tcp://0.0.0.0:443").is_listening
    assert not host.file("/etc/haproxy/service.pem").exists


def test_its_configuration_is_good_and_not_kept_on_the_servers_side(host: Host) -> None:
    host.check_output("haproxy -c -q -f /etc/haproxy/haproxy.cfg")
    assert "option http-server-close" in host.file("/etc/haproxy/haproxy.cfg").content_string
