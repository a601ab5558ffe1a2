"""Who holds a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._system import sockets
from ansible_collections.slipway.fastapi.plugins.module_utils._system.sockets import Holder

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   0: {address}:1F40 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 {inode} 1\n"
V4, V6 = "00000000", "0" * 32


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        found.listen()
        yield found


def test_a_port_of_this_process(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    inode = str(os.fstat(listener.fileno()).st_ino)
    assert sockets.listening(port) == {inode}
    assert inode in sockets.sockets_of(os.getpid())
    holder = sockets.holder(port)
    assert holder is not None
    assert holder.pid == os.getpid()
    assert holder.name == Path("/proc/self/comm").read_text().strip()


def test_a_port_that_is_only_used_is_not_held(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()) as client:
        assert sockets.holder(client.getsockname()[1]) is None


def test_a_free_port_is_held_by_nobody(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert sockets.holder(port) is None


@pytest.mark.parametrize(("table", "address"), [("tcp", V4), ("tcp6", V6)])
def test_both_tables_are_read(tmp_path: Path, table: str, address: str) -> None:
    lines = [LINE.format(address=address, state=state, inode=inode) for state, inode in (("0A", 71), ("01", 72))]
    (tmp_path / table).write_text(HEAD + "".join(lines))
    assert sockets.listening(8000, tmp_path) == {"71"}
    assert sockets.listening(8001, tmp_path) == set()


def test_a_holder_out_of_sight_is_one_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(HEAD + LINE.format(address=V4, state="0A", inode=71))
    assert sockets.holder(8000, tmp_path) == Holder(0, "a process that cannot be seen")


def test_a_holder_that_has_just_ended_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(HEAD + LINE.format(address=V4, state="0A", inode=71))
    (tmp_path / "31" / "fd").mkdir(parents=True)
    (tmp_path / "31" / "fd" / "3").symlink_to("socket:[71]")
    assert sockets.holder(8000, tmp_path) == Holder(31, "a process that has ended")


def test_a_process_and_all_that_it_has_started(tmp_path: Path) -> None:
    for pid, children in ((10, "11 12 "), (11, "13 "), (12, ""), (13, "")):
        (tmp_path / str(pid) / "task" / str(pid)).mkdir(parents=True)
        (tmp_path / str(pid) / "task" / str(pid) / "children").write_text(children)
    assert sockets.family(10, tmp_path) == [10, 11, 12, 13]
    assert sockets.family(99, tmp_path) == [99]


def test_a_child_belongs_to_the_family() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in sockets.family(os.getpid())
        child.communicate(b"\n")


def test_a_process_that_has_gone_has_no_sockets() -> None:
    assert sockets.sockets_of(2**22 + 1) == set()
