"""``python -m sandbox.server --name NAME``: serve until SIGTERM or SIGINT. The log goes to stderr."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import warnings

from sandbox.server.aws import environment
from sandbox.settings import NAMES, settings_for


def main() -> int:
    """Run the server; the exit status is 1, with one line on stderr, if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("--name", choices=NAMES, help="which instance of the sandbox to serve")
    try:
        settings = settings_for(parser.parse_args().name)
    except ValueError as error:
        print(f"the sandbox cannot start: {error}", file=sys.stderr)
        return 1
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    environment.prepare(settings)
    # moto warns of each error code that botocore's model does not list, and AWS uses such codes itself.
    warnings.filterwarnings("ignore", message="Exception.* does not match an error shape")
    # Only after prepare: moto reads its settings while it is imported.
    from sandbox.server import process  # noqa: PLC0415
    from sandbox.server.stubs.application import StubError  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        process.serve(settings, stop)
    except (OSError, StubError) as error:
        print(f"the sandbox cannot start: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
