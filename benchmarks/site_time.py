"""Measures `make site`, from nothing to a service that answers.

Three cases, each run as often as asked and told by its median:

- cold: no `.venv`, no image of the sandbox, no package cache. Docker and Terraform are there already.
- warm: images and `.venv` are there, the sandbox is not.
- second: `make site` once more, with everything in place: what a run costs that changes nothing.

It works in a clone of its own below `.cache/`, so that the checkout's `.venv` stays, and on the committed state. The
sandbox's ports and images are the machine's, though: a sandbox that is up is in the way, and the case cold removes the
images. A run counts only if the service answers at its end. Raw results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "benchmarks"
CLONE = WORK / "clone"
RESULTS = ROOT / "benchmarks" / "results"
CASES = ("cold", "warm", "second")
# Results are published, and where a machine keeps its files is nobody's business.
MACHINE_PATH = re.compile(r"(?<![\w:/.])/[\w.-]+(?:/[\w.-]+)+")


class InvalidRunError(Exception):
    """A run that measured nothing: `make site` failed, or the service did not answer."""


@dataclass
class Run:
    """One measured run: all seconds, and after how many each play began."""

    seconds: float
    steps: list[tuple[float, str]] = field(default_factory=list)


def main() -> None:
    """Measure what the command line asks, print the medians, keep the raw results."""
    parser = argparse.ArgumentParser(description="Measure `make site`.")
    parser.add_argument("--runs", type=int, default=3, help="how often each case is measured (default: 3)")
    parser.add_argument("--case", action="append", choices=CASES, help="which cases (default: all)")
    arguments = parser.parse_args()
    cases = [case for case in CASES if not arguments.case or case in arguments.case]
    if (ROOT / ".sandbox" / "main" / "server.pid").exists():
        sys.exit("A sandbox of this checkout is up, and the measured one needs its ports: make sandbox-down")
    started = datetime.now(timezone.utc)
    clone()
    try:
        runs = {case: [measure(case) for _ in range(arguments.runs)] for case in cases}
    except InvalidRunError as error:
        sys.exit(str(error))
    finally:
        sandbox_down()
    report(runs, started)


def clone() -> None:
    """Make the clone anew, of the commit that is checked out."""
    shutil.rmtree(CLONE, ignore_errors=True)
    CLONE.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(CLONE)], check=True)


def measure(case: str) -> Run:
    """Bring the machine into the case's state, which is not measured, and run `make site` once."""
    if case == "cold":
        sandbox_down("--images")
        for folder in (CLONE / ".venv", CLONE / ".cache", WORK / "package-cache"):
            shutil.rmtree(folder, ignore_errors=True)
    elif case == "warm":
        if not (CLONE / ".venv").exists():
            make_site()
        sandbox_down()
    elif not (CLONE / ".sandbox" / "main" / "server.pid").exists():
        make_site()
    run = make_site()
    print(f"{case}: {run.seconds:.0f} s", flush=True)
    return run


def make_site() -> Run:
    """Run `make site` and make sure that the service answers. Raises InvalidRunError with the end of the output."""
    began = time.monotonic()
    run = Run(0.0)
    tail: list[str] = []
    with subprocess.Popen(
        ["make", "--no-print-directory", "site"],
        cwd=CLONE,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail[-30:], line]
            if line.strip():
                run.steps.append((round(time.monotonic() - began, 1), MACHINE_PATH.sub("PATH", line.rstrip())[:160]))
    run.seconds = round(time.monotonic() - began, 1)
    if process.returncode:
        raise InvalidRunError(f"`make site` failed, so nothing was measured:\n{''.join(tail)}")
    health = subprocess.run(
        ["make", "--no-print-directory", "health"],
        cwd=CLONE,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if health.returncode:
        raise InvalidRunError(f"The service does not answer, so nothing was measured: {health.stdout}{health.stderr}")
    return run


def sandbox_down(*options: str) -> None:
    """Take the clone's sandbox down; nothing happens where there is no clone or no .venv yet."""
    python = CLONE / ".venv" / "bin" / "python"
    if not python.exists():
        # The checkout's own interpreter has what the command needs, and the clone's folder decides what it works on.
        python = Path(sys.executable)
    subprocess.run([python, "-m", "sandbox", "down", *options], cwd=CLONE, stdout=subprocess.DEVNULL, check=True)


def environment() -> dict[str, str]:
    """The shell's environment with package caches that the case cold can empty."""
    cache = WORK / "package-cache"
    left_out = {"ENV", "BLUEPRINT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {"UV_CACHE_DIR": str(cache / "uv"), "PIP_CACHE_DIR": str(cache / "pip")}


def report(runs: dict[str, list[Run]], started: datetime) -> None:
    """Print a table and write the raw results beside this file."""
    medians = {case: statistics.median(run.seconds for run in of_case) for case, of_case in runs.items()}
    result = {
        "started": started.isoformat(timespec="seconds"),
        "commit": output("git", "-C", str(CLONE), "rev-parse", "HEAD"),
        "machine": machine(),
        "median_seconds": medians,
        "runs": {case: [asdict(run) for run in of_case] for case, of_case in runs.items()},
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"site_time-{started:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("\n| Case | Median | Runs |\n|---|---|---|")
    for case, of_case in runs.items():
        print(f"| {case} | {medians[case]:.0f} s | {', '.join(f'{run.seconds:.0f}' for run in of_case)} |")
    print(f"\n{path.relative_to(ROOT)}")


def machine() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "docker": output("docker", "version", "--format", "{{.Server.Version}}"),
        "terraform": json.loads(output("terraform", "version", "-json"))["terraform_version"],
    }


def output(*argv: str) -> str:
    """Return what a command prints, without its last line break."""
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
