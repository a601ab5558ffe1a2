"""Runs Molecule's scenarios, some at a time, and says in one line each how they ended.

``molecule/run [--parallel N] [--junitxml FILE] [SCENARIO …]``; without names, all of them. What a scenario printed is
in ``.cache/molecule/<scenario>.log``, and the end of it is shown when the scenario failed. Exits with 1 if any did.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import jmespath
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sandbox.settings import settings_for  # noqa: E402 (found by the path above)

SCENARIOS = ROOT / "molecule"
WORK = ROOT / ".cache" / "molecule"
#: Lines of a failed scenario's log that are shown: those before Molecule begins to clean up.
TAIL = 100
CLEANING = "Cleaning up."
#: Where a scenario notes its host; one that is there was left by a run that was killed.
HOST_FILE = "instance_config.yml"
#: Seconds after which a scenario is taken for stuck. The slowest takes about two minutes on two cores.
LIMIT = 900.0


@dataclass(frozen=True)
class Outcome:
    """How one scenario ended."""

    name: str
    passed: bool
    seconds: float
    log: Path


def scenarios() -> list[str]:
    """The names of all scenarios."""
    return sorted(file.parent.name for file in SCENARIOS.glob("*/molecule.yml"))


def environment(name: str, ssh_directory: str) -> dict[str, str]:
    """The environment of a scenario: the project's own tools first, and every written file below the checkout."""
    own = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_HOME": str(WORK / "ansible"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(WORK / name),
        "MOLECULE_SSH_DIRECTORY": ssh_directory,
        "PY_COLORS": "0",
        "ANSIBLE_NOCOLOR": "1",
        "NO_COLOR": "1",
    }


def run(name: str, ssh_directory: str) -> Outcome:
    """Run one scenario from an empty host to no host."""
    began = time.monotonic()
    log = WORK / f"{name}.log"
    (WORK / name).mkdir(parents=True, exist_ok=True)
    molecule = [sys.executable, "-m", "molecule", "-c", str(SCENARIOS / "shared" / "base.yml")]
    commands = ["destroy", "test"] if (WORK / name / HOST_FILE).exists() else ["test"]
    code = 0
    with log.open("w", encoding="utf-8") as output:
        for command in commands:
            try:
                code = subprocess.run(
                    [*molecule, command, "-s", name],
                    cwd=ROOT,
                    env=environment(name, ssh_directory),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=LIMIT,
                    check=False,
                ).returncode
            except subprocess.TimeoutExpired:
                output.write(f"\nstopped after {LIMIT:.0f} s\n")
                code = 1
    return Outcome(name, code == 0, time.monotonic() - began, log)


def releases_of(names: Sequence[str]) -> list[int]:
    """Debian's releases for which machine images save time: those of two or more scenarios that begin with base."""
    found = []
    for name in names:
        text = (SCENARIOS / name / "molecule.yml").read_text(encoding="utf-8")
        variables = jmespath.search("provisioner.inventory.group_vars.all", yaml.safe_load(text)) or {}
        if variables.get("scenario_before", [])[:1] == ["base"]:
            found.append(int(variables.get("scenario_debian", 12)))
    return sorted(release for release in set(found) if found.count(release) > 1)


def make_images(release: int) -> bool:
    """Make the machine images of a Debian, and say whether that worked; without them scenarios begin with less."""
    began = time.monotonic()
    log = WORK / f"images-{release}.log"
    settings = settings_for("test")
    given = {
        "slipway_aws": {
            "region": settings.region,
            "endpoint_url": settings.api_url,
            "access_key": settings.access_key,
            "secret_key": settings.secret_key,
        },
        "image_world": f"images-{release}",
        "image_debian": release,
        "image_key": str(settings.ssh_key),
        "image_project": str(ROOT),
        "image_directory": str(WORK),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-e", json.dumps(given)]
    own = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LIBRARY": str(SCENARIOS / "shared" / "library")}
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [*command, str(SCENARIOS / "shared" / "images.yml")],
            cwd=ROOT,
            env=environment(f"images-{release}", str(WORK)) | own,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            check=False,
        )
    show(Outcome(f"machine images of Debian {release}", done.returncode == 0, time.monotonic() - began, log))
    return done.returncode == 0


def show(outcome: Outcome) -> None:
    """One line, and the end of the log of a failure."""
    sign = "✓" if outcome.passed else "✗"
    print(f"  {sign} {outcome.name}  {outcome.seconds:.1f}s", flush=True)
    if not outcome.passed:
        text = outcome.log.read_text(encoding="utf-8", errors="replace").partition(CLEANING)[0]
        print("".join(f"      {line}\n" for line in text.splitlines()[-TAIL:]), end="")
        print(f"    all of it: {outcome.log.relative_to(ROOT)}", flush=True)


def write_junit(file: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the outcomes for programs: each scenario is one test."""
    suite = ElementTree.Element(
        "testsuite",
        name="molecule",
        tests=str(len(outcomes)),
        failures=str(sum(not outcome.passed for outcome in outcomes)),
        errors="0",
        skipped="0",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite, "testcase", classname="molecule", name=outcome.name, time=f"{outcome.seconds:.1f}"
        )
        if not outcome.passed:
            ElementTree.SubElement(case, "failure", message=f"see {outcome.log.relative_to(ROOT)}")
    ElementTree.ElementTree(suite).write(file, encoding="utf-8", xml_declaration=True)


def start_sandbox() -> bool:
    """Start the sandbox's instance for tests once, before scenarios would do it side by side."""
    return (
        subprocess.run([sys.executable, "-m", "sandbox", "up", "--name", "test"], cwd=ROOT, check=False).returncode == 0
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen scenarios and return the exit code."""
    parser = argparse.ArgumentParser(prog="molecule/run", description="Run the roles' tests.")
    parser.add_argument("scenario", nargs="*", help="names of scenarios; all of them when none is named")
    parser.add_argument("--parallel", type=int, default=2, metavar="N", help="how many run at a time (default: 2)")
    parser.add_argument("--junitxml", type=Path, metavar="FILE", help="write the outcomes to this file too")
    chosen = parser.parse_args(arguments)

    known = scenarios()
    names = chosen.scenario or known
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"no scenario is called {', '.join(unknown)}: choose from {', '.join(known)}")
    if chosen.parallel < 1:
        parser.error("--parallel needs at least 1")
    if not start_sandbox():
        return 1

    WORK.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="molecule-") as ssh_directory, ThreadPoolExecutor(chosen.parallel) as pool:
        if not all(list(pool.map(make_images, releases_of(names)))):
            return 1
        for future in as_completed([pool.submit(run, name, ssh_directory) for name in names]):
            outcomes.append(future.result())
            show(outcomes[-1])
    if chosen.junitxml:
        write_junit(chosen.junitxml, outcomes)
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
