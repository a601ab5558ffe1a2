"""A host of the sandbox with a complete service, made once for all tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration import world as worlds


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[worlds.World]:
    """The host and its part of the sandbox `test`. Both are removed at the end."""
    worlds.start_sandbox()
    found = worlds.World(tmp_path_factory.mktemp("world"))
    try:
        found.make()
        yield found
    finally:
        found.remove()
