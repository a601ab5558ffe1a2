"""Documentation of slipway.fastapi.terraform; its work is done by action/terraform.py on the control node.

Why no other module does this: community.general.terraform shows no progress, does not approve a plan by its digest,
and does not move a state into a backend. The commands are one module because they share the root, the backend and the
variables.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform
short_description: Plan and apply a Terraform root with live progress
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Runs Terraform on the control node for one stack, blueprint and environment, and shows each resource as it is done.
  - What is applied is exactly the plan that an earlier task of the same run saved and showed, in a file of its own.
  - A key in a variable file that no variable has is an error here; Terraform itself only warns.
  - Variables that the shell would add (C(TF_VAR_*), C(TF_CLI_ARGS*), C(TF_WORKSPACE)) are left out.
options:
  command:
    description:
      - V(init) makes the root ready, with its provider and its state; the other commands begin with it.
      - V(plan) saves a plan and tells what it would do; V(plan_destroy) does so for removing everything.
      - V(apply) applies a saved plan, and deletes its file.
      - V(plan_migration) looks for a state of the same application, environment and account on this machine and tells
        whether it is to be moved into the backend; V(migrate) moves it, and never in the place of another one.
    type: str
    required: true
    choices: [init, plan, plan_destroy, apply, plan_migration, migrate]
  directory:
    description: The root's folder.
    type: path
    required: true
  work:
    description: The folder for Terraform's data directory and the saved plans.
    type: path
    required: true
  backend:
    description:
      - The backend's configuration file.
      - Without it the root is copied into O(work), and its state is a file there. So is the bucket of states made.
    type: path
  bucket:
    description: The backend's bucket, for a file that names none.
    type: str
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
  local_states:
    description: Files that may hold the state beside those that Terraform leaves in O(directory). Some may not exist.
    type: list
    elements: path
    default: []
  owner_tags:
    description: Tags that the resources of a state must have to be moved.
    type: dict
    default: {}
  owner_account:
    description: The account of the resources of a state that is moved.
    type: str
  digest:
    description: The RV(digest) of what O(command=plan_migration) has shown. O(command=migrate) moves nothing else.
    type: str
  plan_file:
    description: The RV(plan_file) of the plan that was shown. O(command=apply) needs it.
    type: path
  plan_sha256:
    description: The RV(plan_sha256) of the plan that was shown. O(command=apply) needs it, and applies nothing else.
    type: str
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

- name: Apply what was shown
  slipway.fastapi.terraform:
    command: apply
    directory: terraform/stacks/ec2
    work: .slipway/dev/location-content
    backend: terraform/envs/dev/backend.hcl
    state_key: dev/location-content/terraform.tfstate
    plan_file: "{{ plan.plan_file }}"
    plan_sha256: "{{ plan.plan_sha256 }}"
  when: not plan.empty
"""

RETURN = r"""
empty:
  description: Whether the plan changes no resource, or no state is to be moved.
  returned: O(command=plan), O(command=plan_destroy) and O(command=plan_migration)
  type: bool
summary:
  description: The plan's counts, or what would be moved, in one sentence.
  returned: O(command=plan), O(command=plan_destroy) and O(command=plan_migration)
  type: str
  sample: 12 to create, 1 to update
lines:
  description: One line for each resource that would change, with its sign; one for each state that stays where it is.
  returned: O(command=plan), O(command=plan_destroy) and O(command=plan_migration)
  type: list
  elements: str
digest:
  description: Digest of everything that would change or be moved, for an approval in writing.
  returned: O(command=plan), O(command=plan_destroy) and O(command=plan_migration)
  type: str
plan_file:
  description: The file in which the plan is saved, which only this run uses.
  returned: O(command=plan) and O(command=plan_destroy), where something would change
  type: str
plan_sha256:
  description: SHA-256 of that file.
  returned: O(command=plan) and O(command=plan_destroy), where something would change
  type: str
backup:
  description: Where the file lies now whose state was moved.
  returned: O(command=migrate)
  type: str
outputs:
  description: The outputs that are not sensitive.
  returned: O(command=apply)
  type: dict
"""
