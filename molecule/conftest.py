"""What the scenarios' tests share: a test that fails shows the journal of the host it failed on."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

JOURNAL = "journalctl --no-pager --lines=60 --output=short-iso --boot"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the host's journal to a failure's report."""
    report = yield
    host: Any = getattr(item, "funcargs", {}).get("host")
    if report.failed and host is not None:
        report.sections.append(("journal of the host", host.run(JOURNAL).stdout))
    return report
