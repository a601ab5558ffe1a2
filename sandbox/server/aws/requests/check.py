"""Refuses a request that AWS would refuse, in AWS's words, before moto gets it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.core.request import Request

from sandbox.server.aws import calls, errors
from sandbox.server.aws.calls import Call
from sandbox.server.aws.requests import checking, rules, table, wording

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

#: Codes with another status than 400: ministryofjustice/analytical-platform#6873.
_STATUS = {"LimitExceeded": 409}


def refuse(application: WSGIApplication) -> WSGIApplication:
    """Wrap *application*: it gets only requests that fit botocore's service model and the table of rules.

    Not checked are requests without a signature, and operations that the model does not know.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, call = calls.kept(environ)
        found = refusal(call)
        if found is None:
            return application(environ, start_response)
        # Only the code: the message may quote the request.
        log.info("refused %s %s: %s", call.service, call.operation, found[0])
        answer = errors.answer(Request(environ), call.service, *found, _STATUS.get(found[0], 400))
        return answer(environ, start_response)

    return serve


def refusal(call: Call) -> tuple[str, str] | None:
    """AWS's error code and message for *call*, or None."""
    if call.model is None or call.model.input_shape is None:
        return None
    if call.reading.malformed:
        return wording.malformed(call.service, call.protocol)
    if call.reading.unknown:
        return wording.unknown(call.service, call.protocol, call.reading.unknown)
    if found := checking.violations(call.model.input_shape, call.parameters):
        return wording.refused(call.service, call.protocol, found)
    return rules.refusal(table.rules_of(call.service, call.operation), call.parameters)
