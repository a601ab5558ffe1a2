"""The ordered stages of a probe, each with its time, and the first one that fails with its cause and likely fix."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


class StageError(Exception):
    """A stage that failed for a reason that can be told to a person.

    Args:
        cause: What is wrong, one sentence without any secret.
        fix: What most likely puts it right, one sentence.
        kind: A word for programs that must tell failures of one stage apart, such as "password" or "no-database".
    """

    def __init__(self, cause: str, fix: str, kind: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.fix = fix
        self.kind = kind


@dataclass
class Stage:
    """One stage as it went. `seconds` is wall-clock time; `message` is what a person may want to know of it."""

    stage: str
    ok: bool = False
    seconds: float = 0.0
    message: str = ""


class Trail:
    """The stages of one probe, in the order in which they ran.

    One thread runs the probe and another may read the trail when time is up, so a stage is appended when it begins and
    counts as failed until it has ended.
    """

    def __init__(self, name: str, kind: str, target: str = "") -> None:
        self.name = name
        self.kind = kind
        self.target = target
        self.stages: list[Stage] = []
        self.failure: StageError | None = None
        self.done = False
        self._began = time.monotonic()
        self._ended = self._began

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Run a stage: its time is taken, and a StageError in it is kept as the probe's cause and fix.

        Raises:
            StageError: The stage failed; any other exception is turned into one, so that no probe ends unexplained.
        """
        current = Stage(name)
        self.stages.append(current)
        began = time.monotonic()
        try:
            yield current
            current.ok = True
        except StageError as failure:
            self.failure = failure
            raise
        except Exception as error:
            self.failure = StageError(
                f"unexpected {type(error).__name__}: {error}",
                "look at the message; if it does not explain itself, this is a fault of the probe: please report it",
            )
            raise self.failure from error
        finally:
            current.seconds = time.monotonic() - began
            self._ended = time.monotonic()

    def as_dict(self) -> dict[str, Any]:
        """The probe's part of the report, see docs/verify.md for its schema."""
        failed = next((stage.stage for stage in self.stages if not stage.ok), None)
        ok = self.done and failed is None
        return {
            "name": self.name,
            "kind": self.kind,
            "target": self.target,
            "ok": ok,
            "seconds": round(self._ended - self._began, 4),
            "stages": [
                {"stage": stage.stage, "ok": stage.ok, "seconds": round(stage.seconds, 4), "message": stage.message}
                for stage in self.stages
            ],
            "failed_stage": failed,
            "cause": self.failure.cause if self.failure else "",
            "fix": self.failure.fix if self.failure else "",
        }
