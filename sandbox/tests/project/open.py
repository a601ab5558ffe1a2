"""A stub for tests that needs no key."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from sandbox.stub_api import Handler, json_response


def create(key: str) -> Handler:
    """A handler that answers with the *key* that it was given, which is empty."""

    def serve(_request: Request) -> Response:
        return json_response({"key": key})

    return serve
