"""The file `terraform/envs/<env>/account.tfvars.json`.

Terraform reads it as a var-file. The inventory takes account, region and key from it, and the check of the account too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

from slipway.launch.checkout import ROOT

NAME = "account.tfvars.json"
EVERYBODY = "0.0.0.0/0"
FILE_MODE = 0o644
_REGION = re.compile(r'^(\s*region\s*=\s*)"[^"]*"', re.MULTILINE)


class AccountError(Exception):
    """A value of the environment is missing or wrong; the message names the fix."""


def path_of(env: str, root: Path = ROOT) -> Path:
    """Where the file of an environment is."""
    return root / "terraform" / "envs" / env / NAME


def read(path: Path) -> dict[str, Any]:
    """The file's values; none where there is no file. Raises AccountError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AccountError(f"{path} cannot be read: {error}. Correct it, or remove it and run this again") from error
    if not isinstance(found, dict):
        raise AccountError(f"{path} is no JSON object. Remove it and run this again")
    return found


def write(env: str, values: Mapping[str, Any], root: Path = ROOT) -> bool:
    """Write the values, beside those of other names that the file has; whether that changed it. Raises AccountError."""
    path = path_of(env, root)
    merged = {name: value for name, value in {**read(path), **values}.items() if value is not None}
    changed = _replace(path, json.dumps(merged, indent=2) + "\n")
    # The region stands once more where Terraform's state is, because Terraform reads no variable there.
    backend = path.with_name("backend.hcl")
    text = _REGION.sub(rf'\g<1>"{merged["region"]}"', backend.read_text(encoding="utf-8"))
    return _replace(backend, text) or changed


def _replace(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    files.write_file(path, text.encode(), FILE_MODE)
    return True
