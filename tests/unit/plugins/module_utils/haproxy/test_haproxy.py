"""The map, and a running HAProxy that is asked and told by its socket."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy as _edge
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy.haproxy import HaproxyError, Runtime

from tests.unit.plugins.short_folder import short_folder

MAP = Path("/opt/backend/haproxy.map")
PEM = Path("/etc/haproxy/service.pem")
FOOTER = "-----END CERTIFICATE-----"
FIRST, SECOND = (f"-----BEGIN CERTIFICATE-----\n{content}\n{FOOTER}" for content in ("Zmlyc3Q=", "c2Vjb25k"))
KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
SHA1 = hashlib.sha1(b"second", usedforsecurity=False).hexdigest().upper()
UNKNOWN = "Unknown map identifier. Please use #<id> or <file>."


class HAProxy:
    """What stands for it: a server that closes after each answer, as HAProxy does, with a map in each worker's memory.

    One socket is that of the worker with new connections and that of the master, which is told which one is meant.
    """

    def __init__(self, path: Path) -> None:
        self.workers: dict[str, dict[str, str] | None] = {"20": {"active": "blue", "maintenance": "off"}}
        """By their process ids, the one with new connections first."""
        self.ending: set[str] = set()
        """Those that end before they do what they are told."""
        self.certificate = ""
        self.pending = ""
        self.largest = 16_384
        self.deaf = False
        self.silent = False
        self.commands: list[str] = []
        self.path = path
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def entries(self) -> dict[str, str] | None:
        return self.workers["20"]

    @entries.setter
    def entries(self, entries: dict[str, str] | None) -> None:
        self.workers["20"] = entries

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._server.accept()[0]
            except OSError:
                return
            if self.silent:
                continue
            with connection:
                # The caller tells the end of what it sends.
                command = connection.makefile("rb").read().decode()
                self.commands.append(command.strip())
                answer = self._certificate(command) if " ssl cert " in command else self._answer(command.split())
                connection.sendall(f"{answer}\n".encode())

    def _certificate(self, command: str) -> str:
        verb = command.split(maxsplit=1)[0]
        if verb == "show":
            return f"Filename: {PEM}\nSHA1 FingerPrint: {self.certificate}\n" if self.certificate else "Not found"
        if verb == "commit" and self.pending:
            self.certificate, self.pending = self.pending, ""
        if verb == "set" and len(command) < self.largest:
            # An empty line ends what belongs to a command.
            text = command.partition("<<\n")[2].partition("\n\n")[0]
            self.pending = {FIRST: "1D01", SECOND: SHA1}[text[: text.index("\n-----END") + len(FOOTER) + 1]]
        if verb == "abort":
            self.pending = ""
        return ""

    def _answer(self, words: list[str]) -> str:
        if words == ["show", "info"]:
            return "Name: HAProxy\nVersion: 2.6.12\nUptime: 0d 0h00m03s\nStart_time_sec: 1700000000\nPool: a: b\n"
        if words == ["show", "proc"]:
            old = "".join(f"{worker} worker 1 0d00h01m00s 2.6.12\n" for worker in list(self.workers)[1:])
            new = "20 worker 0 0d00h01m00s\n" if self.workers else ""
            return f"#<PID> <type>\n10 master 1 0d00h09m00s\n# workers\n{new}# old workers\n{old}"
        worker = words.pop(0)[2:] if words[0].startswith("@!") else "20"
        if worker in self.ending:
            self.workers.pop(worker, None)
            return f"Can't find the target PID matching the prefix '@!{worker}'"
        entries = self.workers[worker]
        if entries is None or words[2] != str(MAP):
            return UNKNOWN
        if words[:2] == ["show", "map"]:
            return "".join(f"0x55d0c0ffee{key[0]} {key} {value}\n" for key, value in entries.items())
        if words[3] not in entries:
            return "entry not found."
        if not self.deaf:
            entries[words[3]] = words[4]
        return ""


@pytest.fixture
def haproxy() -> Iterator[HAProxy]:
    with short_folder() as folder:
        found = HAProxy(folder / "slipway.sock")
        yield found
        found.close()


@pytest.fixture
def runtime(haproxy: HAProxy) -> Runtime:
    return Runtime(haproxy.path, haproxy.path)


def test_a_map_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.map"
    _edge.write_map(path, {"active": "green", "maintenance": "off"})
    assert path.read_text() == "active green\nmaintenance off\n"
    assert path.stat().st_mode & 0o777 == 0o644, "HAProxy reads it as an account of its own"
    assert _edge.read_map(path) == {"active": "green", "maintenance": "off"}


@pytest.mark.parametrize(
    ("text", "entries"),
    [("", {}), ("\n\n", {}), ("active\n", {}), ("a b c\nactive blue\n", {"active": "blue"})],
)
def test_lines_that_are_no_entries_say_nothing(tmp_path: Path, text: str, entries: dict[str, str]) -> None:
    (tmp_path / "haproxy.map").write_text(text)
    assert _edge.read_map(tmp_path / "haproxy.map") == entries


def test_without_a_map_there_are_no_entries(tmp_path: Path) -> None:
    assert _edge.read_map(tmp_path / "haproxy.map") == {}


def test_what_it_has_in_memory_is_read(runtime: Runtime, haproxy: HAProxy) -> None:
    assert runtime.entries(MAP) == {"active": "blue", "maintenance": "off"}
    assert haproxy.commands == [f"show map {MAP}"]


def test_without_this_map_it_has_no_entries(runtime: Runtime, haproxy: HAProxy) -> None:
    haproxy.entries = None
    assert runtime.entries(MAP) is None


def test_where_it_does_not_run_it_has_no_entries(tmp_path: Path) -> None:
    assert Runtime(tmp_path / "slipway.sock").entries(MAP) is None


def test_its_start_is_read(runtime: Runtime) -> None:
    assert runtime.started() == 1700000000.0


def test_it_is_told_one_entry(runtime: Runtime, haproxy: HAProxy) -> None:
    runtime.set(MAP, "active", "green")
    assert haproxy.entries == {"active": "green", "maintenance": "off"}
    assert haproxy.commands[:2] == ["show proc", f"@!20 set map {MAP} active green"]


def test_workers_that_a_reload_has_left_are_told_too(runtime: Runtime, haproxy: HAProxy) -> None:
    haproxy.workers["15"] = {"active": "blue", "maintenance": "off"}
    runtime.set(MAP, "active", "green")
    assert haproxy.workers["15"] == haproxy.entries == {"active": "green", "maintenance": "off"}


def test_a_worker_that_ends_in_the_meantime_is_no_error(runtime: Runtime, haproxy: HAProxy) -> None:
    haproxy.workers["15"] = {"active": "blue", "maintenance": "off"}
    haproxy.ending.add("15")
    runtime.set(MAP, "active", "green")
    assert haproxy.workers == {"20": {"active": "green", "maintenance": "off"}}


def test_a_parent_that_reloads_is_waited_for(haproxy: HAProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    with short_folder() as folder:
        master = folder / "master.sock"
        deaf = socket.socket(socket.AF_UNIX)
        deaf.bind(str(master))

        def over(_: float) -> None:
            master.unlink()
            master.symlink_to(haproxy.path)

        monkeypatch.setattr(_edge.time, "sleep", over)
        Runtime(haproxy.path, master).set(MAP, "active", "green")
        deaf.close()
    assert haproxy.entries == {"active": "green", "maintenance": "off"}


def test_an_entry_that_it_lacks_is_an_error(runtime: Runtime) -> None:
    with pytest.raises(HaproxyError, match=r"still has colour unset instead of green: entry not found\."):
        runtime.set(MAP, "colour", "green")


def test_without_a_worker_nothing_was_told(runtime: Runtime, haproxy: HAProxy) -> None:
    haproxy.workers.clear()
    with pytest.raises(HaproxyError, match="has no worker"):
        runtime.set(MAP, "active", "green")


def test_a_command_without_effect_is_an_error(runtime: Runtime, haproxy: HAProxy) -> None:
    haproxy.deaf = True
    with pytest.raises(HaproxyError, match="still has active blue instead of green: it said nothing"):
        runtime.set(MAP, "active", "green")


def test_one_that_does_not_answer_is_named_with_where_to_look(
    runtime: Runtime, haproxy: HAProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_edge, "ANSWER_SECONDS", 0.2)
    haproxy.silent = True
    with pytest.raises(HaproxyError, match="systemctl status haproxy"):
        runtime.started()


def test_the_certificate_that_runs_is_read(runtime: Runtime, haproxy: HAProxy) -> None:
    assert runtime.certificate(PEM) is None
    haproxy.certificate = SHA1
    assert runtime.certificate(PEM) == SHA1


def test_a_certificate_is_renewed_from_its_file(runtime: Runtime, haproxy: HAProxy, tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    assert _edge.fingerprint(path) is None
    path.write_text(f"{SECOND}\n\n{FIRST}\n\n{KEY}")
    assert _edge.fingerprint(path) == SHA1
    haproxy.certificate = "1D01"
    assert runtime.renew(path) is True
    assert runtime.certificate(path) == SHA1
    sent = next(command for command in haproxy.commands if command.startswith("set"))
    assert sent.endswith(KEY.strip()), "an empty line before it would have ended the command"


@pytest.mark.parametrize("name", ["Zürich API".encode(), "Zürich API".encode("latin-1"), b"\xff\xfe\x00"])
def test_text_around_the_blocks_of_a_certificate_may_be_in_any_encoding(
    runtime: Runtime, haproxy: HAProxy, tmp_path: Path, name: bytes
) -> None:
    path = tmp_path / "service.pem"
    attributes = b"Bag Attributes\n    friendlyName: " + name + b"\n"
    path.write_bytes(attributes + SECOND.encode() + attributes + KEY.encode())
    assert _edge.fingerprint(path) == SHA1
    haproxy.certificate = "1D01"
    assert runtime.renew(path) is True
    sent = next(command for command in haproxy.commands if command.startswith("set"))
    assert "friendlyName" not in sent
    assert KEY.strip() in sent


def test_a_file_without_a_certificate_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "service.pem"
    path.write_text(KEY)
    with pytest.raises(HaproxyError, match="holds no certificate: .* run the role haproxy"):
        _edge.fingerprint(path)


def test_a_certificate_that_is_too_large_is_left_to_a_reload(
    runtime: Runtime, haproxy: HAProxy, tmp_path: Path
) -> None:
    (tmp_path / "service.pem").write_text(f"{SECOND}\n{KEY}")
    haproxy.certificate, haproxy.largest = "1D01", 50
    assert runtime.renew(tmp_path / "service.pem") is False
    assert haproxy.certificate == "1D01"
    assert haproxy.commands[-1].startswith("abort ssl cert")


def test_connections_are_counted_those_that_wait_too() -> None:
    with short_folder() as folder, socket.socket(socket.AF_UNIX) as server:
        path = folder / "app.sock"
        server.bind(str(path))
        server.listen()
        assert _edge.connections(path) == 0
        with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
            first.connect(str(path))
            second.connect(str(path))
            assert _edge.connections(path) == 2, "none is accepted yet"
            accepted = server.accept()[0]
            assert _edge.connections(path) == 2
            assert _edge.connections(folder / "other.sock") == 0
        accepted.close()
        server.accept()[0].close()
        assert _edge.connections(path) == 0


def test_names_in_any_encoding_do_not_end_a_release(tmp_path: Path) -> None:
    table, map_file = tmp_path / "unix", tmp_path / "haproxy.map"
    of_another = b"0: 3 0 0 1 3 12 @caf\xe9\n"
    own = b"0: 3 0 0 1 3 13 /run/backend-blue/app.sock\n"
    table.write_bytes(b"Num RefCount Protocol Flags Type St Inode Path\n" + of_another + own)
    assert _edge.connections(Path("/run/backend-blue/app.sock"), table) == 1
    map_file.write_bytes(b"active blue\n\xff\xfe\n")
    assert _edge.read_map(map_file) == {"active": "blue"}
