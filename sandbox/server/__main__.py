"""``python -m sandbox.server --name NAME``: serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading

from sandbox.server.aws import application
from sandbox.settings import NAMES, settings_for


def main() -> int:
    """Run the server; the exit status is 1, with one line on stderr, if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("--name", choices=NAMES, help="which instance of the sandbox to serve")
    settings = settings_for(parser.parse_args().name)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    lock = threading.RLock()
    api = application.create(settings, lock)
    from sandbox.server.listeners import Listeners, Service

    listeners = Listeners([Service("api", settings.api_port, api)])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        listeners.listen_on("127.0.0.1", only="api")
    except OSError as error:
        print(f"the sandbox cannot start: {error.strerror}", file=sys.stderr)
        return 1
    stop.wait()
    listeners.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
