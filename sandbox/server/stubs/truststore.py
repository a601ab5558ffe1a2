"""RDS's certificate bundles, where AWS publishes them."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from sandbox.settings import REGION
from sandbox.stub_api import Handler

PATHS = ("/global/global-bundle.pem", f"/{REGION}/{REGION}-bundle.pem")


def create(bundle: bytes) -> Handler:
    """A handler that serves *bundle*, in PEM form."""

    def serve(request: Request) -> Response:
        if request.method not in ("GET", "HEAD") or request.path not in PATHS:
            return Response("Not Found", 404, content_type="text/plain")
        return Response(bundle, content_type="binary/octet-stream")

    return serve
