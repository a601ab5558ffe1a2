"""An HTTPS API that is used with a key: present, reachable, accepted, and with something left to spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .network import connect, target_of
from .stages import StageError, Trail
from .web import Answer, get

Judge = Callable[[Answer], "StageError | str"]
"""Looks at an answer: a StageError when its stage is red, else a message for the stage."""


@dataclass(frozen=True)
class KeyedApi:
    """How to ask an API for something that costs nothing, and how to read its answers.

    Attributes:
        label: The API's name for people.
        url: What is requested with GET.
        variable: The environment variable that holds the key.
        headers: From the key to request headers.
        judged: Status codes that are the auth or quota stage's to judge; any other one above 399 fails the http stage.
        auth: Judges whether the key is accepted.
        quota: Judges whether anything is left.
    """

    label: str
    url: str
    variable: str
    headers: Callable[[str], Mapping[str, str]]
    judged: Callable[[Answer], bool]
    auth: Judge
    quota: Judge


def probe(trail: Trail, api: KeyedApi, environment: Mapping[str, str], timeout: float) -> None:
    """Run the stages key, dns, tcp, tls (https only), http, auth and quota.

    Raises:
        StageError: A stage failed.
    """
    trail.target = api.url
    with trail.stage("key") as stage:
        key = usable_key(environment.get(api.variable, ""), api.variable)
        stage.message = f"{api.variable} is set"
    target = target_of(
        api.url,
        timeout,
        f"let the host reach {api.label}: HTTPS outwards, a public address or NAT",
    )
    connection = connect(trail, target, tls=api.url.startswith("https:"))
    with trail.stage("http") as stage:
        answer = get(connection, api.url, api.headers(key))
        stage.message = f"HTTP {answer.status}"
        if answer.status >= 500:
            raise StageError(
                f"{api.label} answers with its own error, HTTP {answer.status}",
                "try again later; its status page may say more",
            )
        if answer.status >= 300 and not api.judged(answer):
            raise StageError(
                f"{api.label} answers GET {api.url} with HTTP {answer.status}",
                "the API may have changed, or a proxy answers in its place",
            )
    for name, judge in (("auth", api.auth), ("quota", api.quota)):
        with trail.stage(name) as stage:
            verdict = judge(answer)
            if isinstance(verdict, StageError):
                raise verdict
            stage.message = verdict


def usable_key(key: str, variable: str) -> str:
    """The key, when it can be one.

    Raises:
        StageError: It is missing, or holds what cannot be sent in a header. The message never quotes it.
    """
    if not key:
        raise StageError(
            f"{variable} is not in the service's environment", f"add {variable} to the .env, push it and release again"
        )
    if not key.isascii() or not key.isprintable() or set(key) & set(" \"'"):
        raise StageError(
            f"the value of {variable} holds a space, a quote or another character that no key has",
            f"correct {variable} in the .env (no quotes, no spaces), push it and release again",
        )
    return key
