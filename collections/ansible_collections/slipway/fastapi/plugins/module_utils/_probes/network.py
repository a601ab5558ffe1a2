"""Name resolution, TCP and TLS, one at a time, so that a failure can name the one that failed."""

from __future__ import annotations

import errno
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .stages import StageError, Trail

Address = tuple[Any, ...]
"""What getaddrinfo returns: family, type, protocol, canonical name, socket address."""

TIMEOUTS = (socket.timeout, TimeoutError)
"""One and the same since Python 3.10; 3.9 has both."""

# OpenSSL's X509_V_ERR_* codes that have a fix of their own (openssl/x509_vfy.h).
CERTIFICATE_EXPIRED = 10
SELF_SIGNED = {18, 19}
UNKNOWN_ISSUER = {2, 20, 21}
WRONG_NAME = {62, 64}


@dataclass(frozen=True)
class Target:
    """Where a probe connects to.

    Attributes:
        host: Name or address.
        port: TCP port.
        timeout: Seconds that each stage may take.
        open_fix: What to do when packets get lost: who has to admit what.
        ca_file: CA bundle for TLS; None: the one that Python and `SSL_CERT_FILE` name.
    """

    host: str
    port: int
    timeout: float
    open_fix: str = ""
    ca_file: str | None = None

    @property
    def label(self) -> str:
        """Host and port for messages."""
        return f"{self.host}:{self.port}"


def target_of(url: str, timeout: float, open_fix: str = "", ca_file: str | None = None) -> Target:
    """The target that an http(s) URL names."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Target(parts.hostname or "", port, timeout, open_fix, ca_file)


def connect(trail: Trail, target: Target, tls: bool) -> socket.socket:
    """The stages dns, tcp and, where wanted, tls.

    Returns:
        A connected socket whose timeout is the target's.

    Raises:
        StageError: One of the stages failed; the trail knows which.
    """
    with trail.stage("dns") as stage:
        addresses = resolve(target)
        stage.message = ", ".join(dict.fromkeys(str(address[4][0]) for address in addresses))
    with trail.stage("tcp") as stage:
        connection = open_tcp(target, addresses)
        stage.message = f"connected to {connection.getpeername()[0]} port {target.port}"
    if not tls:
        return connection
    with trail.stage("tls") as stage:
        secured = start_tls(connection, target)
        stage.message = f"{secured.version()}, certificate valid for {target.host}"
    return secured


def resolve(target: Target) -> list[Address]:
    """Addresses of the target's name.

    getaddrinfo knows no timeout, so it runs in a thread that is left behind when time is up.

    Raises:
        StageError: No address, or no answer in time.
    """
    answers: queue.Queue[list[Address] | OSError] = queue.Queue(1)

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(socket.gaierror(socket.EAI_NONAME, "not a valid host name"))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=target.timeout)
    except queue.Empty:
        raise StageError(
            f"no answer from the name server for {target.host} within {target.timeout:g} s", RESOLVER_FIX
        ) from None
    if not isinstance(answer, OSError):
        return answer
    if isinstance(answer, socket.gaierror) and answer.errno == socket.EAI_AGAIN:
        raise StageError(f"the name server gives no answer for {target.host}", RESOLVER_FIX)
    raise StageError(
        f"the name {target.host} has no address ({answer.strerror})",
        f"check the spelling of the name, and ask the host's own resolver: getent ahosts {target.host}",
    )


RESOLVER_FIX = (
    "check /etc/resolv.conf on the host; in a VPC enable_dns_support must be on, and a network ACL must admit port 53"
)


def open_tcp(target: Target, addresses: list[Address]) -> socket.socket:
    """A TCP connection to the first address that takes one.

    Raises:
        StageError: None does, before the target's time is up.
    """
    deadline = time.monotonic() + target.timeout
    last: OSError = TimeoutError()
    for family, kind, protocol, _name, address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:
            last = error
            continue
        try:
            connection.settimeout(left)
            connection.connect(address)
        except OSError as error:
            connection.close()
            last = error
            continue
        connection.settimeout(target.timeout)
        return connection
    raise tcp_failure(target, last)


def tcp_failure(target: Target, error: OSError) -> StageError:
    """What an error of connect() means."""
    if isinstance(error, TIMEOUTS):
        return StageError(
            f"no answer from {target.label} within {target.timeout:g} s: packets are dropped on the way",
            target.open_fix or f"let the host's security group, network ACL and route reach {target.label}",
        )
    if error.errno == errno.ECONNREFUSED:
        return StageError(
            f"{target.label} refuses the connection: nothing listens there, or a firewall rejects it",
            target.open_fix or f"start what should listen on {target.label}, or correct the port",
        )
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES, errno.EPERM):
        return StageError(
            f"no route to {target.label} ({error.strerror})",
            "check the subnet's route table and, for addresses outside the VPC, that the host has a public address "
            f"or a NAT: ip route get <address of {target.host}>",
        )
    return StageError(f"cannot connect to {target.label} ({error.strerror or type(error).__name__})", target.open_fix)


def start_tls(connection: socket.socket, target: Target, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    """TLS on a connected socket; without a context of the caller's, the certificate's chain and name are verified.

    Raises:
        StageError: The peer is not trusted or does not speak TLS. The connection is closed then.
    """
    try:
        return (context or trusting(target)).wrap_socket(connection, server_hostname=target.host)
    except OSError as error:
        connection.close()
        raise tls_failure(target, error) from error
    except StageError:
        connection.close()
        raise


def trusting(target: Target) -> ssl.SSLContext:
    """A context that trusts the target's CA bundle, and nothing else where it has one.

    Raises:
        StageError: The bundle cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=target.ca_file)
    except OSError as error:
        raise StageError(
            f"the CA bundle {target.ca_file} cannot be read ({error.strerror or type(error).__name__})",
            "run the playbook configure.yml, which installs it",
        ) from error


def tls_failure(target: Target, error: OSError) -> StageError:
    """What an error of the TLS handshake means."""
    bundle = target.ca_file or "the host's CA bundle"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message
        if error.verify_code in WRONG_NAME:
            return StageError(
                f"the certificate of {target.label} is for another name ({reason})",
                "use the name that the certificate carries, not an address or an alias",
            )
        if error.verify_code == CERTIFICATE_EXPIRED:
            return StageError(
                f"the certificate of {target.label} has expired",
                "check the host's clock (timedatectl); if it is right, the certificate's owner must renew it",
            )
        if error.verify_code in SELF_SIGNED | UNKNOWN_ISSUER:
            return StageError(
                f"{bundle} does not trust the issuer of the certificate of {target.label} ({reason})",
                "install the right CA bundle; if a proxy re-signs TLS, its CA belongs into the host's bundle",
            )
        return StageError(f"the certificate of {target.label} is refused ({reason})", "see the reason in brackets")
    if isinstance(error, TIMEOUTS):
        return StageError(
            f"{target.label} does not finish the TLS handshake within {target.timeout:g} s",
            "a middlebox may swallow large packets or TLS itself: check the path's MTU and any firewall in between",
        )
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    return StageError(
        f"{target.label} does not complete a TLS handshake ({reason})",
        "check that the port is the TLS port, and that no middlebox cuts TLS connections",
    )
