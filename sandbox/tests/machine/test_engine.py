"""Engines that cannot be used, and the message for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.machine.engine import EngineError, NoAnswerError, connect, unusable

USABLE = {"OSType": "linux", "OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "SecurityOptions": ["name=seccomp"]}


def test_a_common_engine_is_usable() -> None:
    assert unusable(USABLE) is None


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        ({"OperatingSystem": "Docker Desktop"}, "Docker Engine on Linux"),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "rootless"),
        ({"OSType": "windows"}, "Linux"),
    ],
)
def test_an_engine_with_unreachable_hosts_is_refused(difference: dict[str, Any], word: str) -> None:
    assert word in (unusable(USABLE | difference) or "")


def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(NoAnswerError, match="no Docker engine answers"):
        connect()
    assert issubclass(NoAnswerError, EngineError)
