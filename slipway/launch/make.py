"""``python3 -m slipway.launch.make COMMAND``: what the Makefile calls, with any Python that Slipway accepts.

The values of make's command line are in the environment (slipway.launch.request).
"""

from __future__ import annotations

import os
import sys

from slipway.launch.request import Request, RequestError, unused
from slipway.launch.start import REFUSED, start


def main(name: str) -> None:
    """Start a command with the values that make was given."""
    try:
        request = Request.read(os.environ)
        note = "" if name in ("app", "doctor") else unused(request, os.environ)
    except RequestError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)
    if note:
        print(note, file=sys.stderr)
    start(name, request)


if __name__ == "__main__":
    main(sys.argv[1])
