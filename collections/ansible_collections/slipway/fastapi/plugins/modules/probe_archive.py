#!/usr/bin/python
"""Install the reachability probes on a host.

Why no other module does this: ansible.builtin.copy needs the built file on the control node, and the task that builds
it would have to run in check mode too. That task would be a module like this one, so there would be two steps instead
of one.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: probe_archive
short_description: Install the reachability probes on a host
description:
  - Packs the probes that belong to this version of the collection into one Python zip application and keeps it on
    the host.
  - The same version makes the same bytes, so nothing changes until the collection does.
  - The application needs boto3 and psycopg when it runs; this module needs neither.
options:
  dest:
    description: File to keep. Its directory is made when it is missing.
    type: path
    default: /opt/slipway/lib/slipway-probes.pyz
author:
  - Slipway maintainers (@slipway)
attributes:
  check_mode:
    support: full
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    support: full
    description: Will return details on what has changed, or possibly needs changing in check_mode.
  idempotent:
    support: full
    description: When run twice in a row, the second run changes nothing.
"""

EXAMPLES = r"""
- name: Install the probes
  slipway.fastapi.probe_archive:
    dest: /opt/slipway/lib/slipway-probes.pyz
"""

RETURN = r"""
dest:
  description: The file.
  type: str
  returned: success
sha256:
  description: Digest of the file as it should be.
  type: str
  returned: success
"""

import hashlib
import io
import pkgutil
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils import _probes
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._system.files import write_file

with suppress(ImportError):
    # Ansible sends what is imported, so this line brings all probes along. Whether they can be imported by the
    # interpreter that installs them does not matter.
    from ansible_collections.slipway.fastapi.plugins.module_utils._probes import command  # noqa: F401

MODE = 0o644
PACKAGE = "slipway_probes"
START = f"from {PACKAGE}.command import main\n\nraise SystemExit(main())\n"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "dest": {"type": "path", "default": "/opt/slipway/lib/slipway-probes.pyz"},
}


def sources() -> dict[str, bytes]:
    """The probes' source files by name, wherever Ansible has put them: a zip file here, a directory in a test."""
    names = ["__init__", *(module.name for module in pkgutil.iter_modules(_probes.__path__))]
    found = {}
    for name in sorted(names):
        content = pkgutil.get_data(_probes.__name__, f"{name}.py")
        if content is not None:
            found[f"{name}.py"] = content
    return found


def archive(files: dict[str, bytes]) -> bytes:
    """A zip application of the files; equal files give equal bytes (no times, no compression, sorted)."""
    stream = io.BytesIO()
    entries = {"__main__.py": START.encode(), **{f"{PACKAGE}/{name}": files[name] for name in sorted(files)}}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = MODE << 16
            target.writestr(entry, content)
    return stream.getvalue()


def main() -> None:
    """Compare, and replace the file where it differs."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    path = Path(module.params["dest"])
    content = archive(sources())
    wanted = hashlib.sha256(content).hexdigest()
    found = Difference(str(path))
    exists = path.is_file()
    found.compare("sha256", hashlib.sha256(path.read_bytes()).hexdigest() if exists else None, wanted)
    found.compare("mode", f"{path.stat().st_mode & 0o7777:04o}" if exists else None, f"{MODE:04o}")
    if found.changed and not module.check_mode:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_file(path, content, MODE)
    module.exit_json(changed=found.changed, diff=found.as_diff(), dest=str(path), sha256=wanted)


if __name__ == "__main__":
    main()
