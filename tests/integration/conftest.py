"""A host of the sandbox with a whole service on it, made once for all tests that need one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.world import ROOT, World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The host and its part of the sandbox `test`, removed at the end."""
    subprocess.run([sys.executable, "-m", "sandbox", "up", "--name", "test"], cwd=ROOT, check=True)
    found = World(tmp_path_factory.mktemp("world"))
    try:
        found.make()
        yield found
    finally:
        found.remove()
