"""What stands for HAProxy: it sends each connection where its map says, and is told another way by its socket.

`python -I fake_haproxy.py PORT RUN MAP UNIT`: RUN is the folder of its sockets and, for each colour, of the service's.
It reads the map at its start and at SIGHUP. The commands are those that the collection uses; it is its own only worker.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class HAProxy:
    """One that runs."""

    def __init__(self, port: int, run: Path, map_file: Path, unit: str) -> None:
        self.port, self.run, self.file, self.unit = port, run, map_file, unit
        self.entries: dict[str, str] = {}
        self.started = 0.0

    def read(self) -> None:
        lines = self.file.read_text().splitlines()
        self.entries = dict(line.split() for line in lines)
        self.started = time.time()

    def listen(self) -> None:
        """Takes the port, and then tells that it is ready by its sockets. Raises OSError where the port is held."""
        public = socket.socket()
        public.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        public.bind(("127.0.0.1", self.port))
        public.listen()
        self.read()
        for name in ("master.sock", "slipway.sock"):
            commands = socket.socket(socket.AF_UNIX)
            path = self.run / "haproxy" / name
            commands.bind(str(path.with_suffix(".new")))
            commands.listen()
            path.with_suffix(".new").rename(path)
            threading.Thread(target=_accept, args=(commands, self.obey), daemon=True).start()
        threading.Thread(target=_accept, args=(public, self.serve), daemon=True).start()

    def obey(self, connection: socket.socket) -> None:
        words = connection.recv(1 << 16).decode().split()
        if words[0] == f"@!{os.getpid()}":
            words = words[1:]
        answer = ""
        if words == ["show", "proc"]:
            answer = f"#<PID> <type> <reloads>\n1 master 0\n# workers\n{os.getpid()} worker 0\n# programs\n"
        elif words == ["show", "info"]:
            answer = f"Name: HAProxy\nStart_time_sec: {int(self.started)}\n"
        elif words[2] != str(self.file):
            answer = "Unknown map identifier. Please use #<id> or <file>."
        elif words[:2] == ["show", "map"]:
            answer = "".join(f"0x55d0 {key} {value}\n" for key, value in self.entries.items())
        elif words[3] in self.entries:
            self.entries[words[3]] = words[4]
        else:
            answer = "entry not found."
        connection.sendall(f"{answer}\n".encode())

    def serve(self, client: socket.socket) -> None:
        colour = self.entries.get("active", "none")
        with socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(str(self.run / f"{self.unit}-{colour}" / "app.sock"))
            except OSError:
                client.sendall(b"HTTP/1.0 503 Service Unavailable\r\n\r\n")
                return
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            _pump(server, client)
            # The other thread still waits for the client, which a mere close would not end.
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, handle: Callable[[socket.socket], None]) -> None:
    def one(connection: socket.socket) -> None:
        with connection:
            handle(connection)

    while True:
        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass


if __name__ == "__main__":
    # Waited for, and not handled: a handler has to wait itself while accept() does.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    haproxy = HAProxy(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    haproxy.listen()
    while signal.sigwait([signal.SIGHUP]):
        haproxy.read()
