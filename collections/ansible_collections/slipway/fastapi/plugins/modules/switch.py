#!/usr/bin/python
"""Makes a prepared release the running one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: switch
short_description: Make a prepared release the running one, or go back
version_added: 0.1.0
description:
  - Points O(dir)/current to a release that M(slipway.fastapi.release) has prepared, starts the unit afresh, and waits
    until its own process answers at O(health_url).
  - The answer must have status 200. When it is a JSON object with a key C(release), that must be the release's id.
  - When it does not come, the release before is put back, started and waited for, and the module fails with the end of
    the journal of the one that failed, without any value of its C(.env). When there was none before, the unit is
    stopped and C(current) removed.
  - Where HAProxy and two colours (M(slipway.fastapi.switch_colour)) have served until now, they are stopped before the
    unit starts, and taken away when it answers. During maintenance (M(slipway.fastapi.maintenance)) they stay, and the
    module fails before anything changes.
  - A unit that was changed, has failed, was stopped, or whose process is of another release is started afresh. The unit
    is enabled.
author:
  - Slipway (@slipway)
options:
  dir:
    description: Directory of the application.
    type: path
    required: true
  release:
    description: Id of the release.
    type: str
    required: true
  unit:
    description: systemd unit that runs the service. Its process must have the variables of C(release.env).
    type: str
    required: true
  health_url:
    description: URL of the health check on this host, with the port that the unit's process listens on.
    type: str
    required: true
  timeout:
    description: Seconds after which the release has failed. A process that keeps ending is found out sooner.
    type: int
    default: 60
  redefined:
    description: Whether this run has changed, or in check mode would change, the unit's files. Outside check mode the
      times of the files tell it too, also after a run that was ended in between.
    type: bool
    default: false
  action:
    description: What the host's history calls this, C(release) or C(rollback).
    type: str
    choices: [release, rollback]
    default: release
  by:
    description: Who wants it, for the host's history.
    type: str
    default: ''
  journal_lines:
    description: Lines of the journal in the error.
    type: int
    default: 40
  generation:
    description:
      - Number that M(slipway.fastapi.lease) returned for this release. A host on which a release with a higher one has
        worked refuses this one before anything changes, and remembers the highest.
      - V(0) is for a run without a lease, which nobody is kept apart from.
    type: int
    default: 0
attributes:
  check_mode:
    description: Looks at links, unit, process and health, and changes nothing.
    support: full
  diff_mode:
    description: Links, and the reasons for starting the unit afresh.
    support: full
  idempotent:
    description: A unit that serves the release is left alone.
    support: full
"""

EXAMPLES = r"""
- name: Switch to the release
  slipway.fastapi.switch:
    dir: /opt/backend
    release: "{{ prepared.release }}"
    unit: backend
    health_url: http://127.0.0.1:8000/health
"""

RETURN = r"""
release:
  description: Id of the release that runs.
  returned: success
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
previous:
  description: Id of the release that ran before, empty if there was none.
  returned: success
  type: str
  sample: 91c04be7a2f6-5be0a1c4
restarted:
  description: Why the unit was, or in check mode would be, started afresh.
  returned: success
  type: list
  elements: str
running:
  description: Id of the release that runs after a failed switch, empty if none does.
  returned: failure
  type: str
journal:
  description: The end of the journal of the release that failed.
  returned: failure
  type: str
"""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils import (
    _disk,
    _files,
    _health,
    _manifest,
    _served,
    _switch,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._handback import Handback
from ansible_collections.slipway.fastapi.plugins.module_utils._release import Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._switch import Seen
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Systemd, SystemdError, Unit

PATIENCE = 60
"""Seconds to wait for another run on the same host."""
STEADY = 5
"""Seconds that a service which should not need a restart has for an answer."""
JOURNAL_READ = 1000
"""Lines of the journal that are read to find those worth showing."""
LINKS = ("current", "previous", ".env", "venv")


class Switch:
    """One run of the module."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.layout = Layout(Path(self.params["dir"]))
        self.release: str = self.params["release"]
        self.fence = Fence(self.layout.top, self.params["generation"])
        self.systemd = Systemd(module.run_command, self.params["unit"])
        self.handback = Handback(module.run_command, self.layout.top, self.params["unit"])
        self._invocations: list[str] = []

    def run(self) -> dict[str, Any]:
        """Does what there is to do and returns the module's result."""
        self.fence.check()
        seen = self._look()
        difference = self._compare(seen)
        if difference.changed and not self.module.check_mode:
            refusal = self.handback.refusal()
            if refusal:
                self.module.fail_json(msg=refusal)
            if not self.layout.release(self.release).is_dir():
                self.module.fail_json(
                    msg=f"release {self.release} is not on this host: prepare it first (slipway.fastapi.release)"
                )
            with self.fence.held(PATIENCE):
                seen = self._look()
                difference = self._compare(seen)
                try:
                    self._apply(seen)
                except OSError as error:
                    self._end_for(error, seen)
        elif not self.module.check_mode:
            self.fence.remember(PATIENCE)
        return {
            "changed": difference.changed,
            "diff": difference.as_diff(),
            "release": self.release,
            "previous": (_switch.previous_for(seen, self.release) or "").rpartition("/")[2],
            "restarted": _switch.restart_reasons(seen, self.release),
        }

    def _compare(self, seen: Seen) -> Difference:
        difference = _switch.compare(seen, self.release)
        self.handback.compare(difference)
        return difference

    def _look(self) -> Seen:
        layout, note = self.layout, self.layout.interrupted()
        unit = self.systemd.show()
        accepted = note["from"] if note else layout.linked("current")
        serving = _switch.release_of(unit.pid)
        seen = Seen(
            links={link: _files.read_link(layout.top / link) for link in LINKS},
            accepted=accepted if accepted and layout.release(accepted).is_dir() else None,
            interrupted=bool(note),
            unit=unit,
            serving=serving,
            outdated=self._outdated(unit),
            healthy="",
            retired=layout.leftovers("damaged"),
        )
        if _switch.restart_reasons(seen, self.release):
            return seen
        verdict = self._wait(self.release, STEADY)
        return Seen(**{**vars(seen), "healthy": verdict.reason})

    def _outdated(self, unit: Unit) -> list[str]:
        release = self.layout.release(self.release)
        reasons = _switch.newer_files(unit, [release / _manifest.NAME], time.time())
        if self.params["redefined"] and not reasons:
            reasons.append("the unit's files change")
        if self.module.check_mode and release.is_dir():
            # A run would have built it again before it came here.
            reasons += [f"the release is damaged: {damage}" for damage in _manifest.damage(release)]
        return reasons

    def _apply(self, seen: Seen) -> None:
        began = time.monotonic()
        if not seen.unit.enabled or seen.unit.stale or seen.unit.load == "not-found":
            self._load_unit()
        if self.handback.left():
            self.handback.free_the_port()
        if _switch.restart_reasons(seen, self.release):
            self._start(seen)
        else:
            self._link(_switch.links_for(self.release))
        self._link({"previous": _switch.previous_for(seen, self.release)})
        self.layout.switching.unlink(missing_ok=True)
        for path in self.layout.leftovers("damaged"):
            _files.remove_tree(path)
        if self.handback.left():
            self.handback.remove()
            self.systemd.reload()
        if _switch.restart_reasons(seen, self.release):
            _served.append(
                self.layout.history,
                release=self.release,
                previous=seen.accepted or "",
                action=self.params["action"],
                by=self.params["by"],
                seconds=round(time.monotonic() - began, 1),
            )

    def _end_for(self, error: OSError, seen: Seen) -> None:
        """Ends because a file could not be written, with the links as they belong to what runs, and says what runs."""
        serving = _switch.release_of(self.systemd.show().pid)
        wanted = _switch.links_for(serving) if serving else {link: seen.links[link] for link in LINKS}
        stuck = []
        for link, target in wanted.items():
            try:
                self._link({link: target})
            except OSError:
                stuck.append(link)
        state = f"Release {serving} runs" if serving else "No release runs"
        links = (
            f", and of its links {', '.join(stuck)} could not be put back."
            if stuck
            else ", and its links are in place."
        )
        self.module.fail_json(msg=_disk.told(error, state + links), running=serving or "")

    def _load_unit(self) -> None:
        self.systemd.reload()
        unit = self.systemd.show()
        if unit.load != "loaded":
            self.module.fail_json(
                msg=f"the unit {self.systemd.unit} cannot be used, systemd says {unit.load}: "
                f"run the role service, which writes it, and see `systemctl status {self.systemd.unit}`"
            )
        if not unit.enabled:
            self.systemd.enable()

    def _start(self, seen: Seen) -> None:
        note = {"from": seen.accepted or "", "to": self.release}
        _files.write_file(self.layout.switching, json.dumps(note).encode(), 0o600)
        verdict = self._serve(self.release)
        if not verdict.healthy:
            self._go_back(seen, verdict.reason)

    def _serve(self, release: str) -> _health.Verdict:
        self._invocations.clear()
        self._link(_switch.links_for(release))
        self.systemd.restart()
        return self._wait(release, self.params["timeout"])

    def _go_back(self, seen: Seen, reason: str) -> None:
        journal = self._journal()
        back = seen.accepted if seen.accepted != self.release else None
        running, outcome = back or "", ""
        if back:
            verdict = self._serve(back)
            outcome = f"release {back} is back and healthy"
            if not verdict.healthy:
                outcome = f"release {back} is back, but is not healthy either: {verdict.reason}"
        elif seen.accepted:
            running = self.release
            outcome = "it was the current release already, and stays so"
        else:
            self.systemd.stop()
            self._link(_switch.links_for(None))
            outcome = "there was no release before it, so the unit is stopped and nothing is current"
        self.layout.switching.unlink(missing_ok=True)
        self.module.fail_json(
            msg=f"release {self.release} does not serve: {reason}. {outcome[0].upper()}{outcome[1:]}. "
            f"The end of its journal:\n{journal or '(empty)'}",
            running=running,
            journal=journal,
        )

    def _journal(self) -> str:
        environment = self.layout.release(self.release) / ".env"
        text = self.systemd.journal(self._invocations, JOURNAL_READ)
        text = _switch.without_questions(text, urlsplit(self.params["health_url"]).path)
        text = _switch.without_secrets(text, environment.read_bytes() if environment.is_file() else b"")
        return "\n".join(text.splitlines()[-self.params["journal_lines"] :])

    def _wait(self, release: str, timeout: float) -> _health.Verdict:
        return _health.wait(_health.PortService(self.params["health_url"]), release, timeout, self._show)

    def _show(self) -> Unit:
        unit = self.systemd.show()
        if unit.invocation and unit.invocation not in self._invocations:
            self._invocations.append(unit.invocation)
        return unit

    def _link(self, links: dict[str, str | None]) -> None:
        for link, target in links.items():
            path = self.layout.top / link
            if _files.read_link(path) != target:
                _files.replace_link(path, target)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "dir": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "unit": {"type": "str", "required": True},
            "health_url": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 60},
            "redefined": {"type": "bool", "default": False},
            "action": {"type": "str", "choices": ["release", "rollback"], "default": "release"},
            "by": {"type": "str", "default": ""},
            "journal_lines": {"type": "int", "default": 40},
            **FENCE_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    if not module.params["health_url"].startswith("http://"):
        module.fail_json(msg="health_url must begin with http://: the service itself speaks plain HTTP on this host")
    try:
        result = Switch(module).run()
    except (SystemdError, _files.BusyError, FencedError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=_disk.told(error, "What runs was left alone."))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
