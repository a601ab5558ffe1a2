"""Runs uvicorn as `python -m uvicorn` does, and keeps query strings out of its log.

Browsers can send a token for a stream of events or a WebSocket in the query string only, and the journal has readers
who must not have it. uvicorn has no setting for this.
"""

import logging
import runpy
import sys
from pathlib import Path


class PathOnly(logging.Filter):
    """Cuts what follows the path of a request, in uvicorn's access log and where it tells of WebSockets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record."""
        about_request = record.name == "uvicorn.access" or 'WebSocket %s"' in str(record.msg)
        if about_request and isinstance(record.args, tuple):
            record.args = tuple(value.partition("?")[0] if isinstance(value, str) else value for value in record.args)
        return True


if __name__ == "__main__":
    for name in ("uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).addFilter(PathOnly())
    # As `-m` has it: modules come from the release, and not from the folder of this file.
    sys.path[0] = str(Path.cwd())
    runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)
