"""Documentation of slipway.fastapi.live_command; its work is done by action/live_command.py on the control node.

Why no other module does this: ansible.builtin.command shows nothing until the program ends, and the first start of
the sandbox builds images for minutes. Check mode is the same as there: the program is not run.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: live_command
short_description: Run a program on the control node and show its lines while it runs
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Like M(ansible.builtin.command) on the control node, but each line of standard output is shown when it is written.
  - Meant for programs that take minutes and report their own steps.
  - Nothing is run in check mode.
options:
  argv:
    description: The program and its arguments. No shell is involved.
    type: list
    elements: str
    required: true
  chdir:
    description: The folder to run it in.
    type: path
    required: true
  changed_marker:
    description: The task has changed something when a line of the output contains this text.
    type: str
    required: true
attributes:
  check_mode:
    description: The program is not run.
    support: none
  diff_mode:
    description: There is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Start the sandbox
  slipway.fastapi.live_command:
    argv: [python3, -m, sandbox, up]
    chdir: "{{ slipway_root }}"
    changed_marker: started
"""

RETURN = r"""
stdout_lines:
  description: Everything that the program wrote to standard output.
  returned: always
  type: list
  elements: str
"""
