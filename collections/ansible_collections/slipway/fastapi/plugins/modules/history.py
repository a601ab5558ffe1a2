#!/usr/bin/python
"""Record what a release or rollback did to a fleet.

Why no other module does this: amazon.aws.s3_object can write the record. But its client takes the shell's AWS
settings and proxy, which must not reach calls to the sandbox, and the fields of a record would be checked nowhere.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: history
short_description: Record what was done to a fleet, and by whom
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Writes one object for each release or rollback, C(<app>/history/<began>-<generation>.json), which C(make releases)
    shows. Nothing in it is a secret.
  - Runs on the control node. Each host keeps a record of its own besides.
options:
  bucket:
    description: Bucket of the history. Hosts need no access to it.
    type: str
    required: true
  app:
    description: What the fleet is called in there.
    type: str
    required: true
  state:
    description: Whether the record shall exist. Records are not removed here; the bucket's own lifecycle does that.
    type: str
    choices: [present]
    default: present
  generation:
    description: Number of the lease under which it was done.
    type: int
    required: true
  kind:
    description: What was asked for.
    type: str
    choices: [release, rollback]
    required: true
  result:
    description:
      - V(released) when all hosts serve what was released, V(rolled_back) when they have gone back to a release that
        they had kept, V(nothing) when they served it before, and V(failed) when a host failed. What then serves,
        O(hosts) says.
    type: str
    choices: [released, failed, rolled_back, nothing]
    required: true
  began:
    description: When it began, in UTC, as M(slipway.fastapi.lease) returns C(acquired).
    type: str
    required: true
  ended:
    description: When it ended, likewise. The default is S3's clock when the record is written.
    type: str
  by:
    description: Who did it. The default is C(user@host) of this machine.
    type: str
  release:
    description: Id of the release. Empty where it did not come so far.
    type: str
    default: ""
  artifact:
    description: Where its artifact is, C(s3://BUCKET/KEY).
    type: str
    default: ""
  version_id:
    description: Version of the artifact; empty in a bucket without versions.
    type: str
    default: ""
  hosts:
    description: What became of each host.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The host.
        type: str
        required: true
      before:
        description: Release that it served before. Empty for none.
        type: str
        default: ""
      after:
        description: Release that it serves now. Empty for none.
        type: str
        default: ""
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: The record is compared with the one that is there; nothing is written.
  diff_mode:
    support: full
    description: Shows what differs.
  idempotent:
    support: full
    description: A record that says the same is left alone, with the end that it has unless O(ended) is set.
seealso:
  - module: slipway.fastapi.lease
"""

EXAMPLES = r"""
- name: Record the release
  slipway.fastapi.history:
    aws:
      region: us-east-1
    bucket: location-content-dev-deployments
    app: location-content
    generation: "{{ lease.generation }}"
    kind: release
    result: released
    began: "{{ lease.acquired }}"
    release: 3f2a9c51d0b7-5be0a1c4
    artifact: s3://location-content-dev-artifacts/releases/app.zip
    hosts:
      - name: i-0123456789abcdef0
        before: 8ea6931ef0c0-da72a7ab
        after: 3f2a9c51d0b7-5be0a1c4
  delegate_to: localhost
"""

RETURN = r"""
key:
  description: Key of the object.
  returned: success
  type: str
  sample: location-content/history/20261121T073111Z-1795246271.json
record:
  description: What it says.
  returned: success
  type: dict
"""

import getpass
import socket
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import (
    AWS_ARGUMENT,
    AwsError,
    boto_errors,
    client,
    explain,
    finish,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history
from ansible_collections.slipway.fastapi.plugins.module_utils._release.history import HistoryError, Record
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import RELEASE

UNREADABLE = "unreadable"
"""Stands for what a host has called a release and cannot be one."""


def wanted(options: dict[str, Any]) -> Record:
    """The record that the options ask for. Raises HistoryError."""
    for name in ("began", "ended"):
        if options[name] and not _is_time(options[name]):
            raise HistoryError(f"{name} is '{options[name]}' and must be a time in UTC such as 2026-11-21T07:31:11Z")
    if options["generation"] <= 0:
        raise HistoryError("generation must be the number that slipway.fastapi.lease returned")
    names = ("generation", "kind", "result", "began", "artifact", "version_id")
    hosts = [
        {"name": str(host["name"]), "before": release_of(host["before"]), "after": release_of(host["after"])}
        for host in options["hosts"]
    ]
    return Record(
        by=options["by"] or f"{getpass.getuser()}@{socket.gethostname()}",
        ended=options["ended"] or "",
        release=release_of(options["release"]),
        hosts=sorted(hosts, key=lambda host: host["name"]),
        **{name: options[name] for name in names},
    )


def release_of(text: str | None) -> str:
    """A release's id as a host told it, or UNREADABLE: whoever reads the history must not be told a host's own text."""
    known = not text or text == "unknown" or RELEASE.fullmatch(text)
    return (text or "") if known else UNREADABLE


def _is_time(text: str) -> bool:
    try:
        return bool(history.STAMP.fullmatch(text) and datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return False


def compare(key: str, stored: Record | None, record: Record) -> Difference:
    """What separates the object from the wanted one."""
    difference = Difference(key)
    before = asdict(stored) if stored else {}
    for name, value in asdict(record).items():
        difference.compare(name, before.get(name), value)
    return difference


def now(s3: Any, bucket: str) -> str:
    """S3's time. Raises AwsError."""
    try:
        return lease.stamp(lease.clock(s3.head_bucket(Bucket=bucket)))
    except boto_errors() as error:
        raise AwsError(explain(error, f"s3:ListBucket on {bucket}")) from error


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises AwsError or HistoryError."""
    options = module.params
    record, s3 = wanted(options), client("s3", options["aws"])
    key = record.key(options["app"])
    stored = history.load(s3, options["bucket"], key)
    if not record.ended:
        record = replace(record, ended=stored.ended if stored else now(s3, options["bucket"]))
    difference = compare(key, stored, record)
    if difference.changed and not module.check_mode:
        history.store(s3, options["bucket"], options["app"], record)
    return {"changed": difference.changed, "diff": difference.as_diff(), "key": key, "record": asdict(record)}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "bucket": {"type": "str", "required": True},
            "app": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present"], "default": "present"},
            "generation": {"type": "int", "required": True},
            "kind": {"type": "str", "choices": list(history.KINDS), "required": True},
            "result": {"type": "str", "choices": list(history.RESULTS), "required": True},
            "began": {"type": "str", "required": True},
            "ended": {"type": "str"},
            "by": {"type": "str"},
            "release": {"type": "str", "default": ""},
            "artifact": {"type": "str", "default": ""},
            "version_id": {"type": "str", "default": ""},
            "hosts": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "before": {"type": "str", "default": ""},
                    "after": {"type": "str", "default": ""},
                },
            },
        },
        supports_check_mode=True,
    )
    finish(module, run, HistoryError)


if __name__ == "__main__":
    main()
