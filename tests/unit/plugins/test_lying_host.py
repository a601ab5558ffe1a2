"""A host whose answers are chosen by an attacker: the control node takes them for text, and for nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LIAR = '''#!/usr/bin/python
import json
print(json.dumps(json.loads(r"""ANSWER""")))
'''
PLAY = """
- name: Ask
  hosts: host
  gather_facts: false
  tasks:
    - name: Ask a host that lies
      liar:
      register: __liar

    - name: Keep its words as the release does
      ansible.builtin.set_fact:
        slipway_failure: "{{ __liar.msg }}"
        artifact_release: "{{ __liar.release }}"

    - name: Load the variables of its system
      ansible.builtin.include_role:
        name: base
        tasks_from: vars

    - name: Show what became of it
      ansible.builtin.debug:
        msg: "evil={{ evil | default('not loaded') }} hosts={{ groups['all'] }} runs={{ inventory_hostname }}"

- name: Tell
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Tell which host failed
      ansible.builtin.fail:
        msg: "{{ [hostvars['host'].slipway_failure, hostvars['host'].artifact_release] }}"
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which nothing may appear, and what the run printed."""
    folder = tmp_path_factory.mktemp("liar")
    evil = folder / "evil.yml"
    evil.write_text("evil: loaded\n")
    elsewhere = os.path.relpath(evil.with_suffix(""), ROOT / "roles" / "base" / "vars")
    command = f"{{{{ lookup('ansible.builtin.pipe', 'touch {folder}/canary') }}}}"
    answer = {
        "changed": False,
        "msg": f"{command}\x1b]0;title\x07\x1b[2Jsaid",
        "release": f"{command}\x9b2J",
        "add_host": {"host_name": "evil", "groups": ["slipway"]},
        "add_group": "slipway",
        "ansible_facts": {
            "os_family": elsewhere,
            "distribution": elsewhere,
            "distribution_major_version": "12",
            "pkg_mgr": "apt",
            "service_mgr": "systemd",
            "virtualization_tech_guest": [],
            "inventory_hostname": "localhost",
            "ansible_host": "203.0.113.1",
            "ansible_connection": "ssh",
            "ansible_python_interpreter": "/bin/false",
            "slipway_app": "another",
            "evil": "a fact",
        },
    }
    library = folder / "library"
    library.mkdir()
    (library / "liar.py").write_text(LIAR.replace("ANSWER", json.dumps(answer)))
    (folder / "play.yml").write_text(PLAY)
    (folder / "hosts").write_text(f"host ansible_connection=local ansible_python_interpreter={sys.executable}\n")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(folder / "hosts")),
            str(folder / "play.yml"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_LIBRARY": str(library),
            "ANSIBLE_NOCOLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return folder, done.stdout


def test_the_play_ran_to_its_end(told: tuple[Path, str]) -> None:
    assert "Ask a host that lies" in told[1]
    assert "Tell which host failed" in told[1], told[1]


def test_its_words_are_no_template(told: tuple[Path, str]) -> None:
    folder, output = told
    assert not (folder / "canary").exists()
    assert "{{ lookup('ansible.builtin.pipe'" in output, "the words are shown as they are"


def test_its_words_do_not_steer_the_terminal(told: tuple[Path, str]) -> None:
    assert "]0;title\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2Jsaid" in told[1]
    assert all(letter.isprintable() or letter == "\n" for letter in told[1])


def test_it_chooses_no_file_of_the_control_node(told: tuple[Path, str]) -> None:
    assert "evil=not loaded" in told[1]


def test_it_joins_no_host_to_the_inventory_and_is_no_other(told: tuple[Path, str]) -> None:
    assert "hosts=['host'] runs=host" in told[1]
