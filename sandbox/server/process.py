"""Puts the server together: services, listeners, and the loop that runs containers.

Import this only after ``environment.prepare``: moto reads its settings while it is imported.
"""

from __future__ import annotations

import logging
import threading

from sandbox.machine.reconcile import Reconciler
from sandbox.server import certificates, keys
from sandbox.server.aws import application as aws
from sandbox.server.aws.metadata import Metadata
from sandbox.server.aws.state import MotoWorld
from sandbox.server.imds import application as imds
from sandbox.server.imds.tokens import Tokens
from sandbox.server.injection import Faults, inject
from sandbox.server.listeners import Listeners, Service
from sandbox.server.stubs import application as stubs
from sandbox.server.stubs import gemini, tavily, truststore
from sandbox.settings import GEMINI_NAME, TAVILY_NAME, TRUSTSTORE_NAME, Settings

log = logging.getLogger(__name__)


def services(settings: Settings, lock: threading.RLock) -> list[Service]:
    """Every service of the sandbox, its certificates and keys made where they are missing."""
    authority = certificates.sandbox_authority(settings)
    accepted = keys.ensure(settings.app_env)
    by_name = {
        TAVILY_NAME: tavily.create(accepted.tavily),
        GEMINI_NAME: gemini.create(accepted.gemini),
        TRUSTSTORE_NAME: truststore.create(certificates.rds_authority(settings).pem()),
    }
    find = Metadata(settings, lock).at
    faults = Faults()
    return [
        Service("api", settings.api_port, aws.create(settings, lock, faults)),
        Service("imds", settings.imds_port, imds.create(find, Tokens())),
        Service(
            "stubs",
            settings.stub_port,
            inject(stubs.create(by_name), faults, stubs.asked, stubs.refusal),
            certificates.server_context(authority, settings.stub_names),
        ),
    ]


def serve(settings: Settings, stop: threading.Event) -> None:
    """Serve until *stop* is set. Raises OSError, naming the port, if the API's port is taken."""
    lock = threading.RLock()
    listeners = Listeners(services(settings, lock))
    listeners.listen_on("127.0.0.1", only="api")
    try:
        Reconciler(settings, MotoWorld(settings, lock), listeners).run(stop)
    finally:
        listeners.close()
