"""HAProxy with other options on Debian 13, in front of a stand-in for the service that tells what it was asked."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from testinfra.host import Host

ECHO = """\
import http.server, json, os, socketserver

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = socketserver.ThreadingUnixStreamServer("/run/shop-blue/app.sock", Handler)
os.chmod("/run/shop-blue/app.sock", 0o666)
server.serve_forever()
"""
START = (
    "systemctl daemon-reload; systemctl stop stand-in 2>/dev/null; "
    "systemd-run --unit=stand-in --property=User=shop --property=RuntimeDirectory=shop-blue "
    "--property=RuntimeDirectoryMode=0750 python3 -c %s && systemctl restart haproxy"
)


@pytest.fixture(scope="module", autouse=True)
def _started(host: Host) -> None:
    say(host, active="blue", maintenance="off")
    host.check_output(START, ECHO)
    host.check_output("for _ in $(seq 50); do test -S /run/shop-blue/app.sock && break; sleep 0.1; done")


def say(host: Host, **entries: str) -> None:
    """Writes the map, which HAProxy reads at its start."""
    lines = "".join(f"{key} {value}\n" for key, value in entries.items())
    host.check_output("printf %%s %s >/srv/shop/haproxy.map", lines)


def asked(host: Host, *options: str, url: str = "http://127.0.0.1/") -> dict[str, Any]:
    """The headers of a request as the service sees them."""
    return dict(json.loads(host.check_output(f"curl -sf --max-time 5 {' '.join(options)} {url}")))


FORGED = ("-H 'X-Forwarded-For: 198.51.100.7'", "-H 'X-Forwarded-Proto: https'")


def test_the_clients_address_is_passed_on(host: Host) -> None:
    headers = asked(host)
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")


def test_a_stranger_is_not_believed(host: Host) -> None:
    headers = asked(host, *FORGED)
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")


def test_a_trusted_proxy_is_believed(host: Host) -> None:
    headers = asked(host, "--interface 127.0.0.2", *FORGED)
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("198.51.100.7", "https")


def test_what_a_proxy_was_told_by_its_client_is_not(host: Host) -> None:
    headers = asked(host, "--interface 127.0.0.2", "-H 'X-Forwarded-For: 10.9.9.9, 198.51.100.7'")
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("198.51.100.7", "http")


def test_https_has_the_given_certificate(host: Host) -> None:
    file = host.file("/etc/haproxy/service.pem")
    assert (file.user, oct(file.mode)) == ("haproxy", "0o400")
    options = "--cacert /etc/haproxy/service.pem", "--resolve shop.example:8443:127.0.0.1"
    assert asked(host, *options, url="https://shop.example:8443/")["x-forwarded-proto"] == "https"
    version = host.check_output(
        f"curl -sf --http2 -o /dev/null -w %{{http_version}} {' '.join(options)} https://shop.example:8443/"
    )
    assert version == "2"


def test_old_protocols_are_refused(host: Host) -> None:
    assert host.run("curl -sfk --tlsv1.1 --tls-max 1.1 https://127.0.0.1:8443/").rc != 0


def test_each_request_is_a_line_in_the_journal(host: Host) -> None:
    asked(host, url="http://127.0.0.1/one-of-a-kind")
    assert "/one-of-a-kind" in host.check_output("sleep 0.3; journalctl -u haproxy --output=cat -n 20")


def test_there_are_no_statistics(host: Host) -> None:
    assert not host.socket("tcp://127.0.0.1:8404").is_listening


def test_a_client_that_is_slow_to_ask_is_not_waited_for(host: Host) -> None:
    began = time.monotonic()
    slow = "exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.1\\r\\n' >&3; timeout 8 cat <&3"
    assert "408 Request Time-out" in host.run("bash -c %s", slow).stdout
    assert time.monotonic() - began < 6


def test_maintenance_is_told_to_all_but_those_that_ask_for_health(host: Host) -> None:
    say(host, active="blue", maintenance="on")
    host.check_output("systemctl restart haproxy")
    answer = host.check_output("curl -si --max-time 5 http://127.0.0.1/").splitlines()
    assert answer[0].split()[1] == "503"
    assert "retry-after: 30" in [line.lower() for line in answer]
    assert asked(host, url="http://127.0.0.1/alive")
    say(host, active="blue", maintenance="off")
    host.check_output("systemctl restart haproxy")
    assert asked(host)


def test_its_unit_is_restricted_and_for_its_connections(host: Host) -> None:
    names = "ProtectSystem,LimitNOFILE,SupplementaryGroups"
    lines = host.check_output(f"systemctl show haproxy --property={names}").splitlines()
    assert dict(line.split("=", 1) for line in lines) == {
        "ProtectSystem": "strict",
        "LimitNOFILE": "900",
        "SupplementaryGroups": "shop",
    }
