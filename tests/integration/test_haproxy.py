"""How HAProxy, configured by the role haproxy, treats streams, uploads, addresses and switches, on a real host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.world import World, require

SERVE = """
systemctl daemon-reload
for slot in blue green; do
  mkdir -p /run/probe-$slot
  systemd-run --quiet --unit=probe-$slot python3 /opt/haproxy/service.py $slot /run/probe-$slot/app.sock
done
printf 'active blue\\nmaintenance off\\n' >/opt/haproxy/haproxy.map
systemctl restart haproxy
while ! test -S /run/haproxy/slipway.sock || ! test -S /run/probe-green/app.sock; do sleep 0.1; done
"""
REMOVE = """
systemctl disable --quiet --now haproxy
systemctl stop probe-blue probe-green
rm -r /opt/haproxy /run/probe-blue /run/probe-green
"""
#: A client with one idle connection, during a change of HAProxy.
IDLE = """
import socket, subprocess, time
def ask(connection):
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n")
    answer = connection.recv(65536).decode()
    found = [slot for slot in ("blue", "green") if f'"{slot}"' in answer] or [answer[9:12]]
    return found[0], "connection: close" in answer.lower()
def tell(path, command):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(f"{command}\\n".encode())
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile().read()
def new():
    return socket.create_connection(("127.0.0.1", 8010), timeout=10)
def workers():
    while True:
        try:
            lines = tell("/run/haproxy/master.sock", "show proc").splitlines()
            return [line.split()[0] for line in lines if " worker " in line]
        except ConnectionRefusedError:  # It reloads.
            time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def haproxy(world: World) -> Iterator[World]:
    """The host with HAProxy in front of two services."""
    require(world.play("haproxy.yml"))
    world.shell(SERVE)
    yield world
    world.shell(REMOVE)


@pytest.fixture(scope="module")
def seen(haproxy: World) -> dict[str, Any]:
    """The results of all kinds of requests."""
    return dict(json.loads(haproxy.shell("python3 /opt/haproxy/client.py 8010")))


def python(world: World, script: str) -> Any:
    """The output of a script with the helpers above on the host."""
    return json.loads(world.shell(f"python3 - <<'SCRIPT'\nimport json\n{IDLE}\n{script}\nSCRIPT"))


def test_the_client_address_comes_from_trusted_proxies_only(seen: dict[str, Any]) -> None:
    assert seen["addresses"] == {
        "stranger": [["127.0.0.1"], ["http"]],
        "trusted": [["198.51.100.4"], ["https"]],
        "trusted, two headers": [["192.0.2.4"], ["https"]],
        "trusted, nothing": [["127.0.0.2"], ["http"]],
        "trusted, no address": [["127.0.0.2"], ["http"]],
    }


def test_each_event_comes_when_it_is_sent(seen: dict[str, Any]) -> None:
    assert len(seen["stream"]["late"]) == 4
    # Waiting for more data would delay each event by 0.2 s.
    assert min(seen["stream"]["late"]) < 0.1, seen["stream"]
    assert seen["stream"]["afterwards"] == 200, "the connection is kept"


def test_only_silence_ends_a_stream(seen: dict[str, Any]) -> None:
    assert (seen["steady stream"]["events"], seen["steady stream"]["whole"]) == (4, True)
    assert seen["steady stream"]["seconds"] > 4.5, "longer than the silence that would end it"
    assert (seen["silent stream"]["events"], seen["silent stream"]["whole"]) == (1, False)
    assert 2.5 < seen["silent stream"]["seconds"] < 8


def test_the_service_notices_a_client_that_disconnects(seen: dict[str, Any]) -> None:
    assert seen["leaver"] is True


def test_uploads_are_streamed_to_the_service(seen: dict[str, Any]) -> None:
    assert seen["upload"]["bytes"] == 300_000
    assert seen["upload"]["seconds"] > 0.4, "it is not collected first"
    assert seen["large upload"] == 100_000_000
    assert seen["expectation"] == [100, 3]


def test_websockets_http_1_0_and_large_heads_work(seen: dict[str, Any]) -> None:
    assert seen["websocket"] == [101, True, "ping"]
    expected = {"1.0": "HTTP/1.0", "HEAD, then GET": 2, "head of 14 KiB": 200, "head of 64 KiB": 400}
    assert seen["old forms"] == expected
    assert seen["slow head"] == 408


def test_a_missing_body_is_answered_with_408(seen: dict[str, Any]) -> None:
    assert seen["absent bodies"] == {"none": 408, "part": 408, "unknown length": 408}


def test_waiting_for_the_service_is_not_limited_by_the_client_timeout(seen: dict[str, Any]) -> None:
    assert seen["late answer"] == 200


def test_one_source_cannot_have_all_connections(seen: dict[str, Any]) -> None:
    crowd = seen["crowd"]
    assert (crowd["above"], crowd["health"], crowd["another source"]) == (429, 200, 200)
    assert crowd.get("far above", 0) == 0, "closed at once"


def test_no_token_of_a_request_is_in_the_journal(haproxy: World, seen: dict[str, Any]) -> None:
    assert seen["canaries"] == 9, "each was answered"
    log = haproxy.shell("journalctl --sync; journalctl -u haproxy --output=cat")
    assert '"GET /canary HTTP/1.1"' in log, "requests are logged"
    assert "<BADREQ>" in log, "and bad ones"
    assert "token-that-no-log-may-have" not in log


def test_maintenance_answers_all_paths_except_health(haproxy: World) -> None:
    answers = python(
        haproxy,
        """
connection, path = new(), "/run/haproxy/slipway.sock"
before = ask(connection)[0]
tell(path, "set map /opt/haproxy/haproxy.map maintenance on")
during = ask(connection)[0]
connection.sendall(b"GET /health?deep=1 HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n")
health = connection.recv(65536).decode()[9:12]
connection.sendall(b"GET / HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n")
hint = "retry-after: 120" in connection.recv(65536).decode().lower()
tell(path, "set map /opt/haproxy/haproxy.map maintenance off")
print(json.dumps([before, during, health, hint, ask(connection)[0]]))
""",
    )
    assert answers == ["blue", "503", "200", True, "blue"]


def test_an_idle_connection_gets_one_more_request_after_a_reload(haproxy: World) -> None:
    answers = python(
        haproxy,
        """
connection = new()
ask(connection)
before = workers()
subprocess.run(["systemctl", "reload", "haproxy"], check=True)
while len(workers()) < 2:
    time.sleep(0.1)
for worker in workers():
    tell("/run/haproxy/master.sock", f"@!{worker} set map /opt/haproxy/haproxy.map active green")
old, fresh = ask(connection), ask(new())
print(json.dumps([list(old), list(fresh), before[0] in workers()]))
""",
    )
    assert answers[0] == ["green", True], "the old worker answers, and says that it is the last answer"
    assert answers[1] == ["green", False]


def test_statistics_are_on_loopback_only(haproxy: World) -> None:
    listening = haproxy.shell("ss -Htln 'sport = :8404'")
    assert [line.split()[3] for line in listening.splitlines()] == ["127.0.0.1:8404"]
    assert "haproxy_process_start_time_seconds" in haproxy.shell("curl -s http://127.0.0.1:8404/metrics")


def test_a_host_without_a_release_serves_nothing(haproxy: World) -> None:
    haproxy.shell("printf 'active none\\nmaintenance off\\n' >/opt/haproxy/haproxy.map; systemctl restart haproxy")
    assert python(haproxy, "print(json.dumps(ask(new())))")[0] == "503"
