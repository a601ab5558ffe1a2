"""Plans made by Terraform and the real provider, with no AWS: what they read comes from tests/aws_rules/account.py.

`terraform test` makes several plans in one process, and its verbose JSON holds each of them. So the provider's schemas
are loaded once for all of them, which takes longer than a plan.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: The stacks read it.
TAG_SCHEMA = ROOT / "collections/ansible_collections/slipway/fastapi/plugins/plugin_utils/tag_schema.yml"
#: A plan takes seconds. This is for a machine with much else to do.
SECONDS = 300.0


class PlanError(Exception):
    """Terraform refused a plan, or could not make it. The message is Terraform's."""


@dataclass(frozen=True)
class Job:
    """Plans of one root module, made by one process: the variables of each by its name, and files to add by path."""

    root: str
    runs: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)


class Plans:
    """Plans that are being made, by job and name."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self._changes: dict[str, list[Mapping[str, Any]]] = {}
        self._errors: dict[str, str] = {}
        self._news = threading.Condition()
        self.running: set[subprocess.Popen[str]] = set()
        self.making_ready = threading.Lock()
        self.ready: dict[str, Path] = {}

    def changes(self, name: str) -> list[Mapping[str, Any]]:
        """The plan's `resource_changes`, waited for.

        Raises PlanError if Terraform refused the plan.
        """
        with self._news:
            if not self._news.wait_for(lambda: name in self._changes or name in self._errors, SECONDS):
                raise PlanError(f"There was no plan {name} within {SECONDS:.0f} s.")
        if name in self._errors:
            raise PlanError(self._errors[name])
        return self._changes[name]

    def add(self, name: str, plan: Mapping[str, Any]) -> None:
        """Keep a plan."""
        with self._news:
            self._changes[name] = plan["resource_changes"]
            self._news.notify_all()

    def fail(self, names: Sequence[str], message: str) -> None:
        """Note why there are no plans of these names, where there are none yet."""
        with self._news:
            for name in names:
                if name not in self._changes:
                    self._errors.setdefault(name, message)
            self._news.notify_all()

    def learn(self, line: str) -> None:
        """Keep the providers' schemas, which each plan repeats in many megabytes."""
        with self._news:
            if not self.schemas:
                for provider in json.loads(line)["test_plan"]["provider_schemas"].values():
                    self.schemas.update(provider.get("resource_schemas", {}))


@contextmanager
def account() -> Iterator[str]:
    """Serve what plans read. The value is the address."""
    command = [sys.executable, "-m", "tests.aws_rules.account"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise PlanError("The account that plans read did not start: its message is above.")
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()


@contextmanager
def planning(jobs: Sequence[Job], endpoint: str, directory: Path) -> Iterator[Plans]:
    """Make the plans of the jobs, two processes at a time. They are read while others are still being made."""
    plans = Plans()
    environment = _environment(endpoint)
    pool = ThreadPoolExecutor(2)
    for number, job in enumerate(jobs):
        pool.submit(_run, job, directory / f"job{number}", environment, plans)
    try:
        yield plans
    finally:
        # Tests that failed, or were interrupted, wait for no plan.
        for process in list(plans.running):
            process.send_signal(signal.SIGINT)
        pool.shutdown(cancel_futures=True)


def _environment(endpoint: str) -> dict[str, str]:
    """No variable of the caller's shell decides whom the provider asks."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    found = subprocess.run(
        [sys.executable, "-m", "slipway.launch", "provider"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    if found.returncode:
        raise PlanError(found.stderr)
    return kept | {
        "TF_CLI_CONFIG_FILE": found.stdout.strip(),
        "TF_IN_AUTOMATION": "1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def _run(job: Job, directory: Path, environment: Mapping[str, str], plans: Plans) -> None:
    try:
        _plan(job, directory, environment, plans)
    except Exception as error:  # A thread's error would be lost, and whoever waits for a plan would wait in vain.
        plans.fail(list(job.runs), f"{type(error).__name__}: {error}")


def _plan(job: Job, directory: Path, environment: Mapping[str, str], plans: Plans) -> None:
    code = directory / "terraform"
    shutil.copytree(ROOT / "terraform", code, ignore=shutil.ignore_patterns(".terraform", "tests"))
    schema = directory / TAG_SCHEMA.relative_to(ROOT)
    schema.parent.mkdir(parents=True)
    shutil.copy2(TAG_SCHEMA, schema)
    for path, text in job.files.items():
        (code / path).write_text(text, encoding="utf-8")
    root = code / job.root
    (root / "tests").mkdir()
    runs = "\n".join(
        f'run "{name}" {{\ncommand = plan\nvariables {{\n{text}\n}}\n}}' for name, text in job.runs.items()
    )
    (root / "tests" / "plans.tftest.hcl").write_text(runs, encoding="utf-8")
    _make_ready(job.root, root, environment, plans)
    with subprocess.Popen(
        ["terraform", "test", "-json", "-verbose", "-no-color"],
        cwd=root,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        plans.running.add(process)
        said = [text for line in process.stdout if (text := _read(line, plans))]
        plans.running.discard(process)
    plans.fail(list(job.runs), "\n".join(said) or f"terraform test ended with {process.returncode}")


def _make_ready(name: str, root: Path, environment: Mapping[str, str], plans: Plans) -> None:
    """Initialise a root module once for all of its copies: Terraform reads the whole provider for its checksum."""
    with plans.making_ready:
        if first := plans.ready.get(name):
            shutil.copytree(first / ".terraform", root / ".terraform", symlinks=True)
            shutil.copy2(first / ".terraform.lock.hcl", root)
            return
        done = subprocess.run(
            ["terraform", "init", "-backend=false", "-input=false", "-no-color"],
            cwd=root,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise PlanError(done.stdout + done.stderr)
        plans.ready[name] = root


def _read(line: str, plans: Plans) -> str:
    """Keep the plan that a line of Terraform's output holds, and return what an error says."""
    if not line.startswith("{"):
        return line.strip()
    if '"type":"test_plan"' in line:
        if not plans.schemas:
            plans.learn(line)
        # The rest of the line, many megabytes, is the provider's schemas again.
        entry = json.loads(line[: line.index(',"provider_format_version"')] + "}}")
        run = line[line.index('"@testrun":') :].split('"', 4)[3]
        plans.add(run, entry["test_plan"])
        return ""
    entry = json.loads(line)
    diagnostic = entry.get("diagnostic", {})
    if diagnostic.get("severity") != "error":
        return ""
    return f"{entry.get('@testrun', '')}: {diagnostic['summary']}: {diagnostic.get('detail', '')}"
