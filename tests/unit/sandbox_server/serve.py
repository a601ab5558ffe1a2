"""Runs the sandbox's services on given ports, without containers: ``python -m tests.unit.sandbox_server.serve``.

A process of its own, because moto's state and the sandbox's changes to it belong to the whole process.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
import threading
from pathlib import Path

from sandbox.server.aws import environment
from sandbox.settings import settings_for


def main() -> None:
    directory, api, imds, stubs = sys.argv[1:]
    settings = dataclasses.replace(
        settings_for("test"),
        directory=Path(directory),
        api_port=int(api),
        imds_port=int(imds),
        stub_port=int(stubs),
    )
    logging.basicConfig(level=logging.INFO)
    environment.prepare(settings)
    # Only now: moto reads its settings while it is imported.
    from sandbox.server import process  # noqa: PLC0415
    from sandbox.server.listeners import Listeners  # noqa: PLC0415

    Listeners(process.services(settings, threading.RLock())).listen_on("127.0.0.1")
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
