"""A host remembers the highest generation that has worked on it, and refuses a lower one."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import fence
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files


def test_the_highest_generation_stays(tmp_path: Path) -> None:
    for generation, highest in ((3, 3), (7, 7), (7, 7)):
        with Fence(tmp_path, generation).held(1):
            assert fence.stored(tmp_path) == highest
    Fence(tmp_path, 8).remember(1)
    assert fence.stored(tmp_path) == 8
    assert stat.S_IMODE((tmp_path / fence.NAME).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".generation", ".release.lock"]


def test_a_lower_one_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    Fence(tmp_path, 8).remember(1)
    late = Fence(tmp_path, 7)
    with pytest.raises(FencedError, match=r"generation 7 .*the other 8\).*make releases.*run this again"):
        late.check()
    with pytest.raises(FencedError), late.held(1):
        pytest.fail("it was let in")
    with pytest.raises(FencedError):
        late.remember(1)
    assert fence.stored(tmp_path) == 8


def test_a_run_without_a_lease_is_let_in_and_leaves_no_trace(tmp_path: Path) -> None:
    Fence(tmp_path, 8).remember(1)
    without = Fence(tmp_path, 0)
    without.check()
    without.remember(1)
    with without.held(1):
        pass
    assert fence.stored(tmp_path) == 8


def test_a_check_alone_stores_nothing_and_needs_no_directory(tmp_path: Path) -> None:
    Fence(tmp_path, 8).check()
    Fence(tmp_path / "missing", 8).check()
    assert list(tmp_path.iterdir()) == []


def test_nobody_overtakes_the_holder_of_the_lock(tmp_path: Path) -> None:
    with Fence(tmp_path, 7).held(1):
        with pytest.raises(files.BusyError):
            Fence(tmp_path, 8).remember(0.1)
        Fence(tmp_path, 7).check()
    Fence(tmp_path, 8).remember(1)


def test_one_that_waited_for_the_lock_is_judged_when_it_has_it(tmp_path: Path) -> None:
    refused: list[FencedError] = []

    def late() -> None:
        try:
            with Fence(tmp_path, 7).held(30):
                pass
        except FencedError as error:
            refused.append(error)

    waiting = threading.Thread(target=late)
    with Fence(tmp_path, 8).held(1):
        waiting.start()
    waiting.join()
    assert len(refused) == 1


def test_a_lock_that_was_removed_protects_nobody_so_the_next_step_asks_again(tmp_path: Path) -> None:
    early = Fence(tmp_path, 7)
    with early.held(1):
        (tmp_path / ".release.lock").unlink()
        Fence(tmp_path, 8).remember(1)
        with pytest.raises(FencedError):
            early.check()


@pytest.mark.parametrize("content", [b"", b"seven\n", b"\xff\n"])
def test_what_cannot_be_read_is_no_permission(tmp_path: Path, content: bytes) -> None:
    (tmp_path / fence.NAME).write_bytes(content)
    with pytest.raises(FencedError, match=r"\.generation does not hold .*: remove it when none is under way"):
        Fence(tmp_path, 7).check()


def test_what_can_never_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FencedError, match="must not be negative"):
        Fence(tmp_path, -1).check()
    with pytest.raises(FencedError, match="run the role base first"), Fence(tmp_path / "missing", 1).held(1):
        pytest.fail("it was let in")
