"""The report of the probes' unit is read with care: the service's account can write it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.modules.reachability import (
    LARGEST_REPORT,
    ReportError,
    read_report,
    shares,
)

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


@pytest.fixture
def links(tmp_path: Path) -> tuple[Path, str]:
    """The service's restrictions, and the drop-ins of a unit that shares them by a link."""
    service, probes = tmp_path / "backend@.service.d", tmp_path / "backend-verify.service.d"
    for folder in (service, probes):
        folder.mkdir()
    (service / "50-hardening.conf").write_text("[Service]\n")
    (probes / "50-hardening.conf").symlink_to(service / "50-hardening.conf")
    (probes / "60-local.conf").write_text("[Service]\n")
    return service / "50-hardening.conf", f"{probes}/50-hardening.conf {probes}/60-local.conf"


def test_restrictions_are_shared_by_a_link(links: tuple[Path, str]) -> None:
    restrictions, drop_ins = links
    assert shares(drop_ins, restrictions)
    # Not loaded by systemd.
    assert not shares(drop_ins.split()[1], restrictions)


def test_those_of_another_unit_are_not_the_services(links: tuple[Path, str], tmp_path: Path) -> None:
    """As after a change of the strategy, with the link still to what the service had before."""
    other = tmp_path / "50-hardening.conf"
    other.write_text("[Service]\n")
    assert not shares(links[1], other)


def test_a_link_to_nothing_restricts_nothing(links: tuple[Path, str]) -> None:
    links[0].unlink()
    assert not shares(links[1], links[0])


def test_unrestricted_probes_are_not_run(tmp_path: Path) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\necho LoadState=loaded\n')
    systemctl.chmod(0o755)
    restrictions = f"{tmp_path}/web@.service.d/50-hardening.conf"
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    message = Runner("reachability", {"unit": "web", "restrictions": restrictions}, environment=path).fail()
    assert message.startswith("web-verify.service would run without the restrictions of web@.service")
    assert restrictions in message
    assert "start" not in (tmp_path / "asked").read_text()
