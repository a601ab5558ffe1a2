"""Documentation of slipway.fastapi.terraform; its work is done by action/terraform.py on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform
short_description: Plan and apply a Terraform root with live progress
version_added: 0.1.0
author:
  - Slipway maintainers
description:
  - Runs Terraform on the control node for one stack, blueprint and environment, and shows each resource as it is done.
  - What is applied is exactly the plan that an earlier task saved and showed.
  - A key in a variable file that no variable has is an error here; Terraform itself only warns.
  - Variables that the shell would add (C(TF_VAR_*), C(TF_CLI_ARGS*), C(TF_WORKSPACE)) are left out.
options:
  command:
    description:
      - V(init) makes the root ready, with its provider and its state; the other commands begin with it.
      - V(plan) saves a plan and tells what it would do; V(plan_destroy) does so for removing everything.
      - V(apply) applies the saved plan.
    type: str
    required: true
    choices: [init, plan, plan_destroy, apply]
  directory:
    description: The root's folder.
    type: path
    required: true
  work:
    description: The folder for Terraform's data directory and the saved plan.
    type: path
    required: true
  backend:
    description: The backend's configuration file.
    type: path
    required: true
  state_key:
    description: The name of the state object in the backend's bucket.
    type: str
    required: true
  var_files:
    description: Variable files, the later ones winning.
    type: list
    elements: path
    default: []
  variables:
    description: Single variables, which win over the files.
    type: dict
    default: {}
  cli_config:
    description: Terraform's own configuration file, as C(TF_CLI_CONFIG_FILE).
    type: path
  unlock_stale:
    description:
      - Remove a lock that a killed run has left in the state.
      - Only for a state that no other machine can reach.
    type: bool
    default: false
attributes:
  check_mode:
    description: Plans are made and nothing is applied.
    support: full
  diff_mode:
    description: The plan's lines are the difference.
    support: none
"""

EXAMPLES = r"""
- name: Plan
  slipway.fastapi.terraform:
    command: plan
    directory: terraform/stacks/ec2
    work: .slipway/dev/location-content
    backend: terraform/envs/dev/backend.hcl
    state_key: dev/location-content/terraform.tfstate
    var_files:
      - terraform/blueprints/location-content.tfvars
      - terraform/envs/dev/env.tfvars
  register: plan
"""

RETURN = r"""
empty:
  description: Whether the plan changes no resource.
  returned: O(command=plan) and O(command=plan_destroy)
  type: bool
summary:
  description: The plan's counts in one sentence.
  returned: O(command=plan) and O(command=plan_destroy)
  type: str
  sample: 12 to create, 1 to update
lines:
  description: One line for each resource that would change, with its sign.
  returned: O(command=plan) and O(command=plan_destroy)
  type: list
  elements: str
digest:
  description: Digest of everything that the plan would change, for an approval in writing.
  returned: O(command=plan) and O(command=plan_destroy)
  type: str
outputs:
  description: The outputs that are not sensitive.
  returned: O(command=apply)
  type: dict
"""
