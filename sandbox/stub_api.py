"""What the handler file of a stub service imports.

A handler file has one function, ``create(key: str) -> Handler``. It is called once, when the server starts, with the
API key that the stub accepts. The sandbox serves the handler with TLS at the stub's host name. A handler is called from
several threads at once.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

#: Answers one request.
Handler = Callable[[Request], Response]


def json_response(document: Any, status: int = 200) -> Response:
    """*document* as JSON."""
    return Response(json.dumps(document), status, content_type="application/json")


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body, or an empty one if the body is something else."""
    document = request.get_json(force=True, silent=True)
    return document if isinstance(document, dict) else {}


def same_key(given: str | None, key: str) -> bool:
    """Whether *given* is *key*. The time that this takes does not tell how much of *given* is right."""
    return hmac.compare_digest((given or "").encode(), key.encode())
