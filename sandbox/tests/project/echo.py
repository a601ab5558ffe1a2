"""A stub for tests: it answers with the request's path, and needs a key."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from sandbox.stub_api import Handler, json_response, same_key


def create(key: str) -> Handler:
    """A handler that accepts *key* in the header ``X-Key``."""

    def serve(request: Request) -> Response:
        if not same_key(request.headers.get("X-Key"), key):
            return json_response({"error": "wrong key"}, 401)
        return json_response({"path": request.path})

    return serve
