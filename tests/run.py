"""Runs the tests of `make test`, or the stages named on the command line, and ends with times and counts.

`--long` chooses among the stages of `make test-long` instead. One stage alone shows its output as it comes. Several
print a line each and keep their output in `.cache/test-logs`; the end of a failed one's is shown at once, and the
others run all the same. Where there are processors enough, those that use the sandbox `main` run beside the others. The
exit code is 0 only when nothing failed. Whatever happens, Ctrl-C included, no sandbox that was not there before is left
running.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.settings import settings_for
from tests.counts import Counts
from tests.stages import LONG_STAGES, ROOT, STAGES, EndedError, Runner, Stage

TAIL_LINES = 60
#: The sandbox of the stages that do not use `main`.
SIDE = "test"
#: A stage is rarely content with one.
PROCESSORS_FOR_TWO = 4
GREEN, RED, YELLOW, PLAIN = "\033[32m", "\033[31m", "\033[33m", "\033[0m"


def main() -> None:
    """Run the stages, report, and clean up."""
    parser = argparse.ArgumentParser(description="Run the project's tests.")
    parser.add_argument("--long", action="store_true", help="choose among the stages of `make test-long`")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="which ones (default: all, in their order)")
    chosen = parser.parse_args()
    there_are = LONG_STAGES if chosen.long else STAGES
    names = [stage.name for stage in there_are]
    unknown = [name for name in chosen.stages if name not in names]
    if unknown:
        parser.error(f"there is no stage {', '.join(unknown)}: choose from {', '.join(names)}")
    stages = [stage for stage in there_are if not chosen.stages or stage.name in chosen.stages]

    signal.signal(signal.SIGTERM, _as_interrupt)
    # A shell that starts this in the background has it ignore Ctrl-C, and so would all that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(Run(stages).run())


class Run:
    """One run of some stages."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.lanes = lanes_of(stages, os.cpu_count() or 1)
        self.live = len(stages) == 1
        self.ours = {
            stage.sandbox for stage in stages if stage.sandbox and not settings_for(stage.sandbox).pid_file.exists()
        }
        self.left: list[str] = []
        self.seconds: dict[str, float] = {}
        self._runners: set[Runner] = set()
        self._over = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> int:
        """Run the stages, report, clean up, and return the exit code."""
        interrupted = False
        began = time.monotonic()
        if len(self.lanes) > 1 and SIDE in self.ours:
            # Before the engine has a user only now and then: the end of the other sandbox would stop it meanwhile.
            sandbox_up(SIDE)
        try:
            with ThreadPoolExecutor(len(self.lanes)) as pool:
                running = [pool.submit(self._lane, lane) for lane in self.lanes]
                try:
                    wait(running, return_when=FIRST_EXCEPTION)
                except KeyboardInterrupt:
                    interrupted = True
                    print("\nInterrupted: cleaning up", flush=True)
                # A second Ctrl-C must not leave half of it behind.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                self._over.set()
                for runner in list(self._runners):
                    runner.end()
            total = sum((lane.result() for lane in running), Counts())
        finally:
            self._take_down(self.ours)
        if not self.live:
            print("\n".join(times(self.seconds, time.monotonic() - began)))
        # Last, because the end of a long log is what is read first.
        for failure in total.failures:
            print(f"  ✗ {failure}")
        print(total)
        return 130 if interrupted else int(total.failed > 0 or bool(self.left))

    def _lane(self, stages: Sequence[Stage]) -> Counts:
        total = Counts()
        for position, stage in enumerate(stages, start=1):
            if self._over.is_set():
                break
            total += self._stage(stage)
            if len(self.lanes) == 1:
                # The end-to-end tests look for anything that is left, so no sandbox stays up longer than it is used.
                self._take_down(self.ours - {later.sandbox for later in stages[position:]})
        return total

    def _stage(self, stage: Stage) -> Counts:
        """Run one stage, print its line, and the end of its output when it failed."""
        started = time.monotonic()
        runner = Runner(stage.name, self.live)
        self._runners.add(runner)
        if not self.live:
            self._say(f"  {stage.name:<15}begins: {runner.log.relative_to(ROOT)}")
        try:
            counts = stage.run(runner)
        except EndedError:
            counts = Counts()
            runner.ended = True
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            runner.say(f"{type(error).__name__}: {error}\n")
            counts = Counts(failed=1)
        self._runners.discard(runner)
        self.seconds[stage.name] = time.monotonic() - started
        colour, line = verdict(counts, runner.ended)
        line += f"  {self.seconds[stage.name]:.0f}s"
        text = "" if self.live else f"  {stage.name:<15}"
        text += f"{colour}{line}{PLAIN}" if sys.stdout.isatty() else line
        if counts.failed and not self.live and not self._over.is_set():
            tail = runner.log.read_text(encoding="utf-8").splitlines()[-TAIL_LINES:]
            text += "".join(f"\n    {line}" for line in tail)
            text += f"\n    (the whole of it: {runner.log.relative_to(ROOT)})"
        self._say(text)
        return counts

    def _say(self, text: str) -> None:
        with self._lock:
            print(text, flush=True)

    def _take_down(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            if not sandbox_down(name):
                self.left.append(name)
            self.ours.discard(name)


def verdict(counts: Counts, ended: bool) -> tuple[str, str]:
    """The colour and the text of a stage's line. A stage that was ended has no result, whatever it had counted."""
    if ended:
        return YELLOW, f"- interrupted after {counts}"
    if counts.failed:
        return RED, f"✗ {counts}"
    return (YELLOW if counts.skipped else GREEN), f"✓ {counts}"


def times(seconds: Mapping[str, float], total: float) -> list[str]:
    """A table of how long each stage took and of the whole, in seconds."""
    rows = [*seconds.items(), ("all", total)]
    return ["Seconds per stage:", *(f"  {name:<15}{value:>6.0f}" for name, value in rows)]


def lanes_of(stages: Sequence[Stage], processors: int) -> list[list[Stage]]:
    """Divide the stages into those that run side by side: what uses the sandbox `main`, and all that does not."""
    if processors < PROCESSORS_FOR_TWO:
        return [list(stages)]
    beside = [stage for stage in stages if stage.sandbox != "main"]
    return [lane for lane in (beside, [stage for stage in stages if stage not in beside]) if lane]


def sandbox_up(name: str) -> None:
    """Start the sandbox of that name. What keeps it from starting is told by the first stage that needs it."""
    subprocess.run([sys.executable, "-m", "sandbox", "up", "--name", name], cwd=ROOT, capture_output=True, check=False)


def sandbox_down(name: str) -> bool:
    """Take down the sandbox of that name if it is there, and return whether that worked."""
    if not settings_for(name).directory.exists():
        return True
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "down", "--name", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"The sandbox {name} could not be taken down: {done.stderr.strip()}", file=sys.stderr)
    return done.returncode == 0


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
