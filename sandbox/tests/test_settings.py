"""The constants that everything else repeats."""

from __future__ import annotations

import ipaddress

import pytest

from sandbox.settings import NAMES, Settings, settings_for


def test_main_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLIPWAY_SANDBOX", raising=False)
    assert settings_for().name == "main"
    monkeypatch.setenv("SLIPWAY_SANDBOX", "test")
    assert settings_for().name == "test"
    assert settings_for("main").name == "main"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no sandbox is called 'mian': choose one of main, test"):
        settings_for("mian")


def test_instances_can_run_side_by_side() -> None:
    def ports(settings: Settings) -> set[int]:
        return {settings.api_port, settings.imds_port, settings.stub_port}

    instances = [settings_for(name) for name in NAMES]
    assert len(set().union(*map(ports, instances))) == 3 * len(instances)
    ranges = [
        ipaddress.ip_network(cidr)
        for each in instances
        for cidr in (each.public_cidr, each.vpc_cidr, each.vpc_cidr_default, each.vpc_cidr_shared)
    ]
    assert not [(one, other) for one in ranges for other in ranges if one is not other and one.overlaps(other)]
    assert len({each.directory for each in instances}) == len(instances)


@pytest.mark.parametrize("name", NAMES)
def test_the_default_vpc_is_outside_dockers_address_pools(name: str) -> None:
    ours = ipaddress.ip_network(settings_for(name).vpc_cidr_default)
    assert not ours.overlaps(ipaddress.ip_network("172.16.0.0/12"))
    assert not ours.overlaps(ipaddress.ip_network("192.168.0.0/16"))
