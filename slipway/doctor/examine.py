"""Looks at a directory from every side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.package import LEFT_OUT

from slipway.doctor import artifact, python, routes
from slipway.doctor.finding import Finding
from slipway.doctor.source import Source
from slipway.launch.checkout import BIN

DEFAULT_APPLICATION = "main:app"
DEFAULT_PORT = 8000
DEFAULT_HEALTH = "/health"
HEALTHY = (
    "health",
    "healthz",
    "health-check",
    "health_check",
    "healthcheck",
    "livez",
    "readyz",
    "ping",
    "status",
    "heartbeat",
)


def python_files(directory: Path) -> list[str]:
    """Python files that can go into the artifact. One that is refused for another reason is still worth reading."""
    found = []
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT and not name.startswith("."))
        found += [str((Path(folder) / name).relative_to(directory)) for name in sorted(names) if name.endswith(".py")]
    return found


def application(directory: Path, source: Source) -> Finding:
    """Where the FastAPI object is, and how Slipway is told."""
    found = source.applications()
    broken = f" ({', '.join(source.unreadable)}: not Python 3)" if source.unreadable else ""
    if not found:
        fix = "have `app = FastAPI()` in main.py, or name the directory that holds the service: make doctor APP=./dir"
        if not source.modules and not broken:
            fix += "; files without a service can be published with MODULE=none"
        return Finding("application", "bad", f"no module-level FastAPI object in any Python file{broken}", fix)
    best = found[0]
    module = best.partition(":")[0]
    misplaced, start = source.misplaced(module)
    if misplaced:
        text = f"{best} imports {', '.join(misplaced)}, which is found only when {start}/ is the start"
        return Finding("application", "bad", text, f"deploy that directory: APP={directory / start}")
    if best == DEFAULT_APPLICATION:
        return Finding("application", "ok", best)
    return Finding("application", "ok", best, f"publish with MODULE={best}")


def answering(source: Source) -> list[str]:
    """Paths that are likely to tell whether the service is well, the likeliest first."""
    paths = [path for path in routes.get_routes(source) if "{" not in path]
    usual = [path for path in paths if path == DEFAULT_HEALTH]
    return [*usual, *sorted(filter(_says_health, paths), key=len), *(path for path in paths if path == "/")]


def health(source: Source) -> Finding:
    """Which route tells whether the service is well."""
    found = answering(source)
    if DEFAULT_HEALTH in found:
        return Finding("health", "ok", f"GET {DEFAULT_HEALTH}")
    hidden = [path for path in routes.get_routes(source) if _says_health(path) and routes.COMPUTED in path]
    if hidden and not any(path != "/" for path in found):
        fix = "set health_path in the blueprint to the whole path, which only the running service tells (/openapi.json)"
        return Finding("health", "note", f"no GET {DEFAULT_HEALTH}, but GET {hidden[0]}", fix)
    if found:
        fix = f'set health_path = "{found[0]}" in the blueprint, if it answers 200 without a login'
        return Finding("health", "note", f"no GET {DEFAULT_HEALTH}, but GET {found[0]}", fix)
    description = routes.description(source)
    if description:
        fix = f'add @app.get("{DEFAULT_HEALTH}"), or set health_path = "{description}" in the blueprint'
        return Finding("health", "note", f"no route for it, but FastAPI's own GET {description}", fix)
    return Finding("health", "bad", "no route for it was found", f'add @app.get("{DEFAULT_HEALTH}")')


def _says_health(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].lower() in HEALTHY


def port(source: Source) -> Finding:
    """Which port the service gets: the blueprint's, whatever the application's own start says."""
    other = [number for number in routes.ports(source) if number != DEFAULT_PORT]
    if other:
        return Finding(
            "port",
            "note",
            f"uvicorn.run() names {other[0]} and is not used: the service gets {DEFAULT_PORT}",
            f"set backend_port = {other[0]} in the blueprint, if clients expect it",
        )
    return Finding("port", "ok", f"{DEFAULT_PORT}, or backend_port of the blueprint")


def examine(directory: Path, uv: Path) -> Iterator[Finding]:
    """Everything there is to say of a directory."""
    source = Source(directory, python_files(directory))
    found = application(directory, source)
    yield found
    yield python.version(directory)
    yield python.requirements(directory, uv)
    yield port(source)
    yield health(source)
    names = source.applications()
    if names:
        yield from artifact.findings(directory, names[0])
    yield from artifact.dotenv(directory)


def report(directory: Path, as_json: bool) -> bool:
    """Print everything there is to say of a directory, and return whether it can be deployed."""
    findings = []
    if not as_json:
        print(directory)
    for finding in examine(directory, BIN / "uv"):
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    deployable = all(finding.level != "bad" for finding in findings)
    if as_json:
        shown = {
            "directory": str(directory),
            "deployable": deployable,
            "findings": [found.as_dict() for found in findings],
        }
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print("Deployable." if deployable else "Not deployable yet: see each ✗.")
    return deployable
