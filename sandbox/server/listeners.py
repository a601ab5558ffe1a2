"""Listening sockets: which service listens on which address. They are opened and closed while the process runs.

The AWS API is on loopback from the start. Each VPC's network has a gateway address on this machine; all services
listen there while the network exists, so that a request arrives with the client's own address.
"""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

log = logging.getLogger(__name__)

#: Seconds after which an idle connection is closed.
IDLE_SECONDS = 60
#: The key in a request's environment for its service and operation, which the access log shows.
OPERATION = "slipway.operation"


@dataclass(frozen=True)
class Service:
    """A WSGI application, the port it is served on and, for TLS, its context."""

    name: str
    port: int
    application: WSGIApplication
    tls: ssl.SSLContext | None = None


class _Handler(MotoRequestHandler):
    timeout = IDLE_SECONDS

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - base class's interface
        # Without the query, which can contain secrets: API keys, and the signatures of presigned URLs.
        path = self.path.partition("?")[0] if hasattr(self, "path") else "-"
        operation = getattr(self, "environ", {}).get(OPERATION) or "-"
        log.info("%s %s %s %s %s", self.client_address[0], getattr(self, "command", "-"), path, operation, code)

    def log_error(self, format: str, *args: Any) -> None:  # noqa: A002 - base class's interface
        log.info("%s " + format, self.client_address[0], *args)


class _Server(ThreadedWSGIServer):
    def __init__(self, listening: socket.socket, service: Service) -> None:
        super().__init__(*listening.getsockname()[:2], app=service.application, handler=_Handler, fd=listening.fileno())
        if service.tls:
            # The connection's own thread does the handshake: in accept(), one silent client would block all others.
            self.socket: socket.socket = service.tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.ssl_context = service.tls

    def handle_error(self, request: Any, client_address: tuple[str, int] | str) -> None:  # noqa: ARG002
        log.warning("connection of %s failed: %s", client_address[0], sys.exc_info()[1])


class Listeners:
    """All listening sockets of the process. Safe to use from several threads."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = tuple(services)
        self._lock = threading.Lock()
        self._servers: dict[str, list[_Server]] = {}

    def listen_on(self, address: str, only: str | None = None) -> None:
        """Serve all services, or the one named *only*, on *address*. Does nothing if it is served already.

        Raises OSError, naming address and port, if a port is taken or the address is not one of this machine.
        """
        with self._lock:
            if address in self._servers:
                return
            servers: list[_Server] = []
            try:
                for service in self._services:
                    if only in (None, service.name):
                        servers.append(_start(address, service))
            except OSError:
                _stop(servers)
                raise
            self._servers[address] = servers

    def stop_on(self, address: str) -> None:
        """Stop serving on *address*. Requests in progress are answered."""
        with self._lock:
            _stop(self._servers.pop(address, []))

    def addresses(self) -> list[str]:
        """The addresses that are served now."""
        with self._lock:
            return sorted(self._servers)

    def close(self) -> None:
        """Stop serving everywhere."""
        for address in self.addresses():
            self.stop_on(address)


def _start(address: str, service: Service) -> _Server:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address, service.port))
        except OSError as error:
            where = f"{service.name} cannot listen on {address}:{service.port}"
            raise OSError(error.errno, f"{where}: {error.strerror}") from None
        listening.listen(128)
        server = _Server(listening, service)
    threading.Thread(target=server.serve_forever, args=(0.1,), name=f"{service.name}-{address}", daemon=True).start()
    log.info("%s listens on %s:%d", service.name, address, service.port)
    return server


def _stop(servers: Iterable[_Server]) -> None:
    for server in servers:
        server.shutdown()
        server.server_close()
