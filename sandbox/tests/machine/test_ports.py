"""Listening ports and their processes."""

from __future__ import annotations

import os
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest

from sandbox.machine.ports import Listener, Need, holder, listeners, parse, taken

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:11E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000 100 0 0 10 0
   1: 0100007F:11E1 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0000 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:11EB 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 77 1
"""


def test_only_listening_sockets_are_read() -> None:
    assert parse(TCP) == [Listener(IPv4Address("127.0.0.1"), 4577, 4242)]
    assert parse(TCP6) == [Listener(IPv6Address("::"), 4587, 77)]


@pytest.mark.parametrize(
    ("address", "need", "clash"),
    [
        ("127.0.0.1", Need(1, "x", "127.0.0.1"), True),
        ("0.0.0.0", Need(1, "x", "127.0.0.1"), True),
        ("192.168.1.2", Need(1, "x", "127.0.0.1"), False),
        ("127.0.0.1", Need(1, "x"), False),
        ("0.0.0.0", Need(1, "x"), True),
        ("0.0.0.0", Need(2, "x"), False),
    ],
)
def test_sockets_that_block_a_port(address: str, need: Need, clash: bool) -> None:
    assert bool(taken([need], [Listener(IPv4Address(address), 1, 0)])) == clash


def test_the_process_on_a_port_is_named_with_the_fix() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        (sentence,) = taken([Need(port, "the AWS API", "127.0.0.1")], listeners())
        assert holder("127.0.0.1", port) == os.getpid()
    assert f"port {port}, which the AWS API needs, is taken by process {os.getpid()}" in sentence
    assert f"kill {os.getpid()}" in sentence
