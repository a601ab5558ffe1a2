#!/usr/bin/python
"""Store a `.env` file as a SecureString."""

from __future__ import annotations

DOCUMENTATION = r"""
module: env_push
short_description: Store a C(.env) file as a SecureString of the parameter store
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Reads a file with the strict grammar of M(slipway.fastapi.dotenv) and stores its variables, sorted and without
    comments, when they differ from what the parameter holds.
  - Values are compared inside the module. They appear in no result, diff, message or argument.
  - Runs on the control node.
options:
  file:
    description: The file to store.
    type: path
    required: true
  parameter:
    description: Name of the parameter.
    type: str
    required: true
  key_id:
    description:
      - Id, ARN or alias of the KMS key that encrypts the parameter. Write it in one form and keep to it; another form
        counts as a change.
      - Without it, AWS's own key for the parameter store encrypts a new parameter, and the key of an existing one is
        not looked at.
    type: str
  tier:
    description:
      - The highest tier that may be used. V(Standard) holds 4,096 bytes at no cost, V(Advanced) holds 8,192 bytes and
        AWS charges for it, so it is used only for what V(Standard) does not hold.
      - AWS cannot take a parameter back from V(Advanced), so one that is there stays so when it is written.
    type: str
    choices: [Standard, Advanced]
    default: Standard
  replace:
    description: Whether a parameter that is there already may be replaced. If not, whatever is there stays.
    type: bool
    default: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: The parameter is read and compared; nothing is written.
  diff_mode:
    support: full
    description: Names of variables and the key are shown, values are not.
  idempotent:
    support: full
    description: Nothing is written when the parameter has the same variables. Comments and order do not count.
seealso:
  - module: slipway.fastapi.dotenv
"""

EXAMPLES = r"""
- name: Store the service's secrets
  slipway.fastapi.env_push:
    aws:
      region: us-east-1
      profile: dev
    file: .env
    parameter: /slipway/dev/location-content/env
  delegate_to: localhost
"""

RETURN = r"""
parameter:
  description: Name of the parameter.
  returned: success
  type: str
  sample: /slipway/dev/location-content/env
keys:
  description: Names of the variables in the file.
  returned: success
  type: list
  elements: str
  sample: [GEMINI_API_KEY, TAVILY_API_KEY]
size:
  description: Size of the value in bytes.
  returned: success
  type: int
  sample: 117
version:
  description: Version of the parameter after the run. In check mode, the version that it has; 0 when there is none.
  returned: success
  type: int
  sample: 3
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    client,
    finish,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse, render
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.parameters import (
    LIMITS,
    Parameter,
    describe,
    fetch,
    put,
)

WAYS_OUT = {
    "Standard": "shorten it, move a part of it to a second parameter (docs/dotenv.md), or allow tier Advanced with its "
    f"{LIMITS['Advanced']} bytes, for which AWS charges: slipway_env_tier in the inventory's group_vars/all.yml",
    "Advanced": "AWS has no larger one: shorten it, or move a part of it to a second parameter (docs/dotenv.md)",
}
"""What to do about a file that is too large for the highest tier that may be used."""


def read(path: Path, tier: str) -> str:
    """The value to store. Raises AwsError when the file cannot be stored."""
    try:
        values = parse(path.read_bytes())
    except OSError as error:
        raise AwsError(f"{path} cannot be read: {error.strerror}") from error
    except DotenvError as error:
        raise AwsError(f"{path} is not a strict .env file:\n{error}") from None
    if not values:
        raise AwsError(f"{path} sets no variable, and a parameter cannot be empty; write at least one KEY=value")
    nested = [key for key, value in values.items() if "{{" in value]
    if nested:
        raise AwsError(
            f"{path}: {', '.join(nested)}: has '{{{{', which the parameter store refuses; store it base64-encoded"
        )
    content = render(values)
    if len(content) > LIMITS[tier]:
        raise AwsError(
            f"{path} has {len(content)} bytes of variables, and a parameter of tier {tier} holds {LIMITS[tier]}; "
            f"{WAYS_OUT[tier]}"
        )
    return content.decode("utf-8")


def compare(name: str, stored: Parameter | None, value: str) -> Difference:
    """What separates the stored variables from those of the file."""
    difference = Difference(name)
    try:
        old = parse(stored.value.encode("utf-8")) if stored else {}
    except DotenvError:
        difference.compare("form", "not a strict .env file", "strict .env file")
        old = {}
    for key, new in parse(value.encode("utf-8")).items():
        difference.compare_secret(key, old.pop(key, None), new)
    for key, gone in old.items():
        difference.compare_secret(key, gone, None)
    return difference


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises AwsError."""
    options = module.params
    name = options["parameter"]
    value = read(Path(options["file"]), options["tier"])
    ssm = client("ssm", options["aws"])
    stored = fetch(ssm, name)
    kept = stored is not None and not options["replace"]
    difference = Difference(name) if kept else compare(name, stored, value)
    known = describe(ssm, name) if stored and (options["key_id"] or difference.changed) else {}
    if options["key_id"]:
        difference.compare("key", known.get("KeyId"), options["key_id"])
    version = stored.version if stored else 0
    if difference.changed and not module.check_mode:
        fits = len(value.encode("utf-8")) <= LIMITS["Standard"]
        tier = "Standard" if fits and known.get("Tier") != "Advanced" else "Advanced"
        version = put(ssm, name, value, tier=tier, key_id=options["key_id"] or known.get("KeyId"))
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "parameter": name,
        "keys": list(parse(value.encode("utf-8"))),
        "size": len(value.encode("utf-8")),
        "version": version,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "file": {"type": "path", "required": True},
            "parameter": {"type": "str", "required": True},
            "key_id": {"type": "str", "no_log": False},
            "tier": {"type": "str", "choices": ["Standard", "Advanced"], "default": "Standard"},
            "replace": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
