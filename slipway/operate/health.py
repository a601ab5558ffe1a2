"""`make health`: asks every host's service for its health, from this machine, as a client would.

Ends with 0 when all are well. A host without a service is, and is asked itself why nothing answers.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

from ansible_collections.slipway.fastapi.plugins.module_utils._system import printable

from slipway.operate.hosts import Host, find_hosts
from slipway.operate.service import state_of, well

TIMEOUT_SECONDS = 10
NO_SERVICE = "no service: ready for Docker"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A host must not choose what this machine asks: a redirect is an answer like another."""

    def redirect_request(self, *_arguments: object) -> None:
        """Follow none; urllib raises the answer as an HTTPError."""


def ask(host: Host) -> bool:
    """Print what the host's service says of its health, and return whether it says that it is well."""
    if not host.artifact:
        print(f"{host.name}  {NO_SERVICE}")
        return True
    url = host.health_url()
    try:
        # The URL is made here from an address and a checked port; a proxy would not know the sandbox's addresses.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        with opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
            body = printable.line(answer.read(2000).decode(errors="replace"))
            print(f"{host.name}  {url}  {answer.status}  {body}")
            return True
    except urllib.error.HTTPError as error:
        print(f"{host.name}  {url}  {error.code}")
    except http.client.HTTPException as error:
        print(f"{host.name}  {url}  no HTTP answer: {printable.printable(repr(error))}")
    except OSError as error:
        if _has_no_service(host):
            print(f"{host.name}  {NO_SERVICE}, with files")
            return True
        print(f"{host.name}  {url}  no answer: {getattr(error, 'reason', error)}")
    return False


def _has_no_service(host: Host) -> bool:
    """Whether what was released are mere files. Only the host knows: the tags of both are the same."""
    state = state_of(host)
    return well(state) and state["unit"]["load"] == "not-found"


def health(inventory: str) -> bool:
    """Ask every host of the environment, and return whether all are well. Raises NoHostError."""
    answers = [ask(host) for host in find_hosts(inventory)]
    return all(answers)
