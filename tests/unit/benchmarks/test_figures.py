"""Figures, table and picture say what the raw results say."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.loss import results
from benchmarks.loss.figures import Slowness, percentile, place, summary
from benchmarks.loss.load import Plan
from benchmarks.loss.measure import Measurement, Switch
from benchmarks.loss.mechanism import RESTART
from benchmarks.loss.picture import picture
from benchmarks.loss.record import Record, StreamSeen
from benchmarks.loss.report import losses, table, title


@pytest.fixture
def measurement() -> Measurement:
    """Ten seconds, a switch from the fourth to the sixth: answers are slower then and after it, and two are lost."""
    record = Record()
    for number in range(100):
        due = number / 10
        slow = 0.2 if 4 <= due < 6 else 0.05 if 6 <= due < 9 else 0.01
        cause = {45: "refused", 46: "cut"}.get(number, "")
        release = "" if cause else "a" if due < 5 else "b"
        record.requests.add("new GET", "host", release, cause, due=due, ended=due + slow)
    whole = StreamSeen("host", 0, 2, 5, 5, 1, ["a"], "")
    record.streams = [
        whole,
        dataclasses.replace(whole, connections=2, releases=["a", "b"]),
        dataclasses.replace(whole, received=3, cause="cut"),
        dataclasses.replace(whole, received=4, cause="open"),
    ]
    return Measurement(RESTART, ["host"], Plan(rate=10, seconds=20), 10.0, [Switch("b", 4.0, 6.0, {})], record=record)


def test_the_figures(measurement: Measurement, tmp_path: Path) -> None:
    path = results.write(tmp_path, "short", datetime.now(timezone.utc), [measurement])
    found = summary(results.read(path)["measurements"][0])
    assert (found.requests, found.lost) == (100, 2)
    assert found.causes == {("new GET", "refused"): 1, ("new GET", "cut"): 1}
    assert found.p99 == Slowness(10.0, 10.0)
    assert found.p99_switching == Slowness(200.0, 200.0)
    assert (found.streams, found.streams_lost, found.streams_resumed) == (3, 1, 1)
    assert (found.switches, found.switch_seconds) == (1, 2.0)


def test_the_table_and_the_losses(measurement: Measurement) -> None:
    found = summary(json.loads(json.dumps(measurement.as_json())))
    losses_and_times = "2 of 100 | 1 of 3 | 10.0 ms (10.0) | 200.0 ms (200.0) | 200 ms | 0.9 s, at most 0.9 s | 2.0 s |"
    assert f"| restart of the unit | 1 | 10/s | 1 | {losses_and_times}" in table([found])
    assert "restart of the unit: 1 of new GET, refused" in losses([found])


def test_the_picture_shows_both_releases_and_the_losses(measurement: Measurement) -> None:
    raw = measurement.as_json()
    root = ElementTree.fromstring(picture([raw], [title(summary(raw))]))
    bars = [element.get("class") for element in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert {"release0", "release1", "lost"} <= set(bars)
    assert "lost 2 of 100 requests" in "".join(root.itertext())


@pytest.mark.parametrize(("time", "expected"), [(0.5, None), (1, 0), (2, None), (3.9, 1), (4, None)])
def test_a_time_has_its_place_in_one_window(time: float, expected: int | None) -> None:
    assert place(time, [(1, 2), (3, 4)]) == expected


@pytest.mark.parametrize(("share", "expected"), [(50, 5), (90, 9), (99, 10), (100, 10)])
def test_a_percentile_is_one_of_the_values(share: float, expected: int) -> None:
    assert percentile(list(range(1, 11)), share) == expected
    assert percentile([7], share) == 7


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 99) == 0
