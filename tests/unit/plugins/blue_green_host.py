"""A host with two slots behind HAProxy: its processes are real, systemd and HAProxy have stand-ins."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest

from tests.unit.plugins import fake_haproxy, fake_systemd
from tests.unit.plugins.fake_systemd import Definition, Manager
from tests.unit.plugins.running import Runner
from tests.unit.plugins.short_folder import short_folder

FIRST, SECOND, THIRD = (f"{letter * 12}-00000000" for letter in "abc")
SECRET = "canary-7f3a"
SLOTS = ("blue", "green")
SERVICE = """\
import http.server, json, os, socketserver, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = ANSWER
        self.send_response(status)
        self.end_headers()
        if self.path != "/stream":
            self.wfile.write(json.dumps(body).encode())
            return
        self.wfile.write(b"data: first\\n\\n")
        while STUBBORN or not os.path.exists(os.environ["SLIPWAY_DRAIN_FILE"]):
            time.sleep(0.02)
        self.wfile.write(b"data: last\\n\\n")

    def log_message(self, *_):
        pass

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

ANSWER, STUBBORN = (%s), %s
Server(os.environ["SOCKET"], Handler).serve_forever()
"""
ITS_OWN = '{"release": os.environ["SLIPWAY_RELEASE"]}'
GOOD = SERVICE % (f"200, {ITS_OWN}", False)
STUBBORN = SERVICE % (f"200, {ITS_OWN}", True)
SICK = SERVICE % (f"503, {ITS_OWN}", False)
FOREIGN = SERVICE % ('200, {"release": "1.4.2"}', False)
CRASHING = "import os\nraise RuntimeError('cannot use ' + os.environ['KEY'])\n"
PLAIN = """\
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"release": "%s"}).encode())

http.server.HTTPServer(("127.0.0.1", %d), Handler).serve_forever()
"""


class Host:
    """An application's directory with its units and its HAProxy."""

    def __init__(self, folder: Path) -> None:
        self.top, self.run, self.units = folder / "app", folder / "run", folder / "units"
        for made in (self.top / "shared", self.run, self.units):
            made.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.map = self.top / "haproxy.map"
        self.map.write_text("active none\nmaintenance off\n")
        self.config = self.run / "haproxy.cfg"
        self.config.touch()
        for name in ("backend.service", "backend@.service", "haproxy.service"):
            (self.units / name).write_text("[Service]\n")
        units = fake_systemd.install(folder / "systemd", self._definitions())
        self.environment = {**units, "TEST_RUN": str(self.run)}
        self.edit("haproxy", read=True)
        self._helpers: list[subprocess.Popen[bytes]] = []

    def _definitions(self) -> Iterator[Definition]:
        python = [sys.executable, "-I"]
        for slot in SLOTS:
            link, folder = self.top / slot, self.run / f"backend-{slot}"
            yield Definition(
                name=f"backend@{slot}.service",
                file=str(self.units / "backend@.service"),
                command=[*python, "main.py"],
                folder=str(link / "code"),
                variables=[str(link / ".env"), str(link / "release.env")],
                environment={"SOCKET": str(folder / "app.sock"), "SLIPWAY_DRAIN_FILE": str(folder / "drain")},
                runtime=str(folder),
            )
        yield Definition(
            name="backend.service",
            file=str(self.units / "backend.service"),
            command=[],
            parts=[f"backend@{slot}.service" for slot in SLOTS],
            starts=str(self.map),
        )
        yield Definition(
            name="haproxy.service",
            file=str(self.units / "haproxy.service"),
            command=[*python, fake_haproxy.__file__, str(self.port), str(self.run), str(self.map), "backend"],
            runtime=str(self.run / "haproxy"),
            ready=str(self.run / "haproxy" / "slipway.sock"),
        )

    def runner(self) -> Runner:
        """The module, for the first release."""
        options = {
            "dir": str(self.top),
            "release": FIRST,
            "strategy": "blue_green",
            "unit": "backend",
            "port": self.port,
            "timeout": 20,
            "drain": 20,
        }
        return Runner("release_switch", options, self.environment)

    # What there is to be found.

    def add(self, release: str, code: str = GOOD) -> None:
        top = self.top / "releases" / release
        (top / "code").mkdir(parents=True)
        (top / "venv").mkdir()
        (top / "code" / "main.py").write_text(code)
        (top / ".env").write_text(f"KEY={SECRET}\n")
        (top / "release.env").write_text(f"SLIPWAY_RELEASE={release}\n")
        manifest.write(top, {"release": release})

    def manager(self, unit: str) -> Manager:
        return Manager(Path(self.environment["FAKE_SYSTEMD"]), f"{unit}.service")

    def edit(self, unit: str, **state: Any) -> None:
        manager = self.manager(unit)
        manager.state |= state
        manager.save()

    def stop(self, unit: str) -> None:
        """As `systemctl stop`."""
        manager = self.manager(unit)
        manager.stop()
        manager.save()

    def crash(self, unit: str) -> None:
        """Ends the process, and nobody starts it again."""
        manager = self.manager(unit)
        manager.end()
        manager.state["wanted"] = False
        manager.save()

    def serve_plainly(self, release: str) -> None:
        """The service as it was before it had slots: its own process holds the port."""
        self._start(PLAIN % (release, self.port))
        self.edit("backend", pid=self._helpers[-1].pid, wanted=True, read=True, enabled=True)
        for link, target in (("current", f"releases/{release}"), (".env", "current/.env"), ("venv", "current/venv")):
            (self.top / link).symlink_to(target)

    def hold_the_port(self) -> int:
        """A foreign process on the port; returns its id."""
        self._start(PLAIN % ("foreign", self.port))
        return self._helpers[-1].pid

    def hold_nothing(self) -> int:
        """A process that only runs; returns its id."""
        self._helpers.append(subprocess.Popen(["sleep", "600"]))
        return self._helpers[-1].pid

    def _start(self, code: str) -> None:
        self._helpers.append(subprocess.Popen([sys.executable, "-I", "-c", code], stderr=subprocess.DEVNULL))
        wait_until(lambda: self.serving() is not None)

    # What a client and an administrator see.

    def serving(self) -> str | None:
        """The release that answers on the port."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return str(json.load(answer)["release"])
        except OSError:
            return None

    def active(self) -> str:
        """What the map on the disk says."""
        return dict(line.split() for line in self.map.read_text().splitlines())["active"]

    def running(self) -> list[str]:
        return [slot for slot in SLOTS if self.manager(f"backend@{slot}").pid]

    def links(self) -> dict[str, str]:
        return {path.name: str(path.readlink()) for path in self.top.iterdir() if path.is_symlink()}

    def commands(self) -> list[str]:
        """What systemd was asked to do since the last time."""
        path = Path(self.environment["FAKE_SYSTEMD"], "commands")
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [command for command in found if not command.startswith("reset-failed")]

    def history(self) -> list[dict[str, Any]]:
        path = self.top / "history.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def everything(self) -> object:
        """All that a run which is refused must leave as it was."""
        return self.links(), self.map.read_bytes(), self.running(), self.serving(), self.commands()

    def kill_at(self, *commands: str) -> None:
        """Kills the next run when it gives the last of these commands, having given those before it."""
        fake_systemd.kill_caller_at(Path(self.environment["FAKE_SYSTEMD"]), *commands)

    def close(self) -> None:
        for unit in ("haproxy", *(f"backend@{slot}" for slot in SLOTS)):
            self.manager(unit).end()
        for helper in self._helpers:
            helper.send_signal(signal.SIGKILL)
            helper.wait()


@contextmanager
def blue_green_host() -> Iterator[Host]:
    """A host with one release that nobody has switched to."""
    with short_folder() as folder:
        host = Host(folder)
        host.add(FIRST)
        try:
            yield host
        finally:
            host.close()


class Stream(threading.Thread):
    """A client with a stream of events."""

    def __init__(self, host: Host) -> None:
        super().__init__(daemon=True)
        self.events = b""
        self._port = host.port
        self.start()
        wait_until(lambda: b"first" in self.events)

    def run(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.sendall(b"GET /stream HTTP/1.0\r\n\r\n")
            while data := connection.recv(1 << 16):
                self.events += data


def linked(release: str, slot: str, before: str = "") -> dict[str, str]:
    """The links of a host whose releases took turns: this one in a slot, and the one before in the other."""
    links = {"current": f"releases/{release}", ".env": "current/.env", "venv": "current/venv"}
    links[slot] = f"releases/{release}"
    if before:
        links |= {"previous": f"releases/{before}", SLOTS[slot == "blue"]: f"releases/{before}"}
    return links


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
