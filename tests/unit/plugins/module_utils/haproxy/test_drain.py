"""Waiting for the last request, with a clock that runs while somebody sleeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import drain


class Streams:
    """A service with so many connections at each look; the last number stays."""

    def __init__(self, *counts: int) -> None:
        self.counts = list(counts)
        self.asked: list[Path] = []
        self.now = 100.0

    def wait(self, folder: Path, deadline: float) -> int:
        return drain.wait(folder, deadline, count=self._count, clock=lambda: self.now, sleep=self._sleep)

    def _count(self, path: Path) -> int:
        self.asked.append(path)
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_without_a_connection_it_waits_for_no_more_than_a_moment(tmp_path: Path) -> None:
    streams = Streams(0)
    assert streams.wait(tmp_path, 300) == 0
    assert streams.now - 100 < 0.5
    assert set(streams.asked) == {tmp_path / "app.sock"}
    assert len(streams.asked) == drain.QUIET


def test_a_request_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    streams = Streams(2, 0, 0, 0, 1, 0)
    assert streams.wait(tmp_path, 300) == 0
    assert len(streams.asked) == 5 + drain.QUIET


def test_the_deadline_ends_it_and_tells_what_is_cut(tmp_path: Path) -> None:
    streams = Streams(3)
    assert streams.wait(tmp_path, 12) == 3
    assert 12 <= streams.now - 100 < 12.2


@pytest.mark.parametrize("left", [0, 5])
def test_no_time_at_all_is_one_look(tmp_path: Path, left: int) -> None:
    streams = Streams(left)
    assert streams.wait(tmp_path, 0) == left
    assert len(streams.asked) == 1


def test_the_service_is_told_once(tmp_path: Path) -> None:
    drain.give_notice(tmp_path)
    notice = tmp_path / "drain"
    assert (notice.stat().st_size, notice.stat().st_mode & 0o444) == (0, 0o444)
    notice.write_text("seen\n")
    drain.give_notice(tmp_path)
    assert notice.read_text() == "seen\n"


def test_what_the_service_put_in_the_notices_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "drain").symlink_to(tmp_path / "elsewhere")
    drain.give_notice(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_service_that_has_ended_needs_no_notice(tmp_path: Path) -> None:
    assert Streams(0).wait(tmp_path / "gone", 300) == 0


def test_each_colour_has_a_folder_of_its_own() -> None:
    assert drain.folder_of("backend", "green") == Path("/run/backend-green")
