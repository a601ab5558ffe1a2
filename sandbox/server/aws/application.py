"""moto, with every fix in place, as one WSGI application.

Import this only after ``environment.prepare``: moto reads its settings while it is imported.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from sandbox.server.aws import (
    buckets,
    calls,
    console,
    databases,
    default_vpc,
    injected_faults,
    instances,
    lifecycles,
    monitoring,
    ownership,
    parameter_groups,
    parameters,
    public_addresses,
    roles,
    security_groups,
    subnet_groups,
    tags,
    unsupported,
)
from sandbox.server.aws.authorization import gate
from sandbox.server.aws.requests import check
from sandbox.server.injected_faults import Faults, control, inject
from sandbox.server.listeners import OPERATION
from sandbox.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


_FIXES = (
    buckets,
    console,
    databases,
    instances,
    lifecycles,
    monitoring,
    parameter_groups,
    parameters,
    roles,
    security_groups,
    subnet_groups,
    tags,
)


def create(settings: Settings, lock: threading.RLock, faults: Faults) -> WSGIApplication:
    """Make the application, once per process: moto's state and the fixes are global.

    Requests are answered one at a time under *lock*: moto's models are not made for threads, and S3's conditional
    writes and ``CloudState`` need a state that does not change meanwhile.
    """
    default_vpc.install(settings)
    public_addresses.install(settings)
    for fix in _FIXES:
        fix.install()
    application = unsupported.refuse(DomainDispatcherApplication(unsupported.create_service))
    checked = ownership.check(check.refuse(application), settings)
    served = _serialised(gate.guard(checked, settings), lock)
    # Outside the lock: a slow answer must not delay all others.
    faulty = inject(served, faults, injected_faults.target_of, injected_faults.error_response)
    stubs = tuple(stub.name for stub in settings.project.stubs)
    return _prepared(control(faulty, faults, partial(injected_faults.check, stubs=stubs)))


def _prepared(application: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _read_body(environ)
        environ[OPERATION] = _operation(environ)
        return application(environ, start_response)

    return serve


def _serialised(application: WSGIApplication, lock: threading.RLock) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with lock:
            return application(environ, start_response)

    return serve


def _read_body(environ: WSGIEnvironment) -> None:
    """Read the request's body, so that a slow client does not hold the lock."""
    source = environ["wsgi.input"]
    if environ.pop("wsgi.input_terminated", False):
        body = source.read()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = source.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)


def _operation(environ: WSGIEnvironment) -> str:
    """Service and operation, for the log: `s3:PutObject`. Empty for a request without a signature."""
    _, call = calls.kept(environ)
    return f"{call.service}:{call.operation}" if call.operation else ""
