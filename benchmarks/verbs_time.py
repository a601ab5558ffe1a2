"""Measures what each verb costs against a sandbox that is up: `make status`, `make verify`, `make deploy` and others.

Each verb runs as often as asked; the median is told. Wall time depends on what else the machine does, so the seconds of
the processor (user and system, of make and all that it waited for) and the number of tasks stand beside it.

It works on this checkout and its sandbox: run `make site` first. `deploy, a change` publishes copies of the sample with
another comment; the sample itself serves at the end. Raw results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.site_time import RESULTS, ROOT, machine, output  # noqa: E402

WORK = ROOT / ".cache" / "benchmarks" / "changed"
TASK = re.compile(r"^  [✓~✗] ", re.MULTILINE)
"""A task that was run, in the output of the callback `steps`."""


@dataclass(frozen=True)
class Verb:
    """A command of `make`, and the exit code without which it measured something else."""

    name: str
    arguments: tuple[str, ...]
    code: int = 0


@dataclass
class Run:
    """One measured run: wall and processor seconds, and how many tasks were run on how many hosts together."""

    wall: float
    cpu: float
    tasks: int


class InvalidRunError(Exception):
    """A run that measured nothing; the message has the end of its output."""


CHANGED = "deploy, a change"
VERBS = (
    Verb("status", ("status",)),
    Verb("health", ("health",)),
    Verb("releases", ("releases",)),
    Verb("verify", ("verify",)),
    Verb("deploy, nothing to do", ("deploy",)),
    Verb(CHANGED, ("deploy", f"APP={WORK}")),
    Verb("rollback TO=<nonsense>, refused", ("rollback", "TO=no nonsense"), 2),
    Verb("publish of no folder, refused", ("publish", "APP=./not-there"), 2),
    Verb("second site", ("site",)),
)


def main() -> None:
    """Measure what the command line asks, print the medians, keep the raw results."""
    parser = argparse.ArgumentParser(description="Measure the verbs of the Makefile against the sandbox.")
    parser.add_argument("--runs", type=int, default=3, help="how often each verb is measured (default: 3)")
    parser.add_argument("--verb", action="append", choices=[verb.name for verb in VERBS], help="which (default: all)")
    arguments = parser.parse_args()
    started = datetime.now(timezone.utc)
    runs: dict[str, list[Run]] = {}
    try:
        for verb in VERBS:
            if not arguments.verb or verb.name in arguments.verb:
                runs[verb.name] = [measure(verb, number) for number in range(arguments.runs)]
                if verb.name == CHANGED:
                    run_make(Verb("restore", ("deploy", f"APP={ROOT / 'examples/app'}")))
                print(row(verb.name, runs[verb.name]), flush=True)
    except InvalidRunError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    print(f"\n{keep(runs, started).relative_to(ROOT)}")


def measure(verb: Verb, number: int) -> Run:
    """Prepare what the verb needs, which is not measured, and run it once. Raises InvalidRunError."""
    if verb.name == CHANGED:
        shutil.rmtree(WORK, ignore_errors=True)
        shutil.copytree(ROOT / "examples/app", WORK, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        with (WORK / "main.py").open("a", encoding="utf-8") as file:
            file.write(f"\n# Measured at {time.time_ns()}, run {number}.\n")
    return run_make(verb)


def run_make(verb: Verb) -> Run:
    """Run `make` once. Raises InvalidRunError where it ends with another code than expected."""
    left_out = {"ENV", "BLUEPRINT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    began, before = time.monotonic(), os.times()
    done = subprocess.run(
        ["make", "--no-print-directory", *verb.arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    wall, after = time.monotonic() - began, os.times()
    if done.returncode != verb.code:
        raise InvalidRunError(f"`make {' '.join(verb.arguments)}` ended with {done.returncode}:\n{done.stdout[-3000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(round(wall, 1), round(cpu, 1), len(TASK.findall(done.stdout)))


def row(name: str, runs: list[Run]) -> str:
    """A verb's medians as a row of a Markdown table: name, wall, processor, tasks."""
    wall, cpu = (statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu"))
    return f"| {name} | {wall:.1f} s | {cpu:.1f} s | {statistics.median(run.tasks for run in runs):.0f} |"


def keep(runs: dict[str, list[Run]], started: datetime) -> Path:
    """Write the raw results and return where."""
    result = {
        "started": started.isoformat(timespec="seconds"),
        "commit": output("git", "-C", str(ROOT), "rev-parse", "HEAD"),
        "machine": machine(),
        "load": os.getloadavg(),
        "runs": {name: [asdict(run) for run in of_verb] for name, of_verb in runs.items()},
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"verbs_time-{started:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
