"""The client of injected faults: makes a running sandbox answer with an error, late, or only in part."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from sandbox.settings import FAULTS_PATH, Settings

#: Seconds to wait for the sandbox's answer.
TIMEOUT = 10


class InjectedFaultError(Exception):
    """The sandbox does not run, or it refuses the fault. The message names the fix."""


def add(settings: Settings, fault: dict[str, Any]) -> dict[str, Any]:
    """Inject a fault, given by the fields of `sandbox.server.injected_faults.Fault`; return it with its number."""
    added: dict[str, Any] = _call(settings, "POST", fault)
    return added


def list_all(settings: Settings) -> list[dict[str, Any]]:
    """All faults since the start or the last `clear`, each with the number of times that it fired."""
    found: list[dict[str, Any]] = _call(settings, "GET")
    return found


def clear(settings: Settings, number: int | None = None) -> None:
    """Remove all faults, or the one with the *number*."""
    _call(settings, "DELETE", query="" if number is None else f"?number={number}")


def describe(fault: dict[str, Any]) -> str:
    """A fault in one line, for a person."""
    what = " ".join(filter(None, (fault["service"], fault["operation"], fault["resource"])))
    state = "ended" if fault["ended"] else f"{fault['seconds']:.0f} s at most"
    return f"{fault['number']}: {what} answers {fault['answer']}, fired {fault['fired']} of {fault['times']}, {state}"


def _call(settings: Settings, method: str, document: dict[str, Any] | None = None, query: str = "") -> Any:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"{settings.api_url}{FAULTS_PATH}{query}", body, method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise InjectedFaultError(json.load(error)["error"]) from None
    except OSError:
        raise InjectedFaultError(
            f"the sandbox {settings.name} does not run: start it with `python -m sandbox up --name {settings.name}`"
        ) from None
