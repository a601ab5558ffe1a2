"""Takes a role's tasks away one at a time, and expects the scenario's tests to notice.

``molecule/mutate [--parallel N] [--short] [SCENARIO | ROLE …]``; without names, all scenarios. A scenario names the
tasks in ``scenario_mutations``. For each, a copy of the role without that task converges a clean host, and the tests
must fail, if not at once then after the scenario's drift, which the task would have mended. A copy with every task must
pass, or a failure would prove nothing. What was run is in ``.cache/molecule/mutations/``. Exits with 1 if any mutation
survives.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import run  # type: ignore[import-not-found] # the file beside this one; mypy knows it by its path from the root
import yaml

WORK = run.WORK / "mutations"
#: What is done with a role, and whether it must succeed for the rest to mean anything.
BEFORE = ("destroy", "create", "prepare")
ROUNDS = (("converge", "verify"), ("side-effect", "converge", "verify"))


def variables(scenario: str) -> dict[str, Any]:
    """The scenario's own variables."""
    text = (run.SCENARIOS / scenario / "molecule.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)["provisioner"]["inventory"]["group_vars"]["all"])


def without(tasks: list[dict[str, Any]], name: str) -> tuple[list[dict[str, Any]], int]:
    """The tasks with each of that name made idle, and how many there were.

    A task is not left out altogether: what others read of its result would be undefined, and the run would end there.
    """
    found, kept = 0, []
    for task in tasks:
        if task.get("name") == name and not any("import_tasks" in key for key in task):
            found += 1
            idle: dict[str, Any] = {"name": name, "ansible.builtin.debug": {"msg": "taken away"}}
            kept.append(idle | {key: task[key] for key in ("register",) if key in task})
            continue
        inner = dict(task)
        for section in ("block", "rescue", "always"):
            if section in task:
                inner[section], more = without(task[section], name)
                found += more
        kept.append(inner)
    return kept, found


def mutant(role: str, name: str | None, folder: Path) -> Path:
    """A copy of the role in *folder*, without the task of that name; ValueError unless exactly one has it."""
    copy = folder / role
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(run.ROOT / "roles" / role, copy)
    if name is None:
        return copy
    total = 0
    for file in sorted((copy / "tasks").glob("*.yml")):
        tasks, found = without(yaml.safe_load(file.read_text(encoding="utf-8")), name)
        if found:
            file.write_text(yaml.safe_dump(tasks, sort_keys=False, width=1000), encoding="utf-8")
        total += found
    if total != 1:
        raise ValueError(f"the role {role} has {total} tasks named {name!r}, and a mutation needs exactly one")
    return copy


def step(scenario: str, command: str, environment: dict[str, str], log: Path) -> bool:
    """Run one of Molecule's commands and say whether it succeeded."""
    base = str(run.SCENARIOS / "shared" / "base.yml")
    with log.open("a", encoding="utf-8") as output:
        output.write(f"--- {command}\n")
        output.flush()
        done = subprocess.run(
            [sys.executable, "-m", "molecule", "-c", base, command, "-s", scenario],
            cwd=run.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=run.LIMIT,
            check=False,
        )
    return done.returncode == 0


def tests_fail(scenario: str, name: str | None, number: int, ssh_directory: str) -> bool:
    """Whether the scenario's tests fail with the role's copy; RuntimeError if there is no host to try it on."""
    folder = WORK / f"{scenario}-{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    log = folder / "log"
    environment = run.environment(scenario, ssh_directory) | {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder / "molecule"),
        "MOLECULE_MUTANT": str(mutant(variables(scenario)["scenario_role"], name, folder)),
    }
    (folder / "molecule").mkdir()
    try:
        for command in BEFORE:
            if not step(scenario, command, environment, log):
                raise RuntimeError(f"no host to try it on, see {log.relative_to(run.ROOT)}")
        for commands in ROUNDS:
            # A role that fails for want of the task has not done its work: the tests have to tell so too.
            outcomes = [step(scenario, command, environment, log) for command in commands]
            if not outcomes[-1]:
                return True
            if name is None and not all(outcomes):
                return True
        return False
    finally:
        step(scenario, "destroy", environment, log)


def attempt(scenario: str, short: bool, ssh_directory: str) -> list[Any]:
    """Try a scenario's mutations one after the other: an outcome of each, passed where it ended as it must."""
    named: list[str | None] = list(variables(scenario)["scenario_mutations"])
    chosen = named[-1:] if short else [None, *named]
    outcomes = []
    for number, name in enumerate(chosen):
        began = time.monotonic()
        label = f"{scenario}: {name or 'every task there'}"
        try:
            right, problem = tests_fail(scenario, name, number, ssh_directory) == (name is not None), ""
        except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
            right, problem = False, f" ({error})"
        if not right and not problem:
            problem = " (the tests pass without it)" if name else " (the tests fail with the whole role)"
        seconds = time.monotonic() - began
        print(f"  {'✓' if right else '✗'} {label}{problem}  {seconds:.1f}s", flush=True)
        outcomes.append(run.Outcome(label, right, seconds, WORK / f"{scenario}-{number}" / "log"))
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutations of the chosen scenarios and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="molecule/mutate", description="Take tasks of roles away and run their tests."
    )
    parser.add_argument("name", nargs="*", help="scenarios, or roles for all scenarios of theirs; all without a name")
    parser.add_argument("--parallel", type=int, default=2, metavar="N", help="scenarios at a time (default: 2)")
    parser.add_argument(
        "--short", action="store_true", help="only one mutation of each scenario, and not the whole role"
    )
    parser.add_argument("--junitxml", type=Path, metavar="FILE", help="write the outcomes to this file too")
    chosen = parser.parse_args(arguments)

    known = {scenario: variables(scenario)["scenario_role"] for scenario in run.scenarios()}
    unknown = [name for name in chosen.name if name not in known and name not in known.values()]
    if unknown:
        parser.error(f"no scenario and no role is called {', '.join(unknown)}: choose from {', '.join(known)}")
    if chosen.parallel < 1:
        parser.error("--parallel needs at least 1")
    names = [name for name, role in known.items() if not chosen.name or {name, role} & set(chosen.name)]
    if not run.start_sandbox():
        return 1

    with tempfile.TemporaryDirectory(prefix="molecule-") as ssh_directory, ThreadPoolExecutor(chosen.parallel) as pool:
        work = [pool.submit(attempt, name, chosen.short, ssh_directory) for name in names]
        outcomes = [outcome for future in work for outcome in future.result()]
    if chosen.junitxml:
        run.write_junit(chosen.junitxml, outcomes)
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"{len(outcomes) - failed} as they must be, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
