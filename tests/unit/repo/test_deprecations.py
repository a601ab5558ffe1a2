"""No playbook, inventory or module uses what the next ansible-core drops."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests import deprecations
from tests.unit.repo.helpers import ROOT

PLAYBOOKS = sorted([ROOT / "site.yml", *(ROOT / "playbooks").glob("*.yml")])
DEPRECATED_MODULE = """
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({}, supports_check_mode=True)
module.deprecate("planted by a test", version="99.0")
module.exit_json(changed=False)
"""
PLAY = """
- name: Play
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Use what is deprecated
      planted:
"""


def ansible(program: str, *arguments: str, **environment: str) -> str:
    """Run one of Ansible's programs with announcements shown; return everything printed."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "COLUMNS": "1000",
            **deprecations.ENVIRONMENT,
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_playbooks_and_inventory_use_nothing_deprecated() -> None:
    output = ansible("ansible-playbook", "--syntax-check", *map(str, PLAYBOOKS))
    assert deprecations.unknown(output) == []
    assert deprecations.unknown(ansible("ansible-inventory", "--list")) == []


@pytest.mark.parametrize("verbosity", ["0", "1"])
def test_a_planted_deprecation_in_a_module_is_found(tmp_path: Path, verbosity: str) -> None:
    (tmp_path / "planted.py").write_text(DEPRECATED_MODULE, encoding="utf-8")
    play = tmp_path / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    local = ("-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")
    output = ansible("ansible-playbook", *local, str(play), ANSIBLE_LIBRARY=str(tmp_path), ANSIBLE_VERBOSITY=verbosity)
    (found,) = deprecations.unknown(output)
    assert "planted by a test" in found


def test_a_known_announcement_is_accepted_and_another_is_not() -> None:
    known, other = f"{deprecations.KNOWN[0]}. It will go.", "The thing is deprecated."
    output = f"text\n[DEPRECATION WARNING]: {known}\n[DEPRECATION WARNING]: {other}\n[DEPRECATION WARNING]: {other}\n"
    assert deprecations.unknown(output) == [other]


def test_a_deprecation_of_python_in_our_code_is_an_error() -> None:
    with pytest.raises(DeprecationWarning, match="planted"):
        warnings.warn("planted", DeprecationWarning, stacklevel=1)
