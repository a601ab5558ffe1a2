"""What the scenarios' tests share: a test that fails shows the journal of the host it failed on."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

#: The end of the journal, without what the tests' own logins write.
JOURNAL = "journalctl --no-pager --boot --output=short | grep -vE ' (sudo|sshd|runuser)\\[' | tail -n 40"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the host's journal to a failure's report."""
    report = yield
    host: Any = getattr(item, "funcargs", {}).get("host")
    if report.failed and host is not None:
        report.sections.append(("journal of the host", host.run(JOURNAL).stdout))
    return report
