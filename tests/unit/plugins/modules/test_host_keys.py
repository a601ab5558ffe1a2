"""Host keys that the console shows are known before the first connection, and no known one is ever changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.modules import host_keys

from tests.unit.plugins.running import Runner

ED25519 = "ssh-ed25519 " + "A" * 68
RSA = "ssh-rsa " + "B" * 372
CONSOLE = f"""[   12.3] cloud-init: modules done
-----BEGIN SSH HOST KEY KEYS-----
{ED25519} root@ip-10-0-0-4
{RSA} root@ip-10-0-0-4
-----END SSH HOST KEY KEYS-----
login:
"""


def test_keys_are_found_whatever_is_around_them() -> None:
    assert host_keys.keys_in(CONSOLE.replace("\n", "\r\n")) == [ED25519, RSA]
    assert host_keys.keys_in("".join(f"ci-info: {line}\n" for line in CONSOLE.splitlines())) == [ED25519, RSA]


def test_the_last_boot_counts() -> None:
    old = CONSOLE.replace("A" * 68, "C" * 68)
    assert host_keys.keys_in(old + CONSOLE) == [ED25519, RSA]


@pytest.mark.parametrize("console", ["", "no block", CONSOLE.partition("-----END")[0], CONSOLE.replace("ssh-", "xxx-")])
def test_a_console_without_a_whole_block_shows_none(console: str) -> None:
    assert host_keys.keys_in(console) == []


def test_names_that_are_known() -> None:
    assert host_keys.known(f"i-1 {ED25519}\n\ni-2,10.0.0.5 {RSA}\n") == {"i-1", "i-2", "10.0.0.5"}


def test_an_instance_that_does_not_tell_is_named_and_nothing_is_written(aws: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "folder" / "known_hosts"
    given = {"aws": aws, "instances": ["i-0123456789abcdef0"], "path": str(path)}
    result = Runner("host_keys", given).run()
    assert (result["changed"], result["learned"]) == (False, [])
    assert "ec2:GetConsoleOutput of i-0123456789abcdef0" in result["unknown"][0]
    assert not path.exists()


def test_known_instances_are_not_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"i-1 {ED25519}\n")
    nowhere = {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:9", "access_key": "a", "secret_key": "b"}
    result = Runner("host_keys", {"aws": nowhere, "instances": ["i-1"], "path": str(path)}).run()
    assert (result["changed"], result["learned"], result["unknown"]) == (False, [], [])
    assert path.read_text() == f"i-1 {ED25519}\n"


def test_a_file_without_a_last_line_break_keeps_its_last_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ec2:
        def get_console_output(self, InstanceId: str) -> dict[str, str]:  # noqa: N803 - boto3's name
            return {"InstanceId": InstanceId, "Output": CONSOLE}

    class Module:
        params = {"aws": {}, "instances": ["i-2", "i-1"], "path": str(tmp_path / "known_hosts")}
        check_mode = False

    monkeypatch.setattr(host_keys, "client", lambda _service, _aws: Ec2())
    (tmp_path / "known_hosts").write_text(f"i-1 {ED25519}")
    module: Any = Module()
    assert host_keys.run(module) == {"changed": True, "learned": ["i-2"], "unknown": []}
    assert (tmp_path / "known_hosts").read_text() == f"i-1 {ED25519}\ni-2 {ED25519}\ni-2 {RSA}\n"
    assert host_keys.run(module)["changed"] is False
