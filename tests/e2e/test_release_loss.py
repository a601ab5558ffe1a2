"""A release under load loses no request and no stream. The same load shows what a plain restart loses."""

from __future__ import annotations

import httpx
import pytest

from benchmarks.loss import results
from benchmarks.loss.figures import Summary, summary
from tests.e2e.run import python
from tests.e2e.world import World

pytestmark = pytest.mark.long
MECHANISMS = ("blue_green", "deploy", "restart", "socket")
LEFT = "ls -d /opt/release-loss* /etc/systemd/system/release-loss* 2>/dev/null; systemctl is-active backend"


@pytest.fixture(scope="module")
def release(world: World) -> str:
    """The release that served before the measurement."""
    return str(httpx.get(f"{world.url}/health", timeout=5).json()["release"])


@pytest.fixture(scope="module")
def measured(world: World, release: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Summary]:
    """The figures of the short form, by mechanism."""
    folder = tmp_path_factory.mktemp("results")
    ways = [word for name in MECHANISMS for word in ("--only", name)]
    done = python("-m", "benchmarks.release_loss", *ways, "--results", str(folder))
    assert done.code == 0, done.output[-4000:]
    (path,) = folder.iterdir()
    return {found.mechanism: found for found in map(summary, results.read(path)["measurements"])}


@pytest.mark.parametrize("name", ["blue_green", "deploy"])
def test_slipways_mechanisms_lose_nothing(measured: dict[str, Summary], name: str) -> None:
    found = measured[name]
    assert found.switches == 2
    assert found.requests > 1000
    assert found.streams > 20
    assert not found.causes
    assert found.streams_lost == 0


@pytest.mark.parametrize("name", ["restart", "socket"])
def test_plain_restarts_lose_requests(measured: dict[str, Summary], name: str) -> None:
    assert measured[name].lost > 0, "a client that notices no loss here would notice none anywhere"


def test_the_measurement_leaves_nothing_on_the_host(measured: dict[str, Summary], world: World, release: str) -> None:
    assert httpx.get(f"{world.url}/health", timeout=5).json()["release"] == release
    assert world.shell(LEFT).split() == ["active"]
    assert "8101" not in str(world.api_state()["groups"])
