"""Plain endpoints: the service's own health path, and what a user adds as data."""

from __future__ import annotations

from collections.abc import Collection

from .network import Target, connect, target_of
from .stages import StageError, Trail
from .web import Answer, get


def request(trail: Trail, url: str, timeout: float, statuses: Collection[int], fix: str) -> Answer:
    """The stages dns, tcp, tls (https only) and http.

    Args:
        trail: Takes the stages.
        url: What is requested with GET.
        timeout: Seconds for each stage.
        statuses: Status codes that are right; when empty, every one from 200 to 399.
        fix: What to do when nothing answers, or with another status.

    Raises:
        StageError: A stage failed.
    """
    trail.target = url
    connection = connect(trail, target_of(url, timeout, fix), tls=url.startswith("https:"))
    with trail.stage("http") as stage:
        answer = get(connection, url)
        stage.message = f"HTTP {answer.status}"
        if answer.status not in (statuses or range(200, 400)):
            raise StageError(f"GET {url} is answered with HTTP {answer.status}", fix)
    return answer


def health(trail: Trail, url: str, timeout: float, unit: str, release: str) -> None:
    """The health path, and whether the answer comes from the release whose environment the probe has.

    Raises:
        StageError: A stage failed.
    """
    log = f"look at the service's log on the host: journalctl -u {unit} -n 50"
    answer = request(trail, url, timeout, range(200, 300), log)
    with trail.stage("release") as stage:
        body = answer.json()
        told = body.get("release") if isinstance(body, dict) else None
        if not isinstance(told, str):
            stage.message = "the answer names no release"
        elif release and told != release:
            raise StageError(
                f"release {told[:80]} answers, and {release} is the current one",
                f"restart the service: systemctl restart {unit}; then {log}",
            )
        else:
            stage.message = told[:80]


def tcp(trail: Trail, host: str, port: int, tls: bool, timeout: float) -> None:
    """A port that must take connections, with TLS or without.

    Raises:
        StageError: A stage failed.
    """
    trail.target = f"{host}:{port}"
    connect(trail, Target(host, port, timeout), tls).close()
