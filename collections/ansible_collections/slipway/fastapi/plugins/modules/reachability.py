#!/usr/bin/python
"""Try, as the service, everything that the service depends on."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reachability
short_description: Try, as the service, everything that the service depends on
description:
  - Starts the oneshot unit that the role C(reachability) installs, waits for its end and returns its report.
  - The unit runs the probes as the service's account, within the same systemd restrictions and with the service's
    own environment.
  - A red probe is a result and no failure of the module; a unit that cannot be run is one.
options:
  unit:
    description: >-
      Name of the service's unit, without C(.service). The probes are the unit of the same name with C(-verify)
      added.
    type: str
    default: backend
  restrictions:
    description: >-
      The drop-in of the service's unit that restricts it. That of the probes' unit must be a link to it.
    type: path
    default: /etc/systemd/system/backend.service.d/50-hardening.conf
  timeout:
    description: Seconds to wait for the report.
    type: int
    default: 90
author:
  - Slipway maintainers (@slipway)
attributes:
  check_mode:
    support: partial
    description: Whether the module does its work in check mode.
    details: The probes are not run, because one of them writes an object and deletes it. The module is skipped.
  diff_mode:
    support: none
    description: Nothing is changed.
  idempotent:
    support: full
    description: What the probes write they delete again.
"""

EXAMPLES = r"""
- name: Run the probes as the service
  slipway.fastapi.reachability:
    unit: backend
    restrictions: /etc/systemd/system/backend@.service.d/50-hardening.conf
  register: verified

- name: Show the report
  ansible.builtin.debug:
    msg: "{{ verified.report | slipway.fastapi.verify_table }}"
"""

RETURN = r"""
report:
  description: The report, whose fields C(docs/verify.md) describes.
  type: dict
  returned: when the probes ran
ok:
  description: Whether every probe is green.
  type: bool
  returned: when the probes ran
"""

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

LARGEST_REPORT = 1 << 20
"""Bytes. The service's account can write the report, so it is not trusted to be small."""

ARGUMENTS: dict[str, dict[str, Any]] = {
    "unit": {"type": "str", "default": "backend"},
    "restrictions": {"type": "path", "default": "/etc/systemd/system/backend.service.d/50-hardening.conf"},
    "timeout": {"type": "int", "default": 90},
}


class ReportError(Exception):
    """There is no usable report; the text says why."""


def read_report(path: Path) -> dict[str, Any]:
    """The report that the unit left.

    Its directory belongs to the service's account, so a link in the report's place is not followed: it could make root
    read any file.

    Raises:
        ReportError: There is none, or it is not one.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ReportError(f"there is no report in {path} ({error.strerror})") from error
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ReportError(f"{path} is not a regular file")
        content = stream.read(LARGEST_REPORT + 1)
    try:
        report = untrusted_json.loads(content)
    except ValueError as error:
        raise ReportError(f"{path} is not JSON") from error
    if len(content) > LARGEST_REPORT or not isinstance(report, dict) or not isinstance(report.get("probes"), list):
        raise ReportError(f"{path} is not a report")
    return report


def properties(module: AnsibleModule, unit: str) -> dict[str, str]:
    """Some properties of a unit, as systemd has them loaded."""
    _code, text, _error = module.run_command(
        ["systemctl", "show", "-p", "LoadState,DropInPaths,NeedDaemonReload,Result", unit]
    )
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def journal(module: AnsibleModule, unit: str) -> str:
    """The unit's last lines; the probes print no secret."""
    _code, text, _error = module.run_command(["journalctl", "-u", unit, "-n", "15", "--no-pager", "-o", "cat"])
    return str(text.strip())


def shares(drop_ins: str, restrictions: Path) -> bool:
    """Whether a unit with these drop-ins, as systemd lists them, has the restrictions of the service by a link.

    systemd lists one that is a link to nothing as well.
    """
    return restrictions.is_file() and any(Path(path).resolve() == restrictions.resolve() for path in drop_ins.split())


def refuse_unprepared(module: AnsibleModule, unit: str, restrictions: Path) -> None:
    """End with a sentence when the unit is not there, or would run without the service's restrictions."""
    found = properties(module, unit)
    if found.get("LoadState") != "loaded":
        module.fail_json(msg=f"the unit {unit} is not installed: run the role reachability (playbook verify.yml) first")
    if not shares(found.get("DropInPaths", ""), restrictions):
        module.fail_json(
            msg=f"{unit} would run without the restrictions of {restrictions.parent.name.removesuffix('.d')}, and so "
            f"prove nothing: run the role service, which installs {restrictions}, and the role reachability, which "
            "links to it (playbooks configure.yml, release.yml and verify.yml)"
        )
    if found.get("NeedDaemonReload") == "yes":
        module.run_command(["systemctl", "daemon-reload"], check_rc=True)


def main() -> None:
    """Run the unit and end with its report."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    service, timeout = module.params["unit"], module.params["timeout"]
    unit = f"{service}-verify.service"
    if module.check_mode:
        module.exit_json(changed=False, skipped=True, msg="the probes are not run in check mode")
    refuse_unprepared(module, unit, Path(module.params["restrictions"]))
    path = Path(f"/run/{service}-verify/report.json")
    path.unlink(missing_ok=True)
    try:
        ended = subprocess.run(
            ["systemctl", "start", unit], capture_output=True, text=True, errors="replace", timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        module.run_command(["systemctl", "stop", "--no-block", unit])
        module.fail_json(msg=f"the probes gave no report within {timeout} s; {unit} wrote: {journal(module, unit)}")
    if ended.returncode:
        result = properties(module, unit).get("Result", "unknown")
        told = journal(module, unit) or ended.stderr.strip()
        module.fail_json(msg=f"{unit} did not end well (result {result}), its journal says: {told}")
    try:
        report = read_report(path)
    except ReportError as error:
        module.fail_json(msg=f"{error}; {unit} wrote: {journal(module, unit)}")
    module.exit_json(changed=False, report=report, ok=report.get("ok") is True)


if __name__ == "__main__":
    main()
