#!/usr/bin/python
"""Prepares a release beside the running one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Prepare a release beside the running one
version_added: 0.1.0
description:
  - Makes O(dir)/releases/<id> from an artifact in S3, with its code, a virtual environment, its C(.env) and a manifest
    of every file.
  - The running release is not touched. M(slipway.fastapi.release_switch) makes the new one the running one. Only a
    release without a service (O(app) is empty) becomes the current one here.
  - The archive is judged whole before the first byte of it is written. Entries with an absolute path, with C(..),
    links, devices, names that are there twice or differ only in case, and archives beyond the limits are refused.
  - A release that is there already is compared with its manifest, and built again when it differs. If it is the
    running one, its process keeps the directory that it has until M(slipway.fastapi.release_switch) restarts it.
author:
  - Slipway (@slipway)
options:
  dir:
    description: Directory of the application. It must exist.
    type: path
    required: true
  account:
    description: Unprivileged account that builds the environment and that the service runs as.
    type: str
    required: true
  app:
    description:
      - Module and attribute of the application, as uvicorn takes them. The artifact must hold the module.
      - Empty for helper files of which nothing is started. Such a release has no virtual environment, and becomes
        C(current) at once. It is refused where a service runs from O(dir).
    type: str
    default: main:app
  bucket:
    description: Bucket of the artifact.
    type: str
    required: true
  key:
    description: Key of the artifact, a zip or tar(.gz) archive.
    type: str
    required: true
  version_id:
    description: Version of the object; empty in a bucket without versions.
    type: str
    default: ""
  sha256:
    description: SHA-256 of the artifact, in hexadecimal.
    type: str
    required: true
  size:
    description: Size of the artifact in bytes.
    type: int
    required: true
  env_file:
    description:
      - File that becomes the release's C(.env), which O(account) can read and not write. Without it the release has an
        empty one.
      - It is read before anything of the artifact runs, and refused where another account than root can change it.
    type: path
  env_revision:
    description: Revision of O(env_file), which is a part of the release's id.
    type: str
    default: ""
  keep:
    description: How many releases stay on the host. The running one and the one before it stay in any case.
    type: int
    default: 5
  region:
    description: AWS region of the bucket.
    type: str
    required: true
  endpoint_url:
    description: URL of the AWS API, where it is not the region's own.
    type: str
    default: ""
  fallback:
    description: Requirements for an application that brings none, as the text of a requirements file.
    type: str
    required: true
  wheels_only:
    description: Whether packages that would have to be built here are refused. Building runs their authors' code.
    type: bool
    default: true
  python:
    description: Interpreter that the service runs with.
    type: path
    default: /usr/bin/python3
  tools:
    description: Virtual environment on the host that has boto3 and uv.
    type: path
    default: /opt/slipway/venv
  cache:
    description: Directory of uv's cache, made for O(account) alone.
    type: path
    default: /var/cache/slipway
  build_timeout:
    description: Seconds that each step of building the environment may take.
    type: int
    default: 900
  isolate:
    description:
      - Whether each step of building the environment is a transient unit of systemd, with the restrictions of the
        service and an end of all that it has started.
      - V(false) is for machines without systemd, such as a container in which this module is tested. There a process
        that leaves its session goes on.
    type: bool
    default: true
  margin_mb:
    description: Free space in MiB that must remain for the environment, besides the archive and what is in it.
    type: int
    default: 512
  margin_inodes:
    description:
      - Files and directories that must still fit for the environment, besides those of the archive. Where the file
        system makes them as needed, nothing is asked.
    type: int
    default: 10000
  max_entries:
    description: Files and directories that an archive may have.
    type: int
    default: 20000
  max_unpacked_mb:
    description: MiB that the files of an archive may have together.
    type: int
    default: 1024
  max_ratio:
    description: Unpacked bytes for each byte of the archive, from 16 MiB on.
    type: int
    default: 200
extends_documentation_fragment:
  - slipway.fastapi.lease_generation
attributes:
  check_mode:
    description: Compares the host with the release and changes nothing. The archive itself is not fetched.
    support: full
  diff_mode:
    description: The releases on the host before and after, and what is wrong with a damaged one.
    support: full
  idempotent:
    description: A release that is as its manifest says is left alone, and nothing is fetched.
    support: full
"""

EXAMPLES = r"""
- name: Prepare the release
  slipway.fastapi.release:
    dir: /opt/backend
    account: backend
    bucket: example-artifacts
    key: releases/app.zip
    version_id: "{{ target.version_id }}"
    sha256: "{{ target.sha256 }}"
    size: "{{ target.size }}"
    env_file: /opt/backend/shared/.env
    env_revision: "{{ env.revision }}"
    region: eu-central-1
    fallback: |
      fastapi==0.165.0
      uvicorn==0.54.0
  register: prepared
"""

RETURN = r"""
release:
  description: Id of the release.
  returned: always
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
path:
  description: Directory of the release.
  returned: always
  type: str
  sample: /opt/backend/releases/3f2a9c51d0b7-5be0a1c4
current:
  description: Id of the release that is the current one, empty if there is none.
  returned: always
  type: str
  sample: 91c04be7a2f6-5be0a1c4
"""

import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, respawn_module
from ansible_collections.slipway.fastapi.plugins.module_utils._application import Application, ApplicationError
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive import ArchiveError
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.fetch import FetchError
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import HOST_ARGUMENTS, AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._release import tree
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import Layout, Plan, make_plan, release_id
from ansible_collections.slipway.fastapi.plugins.module_utils._release.prepare import PrepareError, prepare
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.sandboxed_build import (
    ConfineError,
    Confinement,
    Processes,
    TransientUnit,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.venv import BuildError

FAILURES = (AwsError, BuildError, ConfineError, FencedError, FetchError, PrepareError, files.BusyError, OSError)
"""What ends a run with its own words."""
LOCK_TIMEOUT = 60
"""Seconds to wait for another run on the same host."""


class Release:
    """One run of the module."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.layout = Layout(Path(self.params["dir"]))
        self.fence = Fence(self.layout.top, self.params["generation"])
        self.env_file: Path | None = Path(self.params["env_file"]) if self.params["env_file"] else None
        self.name = release_id(self.params["sha256"], self.params["env_revision"])
        self.service = bool(self.params["app"])

    def plan(self) -> Plan:
        return make_plan(self.layout, self.name, self.env_file, self.params["keep"], becomes_current=not self.service)

    def run(self) -> dict[str, Any]:
        """Does what there is to do and returns the module's result."""
        self.fence.check()
        plan = self.plan()
        if not self.service and files.read_link(self.layout.top / "venv"):
            self.module.fail_json(
                msg=f"a service runs from {self.layout.top}, and files that are none would take its place: publish the "
                "application (make publish APP=./dir), or make a host of their own for the files"
            )
        if plan.difference().changed and not self.module.check_mode:
            self._check_host(plan)
            with self.fence.held(LOCK_TIMEOUT) as lock:
                # Another run may have done it in the meantime.
                plan = self.plan()
                self._apply(plan, self._confinement(lock))
        elif not self.module.check_mode:
            self.fence.remember(LOCK_TIMEOUT)
        difference = plan.difference()
        return {
            "changed": difference.changed,
            "diff": difference.as_diff(),
            "release": self.name,
            "path": str(self.layout.release(self.name)),
            "current": self.layout.linked("current") or "",
        }

    def _check_host(self, plan: Plan) -> None:
        if not self.layout.top.is_dir():
            self.module.fail_json(msg=f"{self.layout.top} does not exist: run the role base first, which makes it")
        if plan.build:
            self._require_boto3()
        if plan.build and self.env_file and not self.env_file.is_file():
            self.module.fail_json(msg=f"{self.env_file} does not exist: run the role release, which writes it first")

    def _require_boto3(self) -> None:
        """Goes on under the interpreter that has boto3: a host that lacks it can still say what would change."""
        try:
            import boto3  # noqa: F401, PLC0415
        except ImportError:
            python = Path(self.params["tools"], "bin", "python")
            if has_respawned() or not python.exists():
                self.module.fail_json(
                    msg=f"{python} does not exist or has no boto3: run the role python first, which makes it"
                )
            respawn_module(str(python))

    def _confinement(self, lock: int) -> Confinement:
        if not self.params["isolate"]:
            return Processes((lock,))
        return TransientUnit.for_directory(self.layout.top, self.layout.partial(self.name) / "build.env")

    def _apply(self, plan: Plan, confinement: Confinement) -> None:
        # A run that was killed has not ended the step that it had begun.
        confinement.end()
        for path in plan.leftovers:
            files.remove_tree(path)
        if plan.build:
            partial = self.layout.partial(self.name)
            try:
                s3 = client("s3", {"region": self.params["region"], "endpoint_url": self.params["endpoint_url"]})
                prepare(self.params, self.name, partial, confinement, s3)
                # Building takes minutes. The lock is held all that time, but nothing protects its file.
                self.fence.check()
                self._put_in_place(partial)
            finally:
                files.remove_tree(partial)
        self.fence.check()
        for link, target in plan.links.items():
            files.replace_link(self.layout.top / link, target)
        for name in plan.prune:
            files.remove_tree(self.layout.release(name))

    def _put_in_place(self, partial: Path) -> None:
        place, aside = self.layout.release(self.name), self.layout.damaged(self.name)
        if place.exists():
            files.remove_tree(aside)
            place.rename(aside)
        partial.rename(place)
        files.flush(self.layout.releases)
        # A process that runs from there keeps it until it is restarted.
        if self.layout.linked("current") != self.name:
            files.remove_tree(aside)


def argument_spec() -> dict[str, dict[str, Any]]:
    """The module's parameters, as DOCUMENTATION describes them."""
    return {
        "dir": {"type": "path", "required": True},
        "account": {"type": "str", "required": True},
        "app": {"type": "str", "default": "main:app"},
        "bucket": {"type": "str", "required": True},
        "key": {"type": "str", "required": True, "no_log": False},
        "version_id": {"type": "str", "default": ""},
        "sha256": {"type": "str", "required": True},
        "size": {"type": "int", "required": True},
        "env_file": {"type": "path"},
        "env_revision": {"type": "str", "default": ""},
        "keep": {"type": "int", "default": 5},
        **HOST_ARGUMENTS,
        "fallback": {"type": "str", "required": True},
        "wheels_only": {"type": "bool", "default": True},
        "python": {"type": "path", "default": "/usr/bin/python3"},
        "tools": {"type": "path", "default": "/opt/slipway/venv"},
        "cache": {"type": "path", "default": "/var/cache/slipway"},
        "build_timeout": {"type": "int", "default": 900},
        "isolate": {"type": "bool", "default": True},
        "margin_mb": {"type": "int", "default": 512},
        "margin_inodes": {"type": "int", "default": 10_000},
        "max_entries": {"type": "int", "default": 20_000},
        "max_unpacked_mb": {"type": "int", "default": 1024},
        "max_ratio": {"type": "int", "default": 200},
        **FENCE_ARGUMENTS,
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    if not re.fullmatch(r"[0-9a-f]{64}", module.params["sha256"]):
        module.fail_json(msg="sha256 must be 64 hexadecimal digits in lower case, as release_target returns them")
    if not re.fullmatch(r"([0-9a-f]{8,})?", module.params["env_revision"]):
        module.fail_json(msg="env_revision must be at least 8 hexadecimal digits, as dotenv returns them")
    if module.params["keep"] < 1:
        module.fail_json(msg="keep must be at least 1: the release itself stays")
    try:
        if module.params["app"]:
            Application.parse(module.params["app"])
        result = Release(module).run()
    except ApplicationError as error:
        module.fail_json(msg=f"app: {error}")
    except ArchiveError as error:
        module.fail_json(msg=f"{module.params['key']}: {error}")
    except tree.TreeError as error:
        module.fail_json(msg=f"a package of the application has left what no release may hold: {error}; do without it")
    except FAILURES as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
