"""Runs every test of the project, or the stages named on the command line, and ends with the counts.

One stage alone shows its output as it comes. Several print a line each and keep their output in `.cache/test-logs`; the
end of a failed one's is shown at once, and the others run all the same. The exit code is 0 only when nothing failed.
Whatever happens, Ctrl-C included, no sandbox that was not there before is left running.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox.settings import settings_for
from tests.counts import Counts
from tests.stages import ROOT, STAGES, Runner, Stage

TAIL_LINES = 60
GREEN, RED, YELLOW, PLAIN = "\033[32m", "\033[31m", "\033[33m", "\033[0m"


def main() -> None:
    """Run the stages, report, and clean up."""
    parser = argparse.ArgumentParser(description="Run the project's tests.")
    names = [stage.name for stage in STAGES]
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE", help=f"which ones: {', '.join(names)} (default: all, in this order)"
    )
    wanted = parser.parse_args().stages
    unknown = [name for name in wanted if name not in names]
    if unknown:
        parser.error(f"there is no stage {', '.join(unknown)}: choose from {', '.join(names)}")
    stages = [stage for stage in STAGES if not wanted or stage.name in wanted]

    signal.signal(signal.SIGTERM, _as_interrupt)
    # A shell that starts this in the background has it ignore Ctrl-C, and so would all that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ours = {stage.sandbox for stage in stages if stage.sandbox and not settings_for(stage.sandbox).pid_file.exists()}
    total = Counts()
    interrupted = False
    left: list[str] = []
    try:
        for position, stage in enumerate(stages, start=1):
            total += run_stage(stage, live=len(stages) == 1)
            # The end-to-end tests look for anything that is left, so no sandbox stays up longer than it is used.
            done = ours - {later.sandbox for later in stages[position:]}
            left += [name for name in sorted(done) if not sandbox_down(name)]
            ours -= done
    except KeyboardInterrupt:
        interrupted = True
        print("\nInterrupted: cleaning up", flush=True)
    finally:
        # A second Ctrl-C must not leave half of it behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        left += [name for name in sorted(ours) if not sandbox_down(name)]
    print(total)
    sys.exit(130 if interrupted else int(total.failed > 0 or bool(left)))


def run_stage(stage: Stage, live: bool) -> Counts:
    """Run one stage, print its line, and the end of its output when it failed."""
    started = time.monotonic()
    runner = Runner(stage.name, live)
    if not live:
        print(f"  {stage.name:<15}", end="", flush=True)
    try:
        counts = stage.run(runner)
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        runner.say(f"{type(error).__name__}: {error}\n")
        counts = Counts(failed=1)
    colour = RED if counts.failed else YELLOW if counts.skipped else GREEN
    line = f"{'✗' if counts.failed else '✓'} {counts}  {time.monotonic() - started:.0f}s"
    print(f"{colour}{line}{PLAIN}" if sys.stdout.isatty() else line, flush=True)
    if counts.failed and not live:
        tail = runner.log.read_text(encoding="utf-8").splitlines()[-TAIL_LINES:]
        print("\n".join(f"    {text}" for text in tail))
        print(f"    (the whole of it: {runner.log.relative_to(ROOT)})", flush=True)
    return counts


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
