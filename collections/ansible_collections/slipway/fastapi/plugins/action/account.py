"""Runs slipway.fastapi.account in Ansible's own process (documented in modules/account.py)."""

from __future__ import annotations

from ansible_collections.slipway.fastapi.plugins.plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    """The module of this name."""
