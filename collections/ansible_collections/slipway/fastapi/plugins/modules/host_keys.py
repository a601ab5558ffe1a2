#!/usr/bin/python
"""Learns the SSH host keys of instances from their console, before anybody connects.

Why no other module does this: No module of amazon.aws reads an instance's console. ssh-keyscan would ask the network
for the keys, and the network is what a first connection must not trust.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_keys
short_description: Learn SSH host keys from the console of instances
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - cloud-init writes a new instance's host keys to its console, which AWS shows to those who may read it. A key that is
    known before the first connection cannot be replaced by somebody on the way.
  - Instances that O(path) names already are not asked about, and no key in it is ever changed.
  - Where the console does not show the keys yet, or may not be read, RV(unknown) says so, and what SSH does at a first
    contact holds.
  - Runs on the control node.
options:
  instances:
    description: Ids of instances, under which their keys are filed (C(HostKeyAlias)).
    type: list
    elements: str
    required: true
  path:
    description: The known_hosts file. It is made, with its folder, where there is none.
    type: path
    required: true
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: Consoles are read and no file is written.
  diff_mode:
    support: none
    description: Keys are public, and say nothing to a person.
  idempotent:
    support: full
    description: Keys that are known are left alone.
"""

EXAMPLES = r"""
- name: Learn the hosts' keys from their consoles
  slipway.fastapi.host_keys:
    aws: "{{ slipway_aws }}"
    instances: [i-0123456789abcdef0]
    path: .slipway/dev/known_hosts
  delegate_to: localhost
"""

RETURN = r"""
learned:
  description: Instances whose keys were added.
  returned: success
  type: list
  elements: str
unknown:
  description: A sentence for each instance whose keys could not be learned.
  returned: success
  type: list
  elements: str
"""

import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    boto_errors,
    client,
    explain,
    finish,
)

_BLOCK = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)
_KEY = re.compile(r"\b(ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]{40,}={0,2})")


def keys_in(console: str) -> list[str]:
    """The public keys that a console shows, each as type and base64. Only the last boot's: earlier ones may be gone."""
    blocks = _BLOCK.findall(console)
    return [f"{kind} {key}" for kind, key in _KEY.findall(blocks[-1])] if blocks else []


def known(text: str) -> set[str]:
    """The names that a known_hosts file has keys for."""
    return {name for line in text.splitlines() if line.strip() for name in line.split()[0].split(",")}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read what is missing and add it. Raises AwsError."""
    path = Path(module.params["path"])
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    missing = sorted(set(module.params["instances"]) - known(text))
    if not missing:
        return {"changed": False, "learned": [], "unknown": []}
    ec2 = client("ec2", module.params["aws"])
    lines: list[str] = []
    learned: list[str] = []
    unknown: list[str] = []
    for instance in missing:
        try:
            answer = ec2.get_console_output(InstanceId=instance)
        except boto_errors() as error:
            unknown.append(explain(error, f"ec2:GetConsoleOutput of {instance}"))
            continue
        found = keys_in(str(answer.get("Output") or ""))
        if found:
            learned.append(instance)
            lines += [f"{instance} {key}\n" for key in found]
        else:
            unknown.append(f"the console of {instance} shows no keys yet")
    if lines and not module.check_mode:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if not text or text.endswith("\n") else "\n") + "".join(lines))
    return {"changed": bool(learned), "learned": learned, "unknown": unknown}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "instances": {"type": "list", "elements": "str", "required": True},
            "path": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    finish(module, run)


if __name__ == "__main__":
    main()
