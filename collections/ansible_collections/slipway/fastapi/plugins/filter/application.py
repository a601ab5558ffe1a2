"""Filter slipway.fastapi.application."""

from __future__ import annotations

DOCUMENTATION = r"""
name: application
short_description: What uvicorn is to run, or an error
version_added: 0.1.0
description:
  - Returns a text of the form C(MODULE:NAME) as it is. Any other text is an error, so that none begins another setting
    in a unit of systemd.
positional: _input
options:
  _input:
    description: What uvicorn is to run, such as C(main:app).
    type: str
    required: true
author:
  - Slipway maintainers (@slipway)
"""

EXAMPLES = r"""
- name: Render a line of a unit
  ansible.builtin.debug:
    msg: "Environment=SLIPWAY_APP={{ service_app | slipway.fastapi.application }}"
"""

RETURN = r"""
_value:
  description: The same text.
  type: str
"""

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.fastapi.plugins.module_utils._application import Application, ApplicationError


def application(text: str) -> str:
    """The text, if it is MODULE:NAME. Raises AnsibleFilterError."""
    try:
        Application.parse(text)
    except ApplicationError as error:
        raise AnsibleFilterError(f"service_app: {error}") from error
    return text


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[[str], str]]:
        """Name to function."""
        return {"application": application}
