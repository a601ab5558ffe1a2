"""The filter slipway.fastapi.release_leases."""

from __future__ import annotations

from ansible_collections.slipway.fastapi.plugins.filter.release_leases import FilterModule

LEASES = FilterModule().filters()["release_leases"]


def host(name: str, app: str) -> dict[str, str]:
    return {"inventory_hostname": name, "slipway_app": app, "slipway_deployments_bucket": f"{app}-deployments"}


def test_hosts_of_an_application_share_a_lease() -> None:
    assert LEASES([host("i-1", "shop"), host("i-2", "news"), host("i-3", "shop")]) == [
        {"app": "shop", "bucket": "shop-deployments", "hosts": ["i-1", "i-3"]},
        {"app": "news", "bucket": "news-deployments", "hosts": ["i-2"]},
    ]


def test_without_hosts_there_is_no_lease() -> None:
    assert LEASES([]) == []
