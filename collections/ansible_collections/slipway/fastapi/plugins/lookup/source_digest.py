"""Lookup slipway.fastapi.source_digest."""

from __future__ import annotations

DOCUMENTATION = r"""
name: source_digest
short_description: A digest of files and folders on the control node
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - One SHA-256 of the names and contents of all files below the given folders, and of the given files. It is another as
    soon as one of them is.
  - Caches of Python are left out.
options:
  _terms:
    description: Paths of files and folders. A relative one begins at O(root).
    type: list
    elements: str
    required: true
  root:
    description: Where relative paths begin.
    type: str
    default: .
"""

EXAMPLES = r"""
- name: Show what the roles are made of
  ansible.builtin.debug:
    msg: "{{ lookup('slipway.fastapi.source_digest', 'roles/haproxy', 'roles/service') }}"
"""

RETURN = r"""
_list:
  description: The digest, in hexadecimal digits.
  type: list
  elements: str
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase


def files_of(path: Path) -> Iterator[Path]:
    """A file itself, or all below a folder, in a fixed order."""
    if path.is_dir():
        found = sorted(each for each in path.rglob("*") if each.is_file())
        yield from (each for each in found if "__pycache__" not in each.parts)
    else:
        yield path


def digest(root: Path, terms: list[str]) -> str:
    """The digest of all of them. Raises OSError."""
    total = hashlib.sha256()
    for term in terms:
        for path in files_of(root / term):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(root) if path.is_relative_to(root) else path}\0{content}\n".encode())
    return total.hexdigest()


class LookupModule(LookupBase):
    """Registers the lookup."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[str]:
        """The digest, as a list of one. Raises AnsibleLookupError for what cannot be read."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [digest(Path(self.get_option("root")), terms)]
        except OSError as error:
            raise AnsibleLookupError(f"{error.filename} cannot be read: {error.strerror}") from error
