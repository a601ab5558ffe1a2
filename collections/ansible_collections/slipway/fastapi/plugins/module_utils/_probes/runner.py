"""Runs all probes at the same time and makes the report."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from . import endpoints, gemini, keyed_api, rds, s3, tavily
from .redact import Redactor, secrets_in
from .stages import StageError, Trail

SCHEMA = 1
"""Version of the report's form; raised when a field changes its meaning or goes."""

Probe = Callable[[Trail], None]


def probe_for(spec: Mapping[str, Any], settings: Mapping[str, Any], environment: Mapping[str, str]) -> Probe:
    """The function that runs the probe which a configuration entry describes.

    Raises:
        ValueError: There is no such kind.
    """
    kind, timeout = spec["kind"], float(settings["timeout"])
    if kind in ("tavily", "gemini"):
        given = {name: spec[name] for name in ("variable", "url") if spec.get(name)}
        api = (tavily if kind == "tavily" else gemini).api(**given)
        return lambda trail: keyed_api.probe(trail, api, environment, timeout)
    if kind == "s3":
        bucket = s3.Bucket(spec["bucket"], spec["region"], spec.get("endpoint_url"))
        return lambda trail: s3.probe(trail, bucket, environment, timeout)
    if kind == "rds":
        return lambda trail: rds.probe(trail, spec.get("variable") or "DATABASE_URL", environment, timeout)
    if kind == "health":
        release = environment.get("SLIPWAY_RELEASE", "")
        return lambda trail: endpoints.health(trail, spec["url"], timeout, settings["unit"], release)
    if kind == "http":
        fix = "check that the other side runs, and that it admits this host"
        return lambda trail: void(endpoints.request(trail, spec["url"], timeout, spec.get("status") or (), fix))
    if kind == "tcp":
        tls = bool(spec.get("tls"))
        return lambda trail: endpoints.tcp(trail, spec["host"], int(spec["port"]), tls, timeout)
    raise ValueError(f"unknown kind of probe: {kind}")


def void(_value: object) -> None:
    """Drops a value that a probe has no use for."""


def walk(trail: Trail, probe: Probe) -> None:
    """Run one probe to its end or to its first failing stage, which the trail keeps."""
    try:
        probe(trail)
    except StageError:
        pass
    except Exception as error:
        # Between two stages nothing should fail; if something does, the report still says so.
        trail.failure = StageError(
            f"unexpected {type(error).__name__}: {error}", "this is a fault of the probe: please report it"
        )
        return
    trail.done = True


def run(settings: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Run the probes of the configuration.

    Args:
        settings: `unit`, `timeout` (seconds for a stage), `deadline` (seconds for all) and `probes`.
        environment: The service's environment variables.

    Returns:
        The report, with every secret of the environment taken out.
    """
    began, started = time.monotonic(), datetime.now(timezone.utc)
    trails, threads = [], []
    for spec in settings["probes"]:
        trail = Trail(spec["name"], spec["kind"])
        probe = probe_for(spec, settings, environment)
        thread = threading.Thread(target=walk, args=(trail, probe), daemon=True)
        thread.start()
        trails.append(trail)
        threads.append(thread)
    for thread in threads:
        thread.join(max(0.0, began + float(settings["deadline"]) - time.monotonic()))
    probes = [finished(trail, float(settings["deadline"])) for trail in trails]
    report = {
        "schema": SCHEMA,
        "host": socket.gethostname(),
        "unit": settings["unit"],
        "release": environment.get("SLIPWAY_RELEASE", ""),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(time.monotonic() - began, 4),
        "ok": all(probe["ok"] for probe in probes),
        "probes": probes,
    }
    cleaned: dict[str, Any] = Redactor(secrets_in(environment)).tree(report)
    return cleaned


def finished(trail: Trail, deadline: float) -> dict[str, Any]:
    """A trail's part of the report, also when its probe still runs."""
    part = trail.as_dict()
    if not part["ok"] and not part["cause"]:
        part["cause"] = f"not finished after {deadline:g} s, the time that all probes have together"
        part["fix"] = "look at the stage that did not end; a larger reachability_timeout gives it more time"
    return part
