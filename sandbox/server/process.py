"""Assembles the server: services, listeners, and the loop that runs containers.

Import this only after ``environment.prepare``: moto reads its settings while it is imported.
"""

from __future__ import annotations

import logging
import threading

from sandbox import certificates
from sandbox.machine.reconcile import Reconciler
from sandbox.server import keys
from sandbox.server.aws import application as aws
from sandbox.server.aws.metadata import Metadata
from sandbox.server.aws.state import MotoState
from sandbox.server.imds import application as imds
from sandbox.server.imds.tokens import Tokens
from sandbox.server.injected_faults import Faults, inject
from sandbox.server.listeners import Listeners, Service
from sandbox.server.stubs import application as stubs
from sandbox.server.stubs import truststore
from sandbox.settings import TRUSTSTORE_NAME, Settings

log = logging.getLogger(__name__)


def services(settings: Settings, lock: threading.RLock) -> list[Service]:
    """Every service of the sandbox. Missing certificates and keys are made.

    Raises StubError for a stub whose file cannot be used.
    """
    authority = certificates.sandbox_authority(settings)
    registered = settings.project.stubs
    accepted = keys.ensure(settings.app_env, [stub.key for stub in registered if stub.key])
    handlers = {stub.hostname: stubs.load(stub, accepted[stub.key.variable] if stub.key else "") for stub in registered}
    handlers[TRUSTSTORE_NAME] = truststore.create(certificates.rds_authority(settings).pem())
    find = Metadata(settings, lock).at
    faults = Faults()
    return [
        Service("api", settings.api_port, aws.create(settings, lock, faults)),
        Service("imds", settings.imds_port, imds.create(find, Tokens())),
        Service(
            "stubs",
            settings.stub_port,
            inject(stubs.create(handlers), faults, stubs.Targets(registered), stubs.error_response),
            certificates.server_context(authority, settings.stub_names),
        ),
    ]


def serve(settings: Settings, stop: threading.Event) -> None:
    """Serve until *stop* is set.

    Raises OSError, naming the port, if the API's port is taken, and StubError for a stub whose file cannot be used.
    """
    lock = threading.RLock()
    listeners = Listeners(services(settings, lock))
    listeners.listen_on("127.0.0.1", only="api")
    try:
        Reconciler(settings, MotoState(settings, lock), listeners).run(stop)
    finally:
        listeners.close()
