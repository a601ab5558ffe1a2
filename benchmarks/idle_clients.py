"""What thousands of idle clients do to the others: HAProxy and the sample service as they are set up, and as they were.

    .venv/bin/python -m benchmarks.idle_clients [--haproxy PATH] [--rounds 3]

Everything runs on this machine's loopback and ends within five minutes: the configuration that the role haproxy
renders, the limits of open files of both units, HAProxy, and uvicorn with the sample service. The negative control is
the configuration of commit 992ca80, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.template import trust_as_template

from tests.unit.roles.loading import templar_of, variables_of

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "idle_clients"
CONTROL = "992ca80"
CROWD = 4000
PORT = 18080
OPEN_SECONDS, PROBE_SECONDS, PATIENCE = 15.0, 4.0, 3.0
"""For the crowd to connect; during which others ask; that one of those waits for its answer."""
MOST_SECONDS = 300.0
"""For all rounds."""
EVERY = 0.05
"""Seconds between two requests of the others, each on a new connection."""
DEFAULT_FILES = 1024
"""systemd's soft limit of open files, where a unit says nothing (systemd-system.conf(5), DefaultLimitNOFILE)."""

STREAM = b"GET /events?count=1000&interval=60 HTTP/1.1\r\nHost: test\r\n\r\n"
BODY = b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
MANY = [f"127.0.1.{number}" for number in range(1, 41)]
ONE = ["127.0.2.1"]
CROWDS: dict[str, tuple[bytes, list[str]]] = {
    "nobody": (b"", []),
    "4,000 idle streams of 40 sources": (STREAM, MANY),
    "4,000 bodies that never come, of 40 sources": (BODY, MANY),
    "4,000 idle streams of one source": (STREAM, ONE),
}


@dataclass(frozen=True)
class Names:
    """What the roles and their files are called."""

    proxy_role: str = "haproxy"
    service_role: str = "service"
    service_unit: str = "slot@.service.j2"
    map_file: str = "haproxy.map"


CONTROL_NAMES = Names("edge", "uvicorn", "colour@.service.j2", "edge.map")


@dataclass(frozen=True)
class Setup:
    """A configuration of HAProxy and the service."""

    name: str
    roles: Path
    """The folder of roles that it is rendered from."""
    names: Names = Names()

    def render(self, role: str, template: str, **own: Any) -> str:
        """A template of a role with its defaults."""
        variables = variables_of(self.roles / role, ("defaults/main", "vars/main")) | own
        text = (self.roles / role / "templates" / template).read_text(encoding="utf-8")
        return str(templar_of(variables).template(trust_as_template(text)))

    def files(self, role: str, template: str) -> int:
        """The limit of open files that a unit sets."""
        found = re.search(r"^LimitNOFILE=(\d+)$", self.render(role, template), re.MULTILINE)
        return int(found[1]) if found else DEFAULT_FILES

    def service_files(self) -> int:
        """The limit of open files of the service."""
        return self.files(self.names.service_role, self.names.service_unit)

    def proxy_files(self) -> int:
        """The limit of open files of HAProxy."""
        return self.files(self.names.proxy_role, "haproxy.service.j2")


@contextmanager
def serving(setup: Setup, haproxy: str, folder: Path) -> Iterator[Path]:
    """HAProxy on PORT with the service behind it. Yields the file that both write their log to."""
    (folder / setup.names.map_file).write_text("active blue\nmaintenance off\n")
    run = folder / "run" / "backend-blue"
    run.mkdir(parents=True)
    settings: dict[str, Any] = {"dir": str(folder), "addresses": ["127.0.0.1"], "port": PORT, "statistics_port": 0}
    role = setup.names.proxy_role
    text = setup.render(role, "haproxy.cfg.j2", **{f"{role}_{name}": value for name, value in settings.items()})
    text = text.replace("unix@/run/", f"unix@{folder}/run/").replace("/run/haproxy/", f"{folder}/")
    (folder / "haproxy.cfg").write_text(text)
    launcher = setup.roles / setup.names.service_role / "files" / "slipway_serve.py"
    start = [str(launcher)] if launcher.exists() else ["-m", "uvicorn"]
    service = [sys.executable, *start, "main:app", "--uds", str(run / "app.sock"), "--proxy-headers"]
    limits = setup.service_files(), setup.proxy_files()
    log = folder / "log"
    with log.open("wb") as output:
        processes = [
            start_limited(service, limits[0], output.fileno(), ROOT / "examples" / "app"),
            start_limited([haproxy, "-db", "-f", str(folder / "haproxy.cfg")], limits[1], output.fileno(), folder),
        ]
        try:
            until_healthy()
            yield log
        finally:
            for process in processes:
                process.kill()
                process.wait()


def start_limited(argv: list[str], files: int, output: int, cwd: Path) -> subprocess.Popen[bytes]:
    """Starts a process with a limit of open files."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        preexec_fn=limit,  # noqa: PLW1509 - this program has one thread
    )


def until_healthy() -> None:
    """Waits for a good answer. Raises TimeoutError after a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=2) as connection:
            connection.sendall(HEALTH)
            if connection.recv(100).startswith(b"HTTP/1.1 200 "):
                return
        time.sleep(0.1)
    raise TimeoutError("HAProxy and the service do not answer")


async def crowd(request: bytes, sources: list[str], held: list[asyncio.StreamWriter]) -> Counter[str]:
    """Opens the crowd's connections, asks, and keeps them. Returns what each got within OPEN_SECONDS."""
    gate = asyncio.Semaphore(200)
    found: Counter[str] = Counter()

    async def one(source: str) -> None:
        async with gate:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", PORT, local_addr=(source, 0))
                held.append(writer)
                writer.write(request)
                await writer.drain()
                if request is BODY:
                    found["sent"] += 1
                    return
                head = await reader.read(12)
                found[head[9:].decode() or "closed"] += 1
            except OSError:
                found["closed"] += 1

    tasks = [asyncio.create_task(one(sources[number % len(sources)])) for number in range(CROWD if sources else 0)]
    if tasks:
        _, waiting = await asyncio.wait(tasks, timeout=OPEN_SECONDS)
        found["no answer"] = len(waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return found


async def ask() -> tuple[str, float]:
    """One request of another client: what came of it, and after how many milliseconds."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(HEALTH)
            head = await reader.read(12)
            writer.close()
            result = head[9:].decode() or "closed"
    except (OSError, TimeoutError) as error:
        result = "no answer" if isinstance(error, TimeoutError) else "closed"
    return result, (time.monotonic() - began) * 1000


async def observe(request: bytes, sources: list[str], log: Path) -> dict[str, Any]:
    """What the crowd got, and what the others got beside it."""
    held: list[asyncio.StreamWriter] = []
    got = await crowd(request, sources, held)
    lines = log.read_bytes().count(b"\n")
    asked = []
    for _ in range(int(PROBE_SECONDS / EVERY)):
        asked.append(asyncio.create_task(ask()))
        await asyncio.sleep(EVERY)
    answers = await asyncio.gather(*asked)
    written = log.read_bytes().count(b"\n") - lines
    for writer in held:
        writer.transport.abort()
    return {
        "crowd": dict(got),
        "asked": len(answers),
        "results": dict(Counter(result for result, _ in answers)),
        "milliseconds": sorted(round(taken, 1) for result, taken in answers if result == "200"),
        "log lines": written,
    }


def figures(rounds: list[dict[str, Any]]) -> list[str]:
    """The cells of one crowd and setup: medians of the rounds."""
    answered = [found["results"].get("200", 0) for found in rounds]
    times = [statistics.median(found["milliseconds"]) for found in rounds if found["milliseconds"]]
    lines = statistics.median(found["log lines"] for found in rounds)
    return [
        f"{statistics.median(answered):.0f} of {rounds[0]['asked']}",
        f"{statistics.median(times):.1f} ms" if times else "none",
        f"{lines:,.0f}",
    ]


def table(raw: dict[str, Any]) -> str:
    """The README's table of raw results."""
    rows = [
        "| Crowd | Setup | Others answered | Median | Log lines meanwhile |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in CROWDS:
        for setup in raw["limits"]:
            rounds = [found for found in raw["rounds"] if (found["crowd name"], found["setup"]) == (name, setup)]
            rows.append(f"| {name} | {setup} | {' | '.join(figures(rounds))} |")
    return "\n".join(rows)


def measure(haproxy: str, rounds: int) -> dict[str, Any]:
    """All crowds with both setups, several times."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryDirectory(prefix="idle-clients-") as name:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", CONTROL, "roles/edge", "roles/uvicorn"], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", name], input=archive.stdout, check=True)
        setups = Setup(f"of {CONTROL}", folder / "roles", CONTROL_NAMES), Setup("now", ROOT / "roles")
        limits = {
            setup.name: {
                "files of the service": setup.service_files(),
                "files of HAProxy": setup.proxy_files(),
            }
            for setup in setups
        }
        most = max(*(value for own in limits.values() for value in own.values()), CROWD + 1000)
        if hard < most:
            raise SystemExit(f"this needs {most} open files, and the limit is {hard}: raise it (ulimit -Hn {most})")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CROWD + 1000), hard))
        found: list[dict[str, Any]] = []
        began = time.monotonic()
        for number in range(rounds):
            # A busy machine does fewer rounds.
            if number and (time.monotonic() - began) * (number + 1) / number > MOST_SECONDS:
                break
            for crowd_name, (request, sources) in CROWDS.items():
                for setup in setups:
                    place = folder / f"{number}-{len(found)}"
                    place.mkdir()
                    with serving(setup, haproxy, place) as log:
                        result = asyncio.run(observe(request, sources, log))
                    found.append({"round": number, "crowd name": crowd_name, "setup": setup.name, **result})
                    print(f"{crowd_name}, {setup.name}: {result['results']}, crowd {result['crowd']}", flush=True)
    version = subprocess.run([haproxy, "-v"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {
        "at": datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ"),
        "commit": commit.strip(),
        "haproxy": version,
        "processors": os.cpu_count(),
        "limit of open files": hard,
        "limits": limits,
        "rounds": found,
    }


def main() -> None:
    """Measures, keeps the raw results and prints the table."""
    parser = argparse.ArgumentParser(description="What thousands of idle clients do to the others.")
    parser.add_argument(
        "--haproxy", default=shutil.which("haproxy"), help="HAProxy's program (apt-get install haproxy)"
    )
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 4))
    options = parser.parse_args()
    if not options.haproxy:
        parser.error("HAProxy is not installed: apt-get install haproxy, or name it with --haproxy")
    raw = measure(options.haproxy, options.rounds)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{raw['at']}.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    print(f"\n{table(raw)}")


if __name__ == "__main__":
    main()
