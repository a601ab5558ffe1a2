"""`make logs`, `make status`, `make shell` and `make run`: the service on its hosts."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.slipway.fastapi.plugins.module_utils._service import context
from ansible_collections.slipway.fastapi.plugins.module_utils._system import printable, untrusted_json

from slipway.operate.hosts import Host, choose, find_hosts
from slipway.operate.on_host import state as on_host_state
from slipway.operate.on_host.state import HAPROXY, SLOTS
from slipway.operate.progress import waiting

STATE = Path(on_host_state.__file__)
INSIDE = Path(context.__file__)
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60


def on_host(script: Path, *arguments: str) -> list[str]:
    """The command that runs a file of ours on a host as root, as ssh takes it: in one word."""
    text = script.read_text(encoding="utf-8")
    return [shlex.join(["sudo", "--non-interactive", "python3", "-c", text, *arguments])]


def journal(host: Host, lines: int, follow: bool, since: str) -> list[str]:
    """The command that shows the service's journal on a host: what both slots and the unit itself wrote.

    HAProxy's lines are part of it, since an error that it answered itself never reached the service.
    """
    units = (host.unit, *(f"{host.unit}@{slot}" for slot in SLOTS), HAPROXY)
    options = [*(["--follow"] if follow else []), *([f"--since={since}"] if since else [])]
    argv = [
        "sudo",
        "--non-interactive",
        "journalctl",
        "--no-pager",
        *(f"--unit={unit}" for unit in units),
        f"--lines={lines}",
        *options,
    ]
    return [shlex.join(argv)]


def beside(host: Host, terminal: bool, *words: str) -> list[str]:
    """The command that runs `words` beside the service, inside what surrounds it."""
    return on_host(INSIDE, host.directory, host.unit, "terminal" if terminal else "pipe", *words)


def state_of(host: Host) -> dict[str, Any]:
    """What the host says of itself, or `error` where it does not."""
    known = {"host": host.name, "app": host.app, "address": host.public or host.address, "artifact": host.artifact}
    argv = host.ssh(
        on_host(STATE, host.directory, host.unit),
        options=["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}"],
    )
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return known | {"error": f"no answer within {ANSWER_SECONDS} s"}
    if not done.stdout.strip():
        said = done.stderr.strip().splitlines() or ["no answer"]
        return known | {"error": said[-1]}
    try:
        # What the inventory knows wins: a host does not say which host or application it is.
        state = {**untrusted_json.loads(done.stdout), **known}
        line_of(state)
        well(state)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return known | {"error": f"it answers something else than its state: {done.stdout}"}
    return state


def line_of(state: dict[str, Any]) -> str:
    """A host's state for a person, in one line."""
    begin = f"{state['host']}  {state['app']}  "
    if "error" in state:
        return f"{begin}✗ {printable.printable(state['error'])}"
    unit, disk, verify = state["unit"], state["disk"], state["verify"]
    parts = [
        f"release {state['release'] or 'none'}",
        _unit(state),
        f"since {unit['since']}" if unit["since"] else "",
        f"restarts {unit['restarts']}" if unit["restarts"] else "",
        *_around(state),
        f"disk {disk['free'] / 2**30:.1f} of {disk['total'] / 2**30:.1f} GiB free",
        f"verify {_verdict(verify, state['release'])}" if unit["load"] == "loaded" or not well(state) else "",
    ]
    return begin + printable.line("  ".join(part for part in parts if part))


def _unit(state: dict[str, Any]) -> str:
    """Whether the service runs, and in which slot; or why there is none."""
    unit, slot = state["unit"], state["slot"]
    if unit["load"] == "loaded":
        return f"{'✓' if serves(state) else '✗'} {slot}{' ' if slot else ''}{unit['active']} ({unit['sub']})"
    if well(state):
        return f"✓ no service: ready for Docker{', with files' if state['release'] else ''}"
    return f"✗ no {unit['name']}.service"


def _around(state: dict[str, Any]) -> Iterator[str]:
    """What is worth saying of HAProxy, and of a slot that does not serve and runs all the same."""
    haproxy = state["haproxy"]
    if haproxy and not runs(haproxy):
        yield f"✗ HAProxy {haproxy['active']} ({haproxy['sub']})"
    if state["maintenance"]:
        yield "! maintenance"
    for other in state["beside"]:
        mark = "! " if other["doing"] == "left running" else ""
        yield f"{mark}{other['slot']} {other['doing']} (release {other['release'] or 'unknown'})"


def _verdict(verify: dict[str, Any] | None, release: str) -> str:
    if not verify:
        return "not since the host started"
    result = "✓" if verify["ok"] else f"✗ {', '.join(verify['red'])}"
    return f"{result} {verify['started']}" + ("" if verify["release"] == release else " (another release)")


def runs(unit: dict[str, Any]) -> bool:
    """Whether a unit is up."""
    return bool(unit["active"] == "active")


def serves(state: dict[str, Any]) -> bool:
    """Whether the service itself is up. Behind HAProxy the unit of its name runs without any slot too."""
    return runs(state["unit"]) and bool(state["slot"] or not state["haproxy"])


def well(state: dict[str, Any]) -> bool:
    """Whether the host answers and its service runs, where it has one, with HAProxy where that has the port."""
    if "error" in state:
        return False
    if state["haproxy"]:
        return serves(state) and runs(state["haproxy"])
    # Files are current without a service, which would have left a link to its packages.
    without = not state["artifact"] or (state["release"] and not state["serves"])
    return serves(state) or bool(without and state["unit"]["load"] == "not-found")


def status(hosts: list[Host], as_json: bool) -> bool:
    """Print the state of every host, all asked at the same time, and return whether each is well."""
    with waiting(f"Asking {len(hosts)} hosts"), ThreadPoolExecutor(max_workers=16) as pool:
        states = list(pool.map(state_of, hosts))
    print(json.dumps(states, indent=2) if as_json else "\n".join(line_of(state) for state in states))
    return all(well(state) for state in states)


def replace_by(host: Host, command: list[str], terminal: bool) -> NoReturn:
    """Become the ssh that runs the command, so that keys, signals and the exit code are its own."""
    argv = host.ssh(command, options=["-t"] if terminal else [])
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - a shell has no part in this


def logs(inventory: str, name: str | None, lines: int, follow: bool, since: str) -> NoReturn:
    """Show the service's journal on a host. Raises NoHostError."""
    host = choose(find_hosts(inventory), name)
    # Without a terminal the host's journalctl would outlive an interrupted `--follow`.
    replace_by(host, journal(host, lines, follow, since), _terminal() and follow)


def shell(inventory: str, name: str | None) -> NoReturn:
    """Open a shell as the service's account, in its release. Raises NoHostError."""
    host, terminal = choose(find_hosts(inventory), name), _terminal()
    replace_by(host, beside(host, terminal, "/bin/bash", *(["-i"] if terminal else [])), terminal)


def run(inventory: str, name: str | None, command: str) -> NoReturn:
    """Run one command as the service's account, in its release. Raises NoHostError."""
    host, terminal = choose(find_hosts(inventory), name), _terminal()
    replace_by(host, beside(host, terminal, "/bin/sh", "-c", command), terminal)


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
