"""Orders a running sandbox to answer with an error, late, or not to the end: the client of faults on demand."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from sandbox.server.injection import PATH
from sandbox.settings import Settings

SECONDS = 10


class FaultsError(Exception):
    """The sandbox is not there or refuses the order; the message says why."""


def add(settings: Settings, fault: dict[str, Any]) -> dict[str, Any]:
    """Order a fault, described by the fields of `injection.Fault`, and return it as the sandbox has it."""
    ordered: dict[str, Any] = _call(settings, "POST", fault)
    return ordered


def ordered(settings: Settings) -> list[dict[str, Any]]:
    """All that were ordered since the start or the last `clear`, with how often each has fired."""
    found: list[dict[str, Any]] = _call(settings, "GET")
    return found


def clear(settings: Settings, number: int | None = None) -> None:
    """Forget all of them, or one."""
    _call(settings, "DELETE", query="" if number is None else f"?number={number}")


def sentence(fault: dict[str, Any]) -> str:
    """A fault in one line, for a person."""
    what = " ".join(filter(None, (fault["service"], fault["operation"], fault["resource"])))
    state = "ended" if fault["ended"] else f"{fault['seconds']:.0f} s at most"
    return f"{fault['number']}: {what} answers {fault['answer']}, fired {fault['fired']} of {fault['times']}, {state}"


def _call(settings: Settings, method: str, document: dict[str, Any] | None = None, query: str = "") -> Any:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"{settings.api_url}{PATH}{query}", body, method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise FaultsError(json.load(error)["error"]) from None
    except OSError:
        raise FaultsError(
            f"the sandbox {settings.name} is not up: start it with `python -m sandbox up --name {settings.name}`"
        ) from None
