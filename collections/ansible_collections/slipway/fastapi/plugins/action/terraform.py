"""The control node's half of slipway.fastapi.terraform (documented in modules/terraform.py)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_cli import Stack, Terraform, TerraformError
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_migration import (
    Migration,
    Owner,
    carry_out,
    local_states,
    prepare,
)
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_plan import PlanSummary
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_saved import SavedPlan

display = Display()

COMMANDS = ["init", "plan", "plan_destroy", "apply", "plan_migration", "migrate"]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "command": {"type": "str", "required": True, "choices": COMMANDS},
    "directory": {"type": "path", "required": True},
    "work": {"type": "path", "required": True},
    "backend": {"type": "path"},
    "bucket": {"type": "str"},
    "state_key": {"type": "str", "required": True},
    "var_files": {"type": "list", "elements": "path", "default": []},
    "variables": {"type": "dict", "default": {}},
    "cli_config": {"type": "path"},
    "unlock_stale": {"type": "bool", "default": False},
    "local_states": {"type": "list", "elements": "path", "default": []},
    "owner_tags": {"type": "dict", "default": {}},
    "owner_account": {"type": "str"},
    "digest": {"type": "str"},
    "plan_file": {"type": "path"},
    "plan_sha256": {"type": "str"},
}

REQUIRED = [("command", "apply", ("plan_file", "plan_sha256"))]


def stack_of(arguments: dict[str, Any]) -> Stack:
    """The stack that the task names; raises AnsibleActionFail for files that are not there."""
    for label, path in (("stack", arguments["directory"]), ("backend file", arguments["backend"])):
        if path and not Path(path).exists():
            raise AnsibleActionFail(f"There is no {label} {path}.")
    for path in arguments["var_files"]:
        if not Path(path).is_file():
            known = sorted(item.stem for item in Path(path).parent.glob("*.tfvars"))
            hint = f" Known here: {', '.join(known)}." if known else ""
            raise AnsibleActionFail(f"There is no variable file {path}.{hint}")
    return Stack(
        directory=Path(arguments["directory"]),
        work=Path(arguments["work"]),
        backend=Path(arguments["backend"]) if arguments["backend"] else None,
        bucket=arguments["bucket"],
        state_key=arguments["state_key"],
        var_files=tuple(Path(path) for path in arguments["var_files"]),
        variables=arguments["variables"],
        cli_config=arguments["cli_config"],
    )


class ActionModule(ActionBase):
    """Runs Terraform on the control node."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Carry out one command; every failure is an AnsibleActionFail with one message."""
        super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS, required_if=REQUIRED)
        if shutil.which("terraform") is None:
            raise AnsibleActionFail(
                "Terraform is not on PATH. Install a version from 1.11 up to, not including, 2.0 "
                "(https://developer.hashicorp.com/terraform/install) and run this again."
            )
        terraform = Terraform(stack_of(arguments), show=display.display, unlock_stale=arguments["unlock_stale"])
        try:
            return self._carry_out(terraform, arguments)
        except TerraformError as error:
            # The message is whole; Ansible would print each cause's behind it once more.
            raise AnsibleActionFail(str(error)) from None

    def _carry_out(self, terraform: Terraform, arguments: dict[str, Any]) -> dict[str, Any]:
        command = arguments["command"]
        if command == "apply":
            plan = SavedPlan(Path(arguments["plan_file"]), arguments["plan_sha256"])
            outputs = {} if self._task.check_mode else terraform.apply(plan)
            return {"changed": True, "outputs": outputs}
        terraform.init()
        if command == "init":
            return {"changed": False}
        if command in {"plan", "plan_destroy"}:
            return self._planned(*terraform.plan(destroy=command == "plan_destroy"))
        migration = self._migration(terraform, arguments)
        if command == "plan_migration":
            return self._migration_planned(terraform, migration)
        if migration.digest != arguments["digest"]:
            raise TerraformError("The state has changed since it was shown: nothing was moved. Run this again.")
        if self._task.check_mode:
            return {"changed": True}
        return {"changed": True, "backup": str(carry_out(terraform, migration))}

    @staticmethod
    def _planned(summary: PlanSummary, saved: SavedPlan | None) -> dict[str, Any]:
        return {
            "changed": False,
            "empty": summary.empty,
            "summary": summary.sentence(),
            "lines": summary.lines,
            "digest": summary.digest,
            **({"plan_file": str(saved.path), "plan_sha256": saved.sha256} if saved else {}),
        }

    @staticmethod
    def _migration(terraform: Terraform, arguments: dict[str, Any]) -> Migration:
        owner = Owner(arguments["owner_tags"], arguments["owner_account"])
        given = [Path(path) for path in arguments["local_states"] if Path(path).exists()]
        return prepare(terraform, [*given, *local_states(terraform.stack.directory)], owner)

    @staticmethod
    def _migration_planned(terraform: Terraform, migration: Migration) -> dict[str, Any]:
        resources = f"{migration.count} resource{'' if migration.count == 1 else 's'}"
        moved = f"{resources} of {migration.source} to move to {terraform.stack.state_key} in the bucket"
        return {
            "changed": False,
            "empty": migration.empty,
            "summary": "no state to move" if migration.empty else moved,
            "lines": migration.notes,
            "digest": migration.digest,
        }
