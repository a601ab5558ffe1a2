"""HAProxy in front of a service: the map that says what serves, and the socket by which a running HAProxy is told."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

MAP = "haproxy.map"
"""The file's name in the application's directory."""
UNIT = "haproxy"
CONFIG = Path("/etc/haproxy/haproxy.cfg")
SOCKET = Path("/run/haproxy/slipway.sock")
MASTER = Path("/run/haproxy/master.sock")
CERTIFICATE = Path("/etc/haproxy/service.pem")
"""With its chain and its key; there is none without HTTPS."""
ANSWER_SECONDS = 5.0
PAUSE = 0.1
NOTHING = "none"
"""What the map says where nothing has been released."""


class HaproxyError(Exception):
    """HAProxy did not do what it was asked."""


def read_map(path: Path) -> dict[str, str]:
    """The map's entries; none where there is no map."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    return dict(fields for fields in (line.split() for line in lines) if len(fields) == 2)


def write_map(path: Path, entries: Mapping[str, str]) -> None:
    """Replaces the map in one step, on the disk when this returns."""
    text = "".join(f"{key} {value}\n" for key, value in entries.items())
    files.write_file(path, text.encode(), 0o644)


@dataclass(frozen=True)
class Runtime:
    """The sockets of a running HAProxy. The commands are those of its management guide, sections 9.3 and 9.4."""

    path: Path = SOCKET
    """That of the worker which takes new connections."""
    master: Path = MASTER
    """That of its parent, which reaches every worker: those too that a reload has left with their last connections."""

    def entries(self, path: Path) -> dict[str, str] | None:
        """The map as HAProxy has it in memory; None where it does not run, or runs without this map."""
        try:
            return _entries(_ask(self.path, f"show map {path}"))
        except HaproxyError:
            return None

    def started(self) -> float:
        """The time since the epoch at which the configuration that it runs was read, in whole seconds."""
        facts = dict(line.split(": ", 1) for line in _ask(self.path, "show info").splitlines() if ": " in line)
        return float(facts.get("Start_time_sec") or 0)

    def set(self, path: Path, key: str, value: str) -> None:
        """Changes one entry in memory, for every request from now on, also on connections older than a reload.

        Raises:
            HaproxyError: a worker did not, or has another value afterwards, or there is none.
        """
        workers = self._workers()
        if not workers:
            raise HaproxyError(f"HAProxy has no worker: see `systemctl status {UNIT}`")
        for worker in workers:
            said = self._tell(f"@!{worker} set map {path} {key} {value}")
            held = (_entries(self._tell(f"@!{worker} show map {path}")) or {}).get(key)
            # One that was about to end may have done so in the meantime.
            if held != value and worker in self._workers():
                raise HaproxyError(
                    f"HAProxy still has {key} {held or 'unset'} instead of {value}: {said or 'it said nothing'}"
                )

    def certificate(self, path: Path) -> str | None:
        """The fingerprint of a certificate as HAProxy has it in memory; None where it has none from this file."""
        for line in _ask(self.path, f"show ssl cert {path}").splitlines():
            name, _, value = line.partition(": ")
            if name == "SHA1 FingerPrint":
                return value.strip()
        return None

    def renew(self, path: Path) -> bool:
        """Takes a certificate from its file for every new connection; those that are there keep the one they have.

        Returns whether it did: a command holds less than its buffer (tune.bufsize, 16 KiB), a file may hold more.
        """
        # An empty line would end what is sent, and HAProxy needs none of the text that may stand around the blocks.
        content = "\n".join(_blocks(path.read_bytes()))
        _ask(self.path, f"set ssl cert {path} <<\n{content}\n")
        _ask(self.path, f"commit ssl cert {path}")
        if self.certificate(path) == fingerprint(path):
            return True
        _ask(self.path, f"abort ssl cert {path}")
        return False

    def _workers(self) -> list[str]:
        """The process ids of all workers."""
        lines = (line.split() for line in self._tell("show proc").splitlines())
        return [fields[0] for fields in lines if len(fields) > 1 and fields[1] == "worker"]

    def _tell(self, command: str) -> str:
        """Asks the parent, which is deaf for a moment while it reloads, as an update of its package has it do."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return _ask(self.master, command)
            except HaproxyError as error:
                if not isinstance(error.__cause__, ConnectionRefusedError) or time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE)


def fingerprint(path: Path) -> str | None:
    """The SHA-1 fingerprint of the first certificate in a PEM file, as HAProxy writes it; None without the file."""
    try:
        blocks = _blocks(path.read_bytes())
    except FileNotFoundError:
        return None
    first = next((block for block in blocks if block.startswith(ssl.PEM_HEADER)), None)
    if first is None:
        raise HaproxyError(f"{path} holds no certificate: remove it, and run the role haproxy, which brings it")
    content = ssl.PEM_cert_to_DER_cert(first)
    return hashlib.sha1(content, usedforsecurity=False).hexdigest().upper()


def _blocks(content: bytes) -> list[str]:
    """The blocks of a PEM file, without the text around them (RFC 7468, 5.2), which may be in any encoding."""
    found = re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", content, re.DOTALL)
    texts = ((kind.decode(), body.decode("ascii", "replace")) for kind, body in found)
    return [
        "\n".join(
            [f"-----BEGIN {kind}-----", *filter(None, map(str.strip, body.splitlines())), f"-----END {kind}-----"]
        )
        for kind, body in texts
    ]


def _ask(path: Path, command: str) -> str:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(path))
            connection.sendall(f"{command}\n".encode())
            # The master keeps a connection for more commands until its end is told.
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(1 << 16):
                answer += chunk
    except OSError as error:
        raise HaproxyError(f"HAProxy does not answer at {path} ({error}): see `systemctl status {UNIT}`") from error
    return answer.decode("utf-8", "replace").strip()


def _entries(answer: str) -> dict[str, str] | None:
    # Each line: an address in memory, the key, the value.
    found = dict(
        fields[1:]
        for fields in (line.split() for line in answer.splitlines())
        if len(fields) == 3 and fields[0][:2] == "0x"
    )
    return found or None


def connections(path: Path, table: Path = Path("/proc/net/unix")) -> int:
    """How many connections a listening Unix socket has, those that wait to be accepted included.

    The kernel's own list: it holds whoever asks, and also a HAProxy that was reloaded and ends its last streams.
    """
    count = 0
    # Any account may give its sockets names in any encoding.
    for line in table.read_text(encoding="utf-8", errors="replace").splitlines()[1:]:
        # Num RefCount Protocol Flags Type St Inode Path; the flag marks the listening one (SO_ACCEPTCON).
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[7] == str(path) and int(fields[3], 16) == 0:
            count += 1
    return count
