"""Which Python and which packages an application asks for, and whether a host can have them."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import tomllib
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.venv import (
    NEEDED_UVICORN,
    Source,
    requirements_of,
    too_old,
)

from slipway.doctor.finding import Finding

HOST_PYTHON = (3, 13, 5)
"""Debian 13's, which runs the service."""
HOST_MINOR = ".".join(str(part) for part in HOST_PYTHON[:2])
HOST_PLATFORM = "x86_64-manylinux_2_28"
RESOLVE_SECONDS = 180
OFFLINE = re.compile(
    r"dns error|error sending request|failed to fetch|connection refused|network is unreachable|timed out|tunnel",
    re.IGNORECASE,
)
NO_WHEEL = re.compile(r"Because ([\w.-]+)(?:\[[^]]*\])?(?:\{[^}]*\})?==(\S+) has no usable wheels")
MOST_LACKING = 20
"""How many packages without a wheel are looked for: uv names one at a time."""
_CLAUSE = re.compile(r"(?P<operator>>=|<=|==|!=|~=|\^|~|>|<)?\s*v?(?P<version>\d+(\.\d+)*)(?P<any>\.\*)?\Z")


def demanded(project: dict[str, Any]) -> str:
    """What pyproject.toml says of Python, by the standard's key or by Poetry's; empty where it says nothing."""
    standard = project.get("project", {}).get("requires-python", "")
    return str(standard or project.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python", ""))


def allows(specifier: str) -> bool | None:
    """Whether a version specifier admits the hosts' Python; None when it is not understood."""
    results = [_clause(clause.strip()) for clause in specifier.split(",") if clause.strip()]
    return None if None in results else all(results)


def _clause(clause: str) -> bool | None:
    found = _CLAUSE.match(clause)
    if not found:
        return None
    version = tuple(int(part) for part in found["version"].split("."))
    here = HOST_PYTHON[: len(version)] if found["any"] else HOST_PYTHON
    padded = version if found["any"] else version + (0,) * (3 - len(version))
    # `~=3.9` and `^3.9` admit 3.x, `~=3.9.1` and Poetry's `~3.9` admit 3.9.x.
    fixed = {"^": 1, "~": min(2, len(version)), "~=": len(version) - 1}.get(found["operator"] or "==", 0)
    return {
        ">=": here >= padded,
        ">": here > padded,
        "<=": here <= padded,
        "<": here < padded,
        "==": here == padded,
        "!=": here != padded,
    }.get(found["operator"] or "==", here >= padded and here[:fixed] == version[:fixed])


def version(directory: Path) -> Finding:
    """Whether the Python that pyproject.toml demands is the hosts'."""
    host = ".".join(str(part) for part in HOST_PYTHON[:2])
    try:
        project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Finding("python", "ok", f"no pyproject.toml demands a version; hosts run {host}")
    except ValueError as error:
        return Finding("python", "bad", f"pyproject.toml cannot be read: {error}", "correct it")
    specifier = demanded(project)
    if not specifier:
        return Finding("python", "ok", f"pyproject.toml demands no version; hosts run {host}")
    result = allows(specifier)
    if result is None:
        return Finding(
            "python",
            "note",
            f"pyproject.toml demands '{specifier}', which is not understood here",
            f"see that it admits {host}",
        )
    if result:
        return Finding("python", "ok", f"pyproject.toml demands '{specifier}'; hosts run {host}")
    exact = ".".join(str(part) for part in HOST_PYTHON)
    return Finding(
        "python",
        "bad",
        f"pyproject.toml demands '{specifier}', hosts run {exact}",
        f"make the application run with {host} and say so there",
    )


def requirements(directory: Path, uv: Path) -> Finding:
    """Whether the packages can be had as wheels for the hosts' Python, uvicorn among them."""
    with tempfile.TemporaryDirectory() as work:
        source = requirements_of(directory, Path(work) / "none") if _named(directory) else None
        if source is None:
            return Finding(
                "requirements",
                "bad",
                "no uv.lock, pylock.toml, requirements.txt or [project] in pyproject.toml",
                f"write {_writing(directory)}",
            )

        def resolve(without: Collection[str] = ()) -> subprocess.CompletedProcess[str]:
            return _resolve(uv, directory, source, Path(work), without)

        try:
            done = resolve()
            said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
            return _refused(source, said, resolve) if done.returncode else _resolved(source, said)
        except subprocess.TimeoutExpired:
            return _unknown(source.name, f"took more than {RESOLVE_SECONDS} s")


def _refused(source: Source, said: str, again: Callable[[Collection[str]], Any]) -> Finding:
    """Why uv would install nothing."""
    if OFFLINE.search(said) and "no wheels" not in said:
        return _unknown(source.name, "could not be resolved, because the package index does not answer")
    reason = " ".join(" ".join(line for line in said.splitlines() if not line.startswith("Using ")).split())
    lacking = _lacking(reason, again, source.hashed)
    if not lacking:
        text = f"{source.name} cannot be installed from wheels on Python {HOST_MINOR}: {reason[-400:]}"
        return Finding("requirements", "bad", text, "use versions that have wheels, or ship wheels in wheels/")
    upgrade = " ".join(f"--upgrade-package {name}" for name in lacking)
    names = ", ".join(f"{name} {number}" for name, number in lacking.items())
    return Finding(
        "requirements",
        "bad",
        f"{source.name} has packages with no wheels for Python {HOST_MINOR}: {names}",
        f"take newer versions{f' (uv lock {upgrade})' * source.exported}, or ship all wheels in wheels/",
    )


def _resolved(source: Source, said: str) -> Finding:
    """What uv would install."""
    versions = dict(line.strip(" +").split("==", 1) for line in said.splitlines() if re.match(r" \+ \S+==", line))
    if "uvicorn" not in versions:
        return Finding(
            "requirements", "bad", f"{source.name} brings no uvicorn, which runs the service", "add uvicorn to it"
        )
    if too_old(versions["uvicorn"]):
        return Finding("requirements", "bad", f"{source.name} brings uvicorn {versions['uvicorn']}", NEEDED_UVICORN)
    level, fix = ("ok", "") if source.hashed else ("note", "lock with hashes: uv pip compile --generate-hashes")
    if source.name == "pylock.toml":
        level, fix = "ok", ""
    locked = "with hashes" if source.hashed else "without hashes" if level == "note" else "locked"
    return Finding("requirements", level, f"{source.name}, {locked}: {len(versions)} packages, all as wheels", fix)


def _lacking(
    said: str, again: Callable[[Collection[str]], subprocess.CompletedProcess[str]], locked: bool
) -> dict[str, str]:
    """Every package that has no wheel, with its version. Beyond the first one only where each is listed by itself."""
    found: dict[str, str] = {}
    while (one := NO_WHEEL.search(" ".join(said.split()))) and one[1] not in found and len(found) < MOST_LACKING:
        found[one[1]] = one[2]
        if not locked:
            break
        said = again(found).stderr
    return found


def _named(directory: Path) -> bool:
    """Whether the application says itself what it needs."""
    probe = requirements_of(directory, Path(__file__))
    return probe.path != Path(__file__)


def _writing(directory: Path) -> str:
    listed = sorted(directory.glob("requirements/*.txt"))
    if listed:
        base = next((path for path in listed if path.stem in ("base", "prod", "production", "main")), listed[0])
        return f"requirements.txt with the line `-r requirements/{base.name}`"
    nested = sorted(path.parent for path in directory.glob("*/requirements*.txt"))
    if nested:
        return f"requirements.txt beside main.py; {nested[0].name}/ has one"
    if (directory / "poetry.lock").is_file():
        return "uv.lock from poetry.lock: uv tool run migrate-to-uv"
    return "requirements.txt with fastapi and uvicorn, best with hashes"


def _unknown(name: str, why: str) -> Finding:
    return Finding(
        "requirements", "note", f"{name} {why}", "not checked: ask again with network, or ship wheels in wheels/"
    )


def _resolve(
    uv: Path, directory: Path, source: Source, work: Path, without: Collection[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Ask uv what it would install, as a host does: wheels only, hashes where there are any."""
    path = source.path
    if source.exported:
        path = work / "exported.txt"
        export: list[str | Path] = [
            uv,
            "export",
            "--quiet",
            "--frozen",
            "--no-dev",
            "--no-emit-project",
            "--no-header",
            "--output-file",
            path,
        ]
        done = _run([*export, "--project", directory], work)
        if done.returncode:
            return done
    argv: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--dry-run",
        "--no-progress",
        "--color",
        "never",
        "--only-binary",
        ":all:",
    ]
    argv += ["--target", work / "target", "--python-version", HOST_MINOR, "--python-platform", HOST_PLATFORM]
    argv += ["--python", sys.executable, *(["--require-hashes"] if source.hashed else [])]
    if (directory / "wheels").is_dir():
        argv += ["--no-index", "--find-links", directory / "wheels"]
    if without:
        # A requirement goes on as long as its lines end in a backslash.
        text = re.sub(r"\\\n", "\0", path.read_text(encoding="utf-8", errors="replace"))
        kept = [
            line for line in text.splitlines() if not re.match(rf"(?:{'|'.join(map(re.escape, without))})[\[=]", line)
        ]
        path = work / "kept.txt"
        path.write_text("\n".join(kept).replace("\0", "\\\n") + "\n", encoding="utf-8")
        argv += ["--no-deps"]
    return _run([*argv, "--requirements", path], directory)


def _run(argv: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=cwd, capture_output=True, text=True, errors="replace", timeout=RESOLVE_SECONDS, check=False
    )
