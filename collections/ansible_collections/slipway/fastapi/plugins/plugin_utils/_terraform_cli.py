"""Terraform's command line for one stack, blueprint and environment."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.plugin_utils._process import Outcome, stream
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_log import Reader
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_plan import PlanSummary, summarise
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_saved import (
    SavedPlan,
    SavedPlanError,
    new_file,
)

LOCK_TIMEOUT = "120s"
PARALLELISM = 40  # most of an apply is waiting
LOCK_ID = re.compile(r"ID:\s+([0-9a-f-]{36})")
# A run is stack, blueprint and environment; what the shell would add to Terraform's input is left out.
SHELL_INPUT = ("TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR")
BACKEND = re.compile(r'^\s*backend\s+"', re.MULTILINE)
LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'
# What Terraform says of a plan whose state has been changed since.
STALE = "Saved plan is stale"
# What S3 or Terraform says where the backend's bucket is not there or not named.
NO_BUCKET = ("NoSuchBucket", "S3 bucket", 'attribute "bucket" is required')
# What IAM says of a role whose permissions boundary does not exist.
NO_BOUNDARY = "NoSuchEntity: Scope ARN:"
BOUNDARY_HINT = (
    "The permissions boundary of the hosts' role does not exist. An administrator makes it, once for each account: "
    "aws iam create-policy --policy-name slipway-boundary --policy-document "
    'file://terraform/policies/host-boundary.json (docs/policies.md, "The permissions boundary"). '
    "The variable permissions_boundary_arn names another one."
)


class TerraformError(Exception):
    """Terraform refused or failed; the message is meant for a person."""


@dataclass(frozen=True)
class Stack:
    """One root with its inputs.

    ``directory`` is the root, ``work`` the folder for the data directory and the saved plans, ``backend`` the backend's
    file, ``state_key`` the object that holds the state, ``bucket`` the backend's bucket where its file names none,
    ``cli_config`` Terraform's own configuration file. Without ``backend`` the state is a file in ``work``.
    """

    directory: Path
    work: Path
    backend: Path | None
    state_key: str
    var_files: tuple[Path, ...]
    variables: dict[str, Any]
    cli_config: str | None = None
    bucket: str | None = None

    @property
    def plans(self) -> Path:
        """The folder of the saved plans."""
        return self.work / "plans"

    @property
    def local_state(self) -> Path:
        """The state of a stack without a backend."""
        return self.work / "terraform.tfstate"

    @property
    def root(self) -> Path:
        """Where Terraform runs: the root, or without a backend a copy of it, since the root itself names one."""
        return self.directory if self.backend else self.work / "root"

    def backend_settings(self) -> list[str]:
        """The arguments of `terraform init` that say where the state is."""
        if self.backend is None:
            return [f"-backend-config=path={self.local_state}"]
        settings = [str(self.backend), f"key={self.state_key}", *([f"bucket={self.bucket}"] if self.bucket else [])]
        return [f"-backend-config={setting}" for setting in settings]

    def prepare(self) -> None:
        """Make the folders. Raises TerraformError where a file in the root changes the backend behind our back."""
        self.work.mkdir(parents=True, exist_ok=True)
        if self.backend is None:
            self._copy_root()
            return
        for path in [self.directory / "override.tf", *self.directory.glob("*_override.tf")]:
            if path.is_file() and BACKEND.search(path.read_text(encoding="utf-8")):
                raise TerraformError(
                    f"{path} sets another backend than {self.backend}: move it away. If its state is a local file, "
                    "`make bootstrap` brings that into the bucket."
                )

    def _copy_root(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir()
        for path in self.directory.iterdir():
            if path.is_file() and path.suffix in {".tf", ".hcl"}:
                shutil.copy(path, self.root)
        (self.root / "backend_override.tf").write_text(LOCAL_BACKEND, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """The shell's environment without anything that would change Terraform's input."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(SHELL_INPUT)}
        kept |= {"TF_DATA_DIR": str(self.work / "terraform"), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        if self.cli_config:
            kept["TF_CLI_CONFIG_FILE"] = self.cli_config
        return kept


def as_argument(value: Any) -> str:
    """A value as `-var` wants it: text as it is, anything else as JSON (which is HCL too)."""
    return value if isinstance(value, str) else json.dumps(value)


@contextmanager
def only_run(work: Path, show: Callable[[str], None]) -> Iterator[int]:
    """Hold this checkout's lock for one stack, and yield its descriptor.

    Terraform inherits the descriptor, so the lock lasts as long as Terraform does even when the run that started it is
    killed. Whoever holds it knows that a lock still standing in the state belongs to nobody here.
    """
    with (work / "run.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show("    another run is busy with this stack: waiting for it to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


class Terraform:
    """Runs Terraform for a stack and shows progress through ``show``."""

    def __init__(self, stack: Stack, show: Callable[[str], None], unlock_stale: bool = False, run: int = 0) -> None:
        """``unlock_stale`` is for a state that only this machine can reach: the sandbox's.

        ``run`` is the process that plans and applies: by default the parent, because Ansible works in a child of it.
        """
        self.stack = stack
        self.show = show
        self.unlock_stale = unlock_stale
        self.run = run or os.getppid()

    def init(self) -> None:
        """Make the root ready; Terraform does nothing here that is done already."""
        self.stack.prepare()
        result = self._quiet("init", "-input=false", "-no-color", "-reconfigure", *self.stack.backend_settings())
        if result.returncode:
            said = result.stderr.strip() or result.stdout.strip()
            hint = "\n`make bootstrap` makes the state's bucket." if any(sign in said for sign in NO_BUCKET) else ""
            raise TerraformError(f"terraform init failed:\n{said}{hint}")

    def plan(self, destroy: bool = False) -> tuple[PlanSummary, SavedPlan | None]:
        """Plan, and return what it would do with the saved plan; nothing is saved where nothing would change."""
        path = new_file(self.stack.plans, self.run)
        arguments = [*(["-destroy"] if destroy else []), f"-out={path}", *self._inputs()]
        planned = self._logged("plan", *arguments)
        if not any(planned.counts.values()):
            path.unlink(missing_ok=True)
            return PlanSummary.of_nothing(), None
        shown = self._quiet("show", "-json", str(path))
        if shown.returncode:
            raise TerraformError(f"terraform show failed:\n{shown.stderr.strip()}")
        return summarise(json.loads(shown.stdout)), SavedPlan.of(path)

    def apply(self, plan: SavedPlan) -> dict[str, Any]:
        """Apply exactly this plan, delete its file, and return the outputs that are not sensitive."""
        try:
            plan.check()
            return self._logged("apply", f"-parallelism={PARALLELISM}", str(plan.path)).outputs
        except SavedPlanError as error:
            raise TerraformError(str(error)) from None
        finally:
            plan.remove()

    def pull(self) -> str:
        """The state that the backend holds; empty where it holds none."""
        result = self._quiet("state", "pull", "-no-color")
        if result.returncode:
            raise TerraformError(f"terraform state pull failed:\n{result.stderr.strip()}")
        return result.stdout

    def push(self, path: Path) -> None:
        """Make a file the backend's state. Terraform refuses where that has another lineage or a higher serial."""
        with only_run(self.stack.work, self.show):
            result = self._quiet("state", "push", "-no-color", f"-lock-timeout={LOCK_TIMEOUT}", str(path))
        if result.returncode:
            raise TerraformError(f"terraform state push failed:\n{result.stderr.strip()}")

    def _inputs(self) -> list[str]:
        files = [f"-var-file={path}" for path in self.stack.var_files]
        values = [f"-var={name}={as_argument(value)}" for name, value in self.stack.variables.items()]
        return [*files, *values]

    def _logged(self, command: str, *arguments: str) -> Reader:
        reader, outcome = self._attempt(command, *arguments)
        lock = LOCK_ID.search("\n".join(reader.errors))
        if lock and self.unlock_stale:
            self.show(f"    a lock of a killed run is in the way ({lock.group(1)}): removed")
            self._quiet("force-unlock", "-force", lock.group(1))
            reader, outcome = self._attempt(command, *arguments)
        elif lock:
            reader.errors.append(
                "If no other run is under way, remove the lock: "
                f"terraform -chdir={self.stack.directory} force-unlock {lock.group(1)}"
            )
        if any(STALE in error for error in reader.errors):
            reader.errors.append("Nothing was changed: another run came in between. Run this again.")
        if outcome.code or reader.errors:
            problems = reader.errors or [outcome.stderr.strip() or f"exit code {outcome.code}"]
            if any(NO_BOUNDARY in problem for problem in problems):
                problems.append(BOUNDARY_HINT)
            raise TerraformError(f"terraform {command} failed:\n" + "\n".join(f"  - {p}" for p in problems))
        return reader

    def _attempt(self, command: str, *arguments: str) -> tuple[Reader, Outcome]:
        reader = Reader(self.show)
        timeout = "0s" if self.unlock_stale else LOCK_TIMEOUT
        argv = ["terraform", command, "-json", "-input=false", f"-lock-timeout={timeout}", *arguments]
        with only_run(self.stack.work, self.show) as lock:
            env = self.stack.environment()
            outcome = stream(argv, cwd=self.stack.root, env=env, on_line=reader.line, inherit=(lock,))
        return reader, outcome

    def _quiet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.stack.root,
            env=self.stack.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
