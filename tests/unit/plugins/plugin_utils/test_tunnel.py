"""The ssh command that forwards a port, and what is told when it does not."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tunnel import (
    TunnelError,
    command_line,
    forwarded,
    ssh_settings,
)

SETTINGS: dict[str, Any] = {
    "host": "i-0123456789abcdef0",
    "ssh_executable": "ssh",
    "ssh_args": "-C -o ControlMaster=auto -o ControlPersist=60s",
    "ssh_common_args": '-o UserKnownHostsFile="/a b/known_hosts" -o ProxyCommand="aws ssm start-session --target %h"',
    "ssh_extra_args": None,
    "port": 2222,
    "remote_user": "slipway",
    "private_key_file": "/keys/a b",
}
LISTEN = """
import socket, sys, time
port = int(sys.argv[1])
with socket.create_server(("127.0.0.1", port)):
    print("channel 2: open failed:\\x1b[2J administratively prohibited", flush=True)
    time.sleep(60)
"""


def program(folder: Path, body: str) -> str:
    """A program that stands for ssh; its first argument is the local port."""
    script = folder / "script.py"
    script.write_text(body)
    path = folder / "ssh"
    path.write_text(
        f'#!/bin/sh\nfor word; do case "$word" in 127.0.0.1:*) port=$(echo "$word" | cut -d: -f2);; esac; done\n'
        f'exec "{sys.executable}" "{script}" "$port"\n'
    )
    path.chmod(0o755)
    return str(path)


def test_the_command_reaches_the_host_as_ansible_does() -> None:
    argv = command_line(SETTINGS, 40000, "db.invalid", 5432, 30)
    assert argv[0] == "ssh"
    assert argv[-2:] == ["--", "i-0123456789abcdef0"]
    assert argv[argv.index("-L") + 1] == "127.0.0.1:40000:db.invalid:5432"
    assert "UserKnownHostsFile=/a b/known_hosts" in argv
    assert "ProxyCommand=aws ssm start-session --target %h" in argv
    assert {"Port=2222", 'User="slipway"', 'IdentityFile="/keys/a b"'} <= set(argv)


def test_what_must_hold_stands_first_since_ssh_takes_the_first_value() -> None:
    argv = command_line(SETTINGS, 40000, "db.invalid", 5432, 30)
    assert argv.index("ControlMaster=no") < argv.index("ControlMaster=auto")
    for word in ("ControlPath=none", "ExitOnForwardFailure=yes", "BatchMode=yes", "ForwardAgent=no"):
        assert argv.index(word) < argv.index("-C")


def test_a_host_that_is_not_reached_by_ssh_is_refused() -> None:
    with pytest.raises(TunnelError, match=r"reached by docker, which cannot forward a port: reach it by SSH"):
        ssh_settings(SimpleNamespace(transport="docker"))


def test_the_connections_own_options_are_taken() -> None:
    connection = SimpleNamespace(transport="ssh", get_option=SETTINGS.__getitem__)
    assert ssh_settings(connection) == SETTINGS


def test_a_forwarded_port_is_open_until_the_block_ends(tmp_path: Path) -> None:
    settings = {**SETTINGS, "ssh_executable": program(tmp_path, LISTEN)}
    with forwarded(settings, "db.invalid", 5432, 20) as opened:
        socket.create_connection(("127.0.0.1", opened.port), timeout=5).close()
        assert opened.words() == "channel 2: open failed:\N{REPLACEMENT CHARACTER}[2J administratively prohibited"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", opened.port), timeout=5)


def test_ssh_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    body = "import sys; sys.exit('Warning: Permanently added x\\nhost: Permission denied (publickey).')"
    with (
        pytest.raises(TunnelError, match=r"could not open a port to the database: host: Permission denied \(publickey"),
        forwarded({**SETTINGS, "ssh_executable": program(tmp_path, body)}, "db.invalid", 5432, 20),
    ):
        pass


def test_ssh_that_is_missing_is_told() -> None:
    with (
        pytest.raises(TunnelError, match="install OpenSSH's client"),
        forwarded({**SETTINGS, "ssh_executable": "/nowhere/ssh"}, "db.invalid", 5432, 20),
    ):
        pass


def test_ssh_that_never_listens_is_given_up(tmp_path: Path) -> None:
    body = "import time; time.sleep(60)"
    with (
        pytest.raises(TunnelError, match=r"opened no port to the database within 0\.2 s"),
        forwarded({**SETTINGS, "ssh_executable": program(tmp_path, body)}, "db.invalid", 5432, 0.2),
    ):
        pass
