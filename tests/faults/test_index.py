"""The package index cannot be reached or trusted: the release is not made, and the previous one serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.app_sources import archive, service
from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, untouched

PORT = 8443
# Certificates that a client must refuse: one of an unknown authority, and an expired one of a known authority.
SERVE = f"""
import http.server, ssl
server = http.server.HTTPServer(("127.0.0.1", {PORT}), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/run/index.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
REQUEST = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj"
AUTHORITY = f"{REQUEST} /CN=fault -x509 -days 30 -keyout ca.key -out ca.pem"
SIGN = (
    f"{REQUEST} /CN=localhost -keyout key.pem -out index.csr && echo subjectAltName=DNS:localhost > index.ext && "
    "openssl x509 -req -in index.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile index.ext -out cert.pem -days"
)
TRUST = "cp ca.pem /usr/local/share/ca-certificates/fault.crt && update-ca-certificates"
DISTRUST = "rm -f /usr/local/share/ca-certificates/fault.crt && update-ca-certificates --fresh"


@pytest.fixture(scope="module", autouse=True)
def mended(app: DeployedApp) -> Iterator[None]:
    """After the last of these faults, one run installs a version that needs no index."""
    yield
    converges(app, publish_next(app))


def publish_with(app: DeployedApp, requirements: str) -> None:
    """Publish a version with requirements that no cache has."""
    app.publish(archive({"main.py": service(app.next_version()), "requirements.txt": requirements}))


@contextmanager
def index(app: DeployedApp, certificate: str) -> Iterator[str]:
    """An index on the host, with a certificate that the command writes to /run/index.pem."""
    host = app.hosts[0]
    host.shell(
        f"cd /run && {certificate} && cat key.pem cert.pem > index.pem && cat > index.py <<'PYTHON'\n{SERVE}\nPYTHON"
    )
    host.shell("systemd-run --unit=index python3 /run/index.py; sleep 0.5; systemctl is-active index")
    try:
        yield f"--index-url https://localhost:{PORT}/simple\nfastapi\nuvicorn\n"
    finally:
        host.shell("systemctl stop index; cd /run; rm -f index.* key.pem cert.pem ca.*")


def test_requirements_that_do_not_resolve(app: DeployedApp) -> None:
    publish_with(app, "fastapi==0.1.0\nfastapi==0.2.0\nuvicorn\n")
    with untouched(app):
        fails_with(app.release(), "fastapi==0.1.0", "fastapi==0.2.0")


def test_a_wheel_with_a_wrong_hash(app: DeployedApp) -> None:
    publish_with(app, f"idna==3.10 --hash=sha256:{'0' * 64}\n")
    with untouched(app):
        fails_with(app.release(), "requirements.txt", "Hash mismatch for `idna==3.10`")


def test_name_resolution(app: DeployedApp) -> None:
    publish_with(app, "--index-url https://index.invalid/simple\nfastapi\nuvicorn\n")
    with untouched(app):
        fails_with(app.release(), "index.invalid", "dns error")


def test_untrusted_certificate(app: DeployedApp) -> None:
    with index(app, f"{AUTHORITY} && {SIGN} 30") as requirements:
        publish_with(app, requirements)
        with untouched(app):
            fails_with(app.release(), "localhost:8443", "invalid peer certificate", "UnknownIssuer")


def test_expired_certificate(app: DeployedApp) -> None:
    try:
        with index(app, f"{AUTHORITY} && {SIGN} -1 && {TRUST}") as requirements:
            publish_with(app, requirements)
            with untouched(app):
                fails_with(app.release(), "localhost:8443", "invalid peer certificate", "Expired")
    finally:
        app.hosts[0].shell(DISTRUST)


def test_an_index_that_does_not_answer(app: DeployedApp) -> None:
    host = app.hosts[0]
    publish_with(app, "--index-url https://192.0.2.99/simple\nfastapi\nuvicorn\n")
    host.shell("iptables -I OUTPUT -d 192.0.2.99 -j DROP")
    try:
        with untouched(app):
            fails_with(app.release(), "192.0.2.99")
        assert int(host.shell("iptables -nvxL OUTPUT | awk '/192.0.2.99/ {print $1}'")) > 0
    finally:
        host.shell("iptables -D OUTPUT -d 192.0.2.99 -j DROP")
