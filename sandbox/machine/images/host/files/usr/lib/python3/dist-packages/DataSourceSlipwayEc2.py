"""cloud-init's EC2 data source, told that the platform is AWS.

cloud-init recognises AWS by the machine's DMI table, which a container has none of, and asks for an IMDSv2 token on
AWS only. Everything else is the stock data source, its name included (`cloud-id` and `cloud-init query` say `aws`).
"""

from __future__ import annotations

from typing import Any

from cloudinit import sources  # type: ignore[import-not-found]
from cloudinit.event import EventScope, EventType  # type: ignore[import-not-found]
from cloudinit.sources.DataSourceEc2 import CloudNames, DataSourceEc2  # type: ignore[import-not-found]


class DataSourceSlipwayEc2(DataSourceEc2):
    """The stock data source for a host that Docker has already given its network."""

    # Without added network cards, for which later versions ask udev, and there is none.
    supported_update_events = {EventScope.NETWORK: {EventType.BOOT_NEW_INSTANCE}}  # noqa: RUF012
    default_update_events = supported_update_events

    def _get_cloud_name(self) -> str:
        return CloudNames.AWS


def get_datasource_list(depends: list[str]) -> list[Any]:
    """Return the data sources that can run once `depends` (file system, network) are there."""
    wanted = (DataSourceSlipwayEc2, (sources.DEP_FILESYSTEM, sources.DEP_NETWORK))
    return sources.list_from_depends(depends, [wanted])
