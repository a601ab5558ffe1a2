"""What the probes' tests share: an authority that is trusted, and one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.plugins.module_utils.probes.servers import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that the tests' servers have their certificates from."""
    return Authority(tmp_path_factory.mktemp("ca"), "known")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("ca"), "stranger")


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The known authority as the CA bundle of this process, as SSL_CERT_FILE makes it for a service."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return authority.bundle
