"""The report on a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.fastapi.plugins.filter.verify_table import FilterModule, duration, verify_table

BROKEN_STAGES: tuple[Any, ...] = (7, [7], ["x"], [[]])


def stage(name: str, seconds: float, ok: bool = True) -> dict[str, Any]:
    return {"stage": name, "ok": ok, "seconds": seconds, "message": ""}


GREEN = {
    "name": "s3",
    "kind": "s3",
    "target": "s3://content",
    "ok": True,
    "seconds": 0.165,
    "stages": [stage("credentials", 0.145), stage("dns", 0.001)],
    "failed_stage": None,
    "cause": "",
    "fix": "",
}
RED = {
    "name": "tavily",
    "kind": "tavily",
    "target": "https://api.tavily.com/usage",
    "ok": False,
    "seconds": 10.0,
    "stages": [stage("key", 0), stage("dns", 10, ok=False)],
    "failed_stage": "dns",
    "cause": "no answer",
    "fix": "check /etc/resolv.conf",
}


def report(*probes: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {"schema": 1, "host": "ip-10-0-0-4", "unit": "backend", "release": "abc-def", "seconds": 10.01}
    return {**found, "ok": all(probe["ok"] for probe in probes), "probes": list(probes), **more}


def test_a_red_probe_shows_its_stage_cause_and_fix_and_columns_are_aligned() -> None:
    assert verify_table(report(GREEN, RED)).splitlines() == [
        "ip-10-0-0-4, release abc-def: 1 of 2 red in 10.0s",
        "  ✓ s3      165ms  credentials 145ms  dns 1ms",
        "  ✗ tavily  10.0s  key 0ms            dns 10.0s ✗",
        "      cause no answer",
        "      fix   check /etc/resolv.conf",
    ]


def test_a_green_report_says_so_in_one_line_for_each_probe() -> None:
    lines = verify_table(report(GREEN, release="", seconds=0.2)).splitlines()
    assert (len(lines), lines[0]) == (2, "ip-10-0-0-4: all 1 green in 200ms")


def test_a_host_cannot_steer_the_terminal() -> None:
    text = verify_table(report({**RED, "cause": "\x1b[2J\r\nok"}))
    assert "\x1b" not in text
    assert "\r" not in text
    assert "?[2J??ok" in text


@pytest.mark.parametrize(
    "value",
    [
        *({}, None, [], {"probes": [{}]}, {"probes": [GREEN]}),
        *(report({**GREEN, "seconds": seconds}) for seconds in (float("nan"), float("-inf"), "1", None)),
        *(report({**GREEN, "stages": stages}) for stages in BROKEN_STAGES),
    ],
)
def test_what_is_no_report_is_refused(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="wants the report"):
        verify_table(value)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0ms"), (0.0004, "0ms"), (0.9994, "999ms"), (1, "1.0s"), (62, "62.0s")]
)
def test_seconds_are_read_easily(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_ansible_finds_the_filter() -> None:
    assert FilterModule().filters() == {"verify_table": verify_table}
