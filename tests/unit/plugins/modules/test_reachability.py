"""The report of the probes' unit is read with care: the service's account can write it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.modules.reachability import LARGEST_REPORT, ReportError, read_report

from tests.unit.plugins.running import Runner


def test_a_report_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"probes": [], "ok": True}))
    assert read_report(path) == {"probes": [], "ok": True}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"probes": 1}', "{" + " " * LARGEST_REPORT + '"probes": []}'])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(ReportError):
        read_report(path)


def test_a_missing_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no report"):
        read_report(tmp_path / "report.json")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"probes": []}')
    (tmp_path / "report.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ReportError, match="there is no report"):
        read_report(tmp_path / "report.json")


def test_a_pipe_does_not_hold_up_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.json")
    with pytest.raises(ReportError, match="not a regular file"):
        read_report(tmp_path / "report.json")


def test_in_check_mode_nothing_is_run() -> None:
    result = Runner("reachability", {"unit": "no-such-unit"}).check()
    assert (result["changed"], result["skipped"]) == (False, True)
