"""Has a module ask a stand-in for systemd, and gives it another /run and haproxy.cfg where TEST_RUN names one.

Python imports this at start by PYTHONPATH. What it replaces belongs to root and to a HAProxy of this machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import drain, haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import RunCommand, Systemd

from tests.unit.plugins import fake_systemd

patched: Any = Systemd
_init = patched.__init__


def _ask_the_stand_in(self: Any, _run: RunCommand, unit: str) -> None:
    _init(self, fake_systemd.run, unit)


patched.__init__ = _ask_the_stand_in

if "TEST_RUN" in os.environ:
    _RUN = Path(os.environ["TEST_RUN"])
    drain.RUN = _RUN
    haproxy.CONFIG = _RUN / "haproxy.cfg"
    haproxy.Runtime.__init__.__defaults__ = (_RUN / "haproxy" / "slipway.sock", _RUN / "haproxy" / "master.sock")
