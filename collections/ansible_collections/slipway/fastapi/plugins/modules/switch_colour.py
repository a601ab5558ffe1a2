#!/usr/bin/python
"""Makes a prepared release the one that serves, without losing a request."""

from __future__ import annotations

DOCUMENTATION = r"""
module: switch_colour
short_description: Make a prepared release the one that serves, without losing a request
version_added: 0.1.0
description:
  - Starts a release that M(slipway.fastapi.release) has prepared in the colour that is idle, and asks its own process
    for its health, on its own Unix socket. Then HAProxy sends it every new request, the colour that served until then
    ends the requests and streams that it has, and is stopped when it has none left or at the deadline.
  - The health answer must have status 200, three times in a row. When it is a JSON object with a key C(release), that
    must be the release's id.
  - A release that does not pass this gate is stopped, the one before it never notices, and the module fails with the
    end of the journal of the one that failed, without any value of its C(.env).
  - Which colour serves is kept in C(haproxy.map) in O(dir), written before HAProxy is told, so that a host or a HAProxy
    that starts anew sends requests to the same one.
  - A run that was ended at any point leaves one release serving. The next run goes on from what it finds.
  - HAProxy is started when it does not run, reads its configuration again when that is newer, takes a certificate
    that was renewed without either, and is started anew when its unit is newer.
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
    description: Name of the unit, C(backend) for C(backend@blue.service) and C(backend@green.service).
    type: str
    required: true
  port:
    description: The port that HAProxy listens on, which nobody else may hold.
    type: int
    required: true
  health_path:
    description: Path of the health check.
    type: str
    default: /health
  timeout:
    description: Seconds after which the release has failed. A process that keeps ending is found out sooner.
    type: int
    default: 60
  stream_path:
    description: Path of a stream of events that must send its first event before the release serves. Empty for none.
    type: str
    default: ''
  drain:
    description: Seconds that requests and streams in progress have to end, from 0 to 3600. What is left then is cut.
    type: int
    default: 300
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
    description: Looks at links, units, processes, health and HAProxy, and changes nothing.
    support: full
  diff_mode:
    description: Links, and the reasons for starting the release in the other colour.
    support: full
  idempotent:
    description: A host that serves the release is left alone.
    support: full
"""

EXAMPLES = r"""
- name: Serve the release
  slipway.fastapi.switch_colour:
    dir: /opt/backend
    release: "{{ prepared.release }}"
    unit: backend
    port: 8000
    drain: 120
"""

RETURN = r"""
release:
  description: Id of the release that serves.
  returned: success
  type: str
  sample: 3f2a9c51d0b7-5be0a1c4
previous:
  description: Id of the release that served before, empty if there was none.
  returned: success
  type: str
  sample: 91c04be7a2f6-5be0a1c4
colour:
  description: The colour that serves.
  returned: success
  type: str
  sample: green
reasons:
  description: Why the release was, or in check mode would be, started in the other colour.
  returned: success
  type: list
  elements: str
seconds:
  description: How long it took until the gate was passed (V(gate)), until requests went there (V(switch)), and until
    the colour before had ended its streams (V(drain)). Empty if nothing was started.
  returned: success
  type: dict
  sample: {gate: 1.9, switch: 0.02, drain: 0.4}
cut:
  description: Requests and streams that had not ended at the deadline.
  returned: success
  type: int
  sample: 0
running:
  description: Id of the release that serves after a failed switch, empty if none does.
  returned: failure
  type: str
journal:
  description: The end of the journal of the release that failed.
  returned: failure
  type: str
"""

import contextlib
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils import (
    _colours,
    _disk,
    _drain,
    _edge,
    _files,
    _health,
    _manifest,
    _served,
    _sockets,
    _switch,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._colours import Colour, Edge, Seen
from ansible_collections.slipway.fastapi.plugins.module_utils._fence import ARGUMENTS as FENCE_ARGUMENTS
from ansible_collections.slipway.fastapi.plugins.module_utils._fence import Fence, FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._release import COLOURS, Layout
from ansible_collections.slipway.fastapi.plugins.module_utils._systemd import Systemd, SystemdError, Unit

PATIENCE = 60
"""Seconds to wait for another run on the same host."""
STEADY = 5
"""Seconds that a service which should not need a restart has for an answer."""
LONGEST_DRAIN = 3600
PAUSE = 0.1
"""Seconds between two looks."""
EDGE_SECONDS = 10
"""Seconds that HAProxy has to start."""
JOURNAL_READ = 1000
"""Lines of the journal that are read to find those worth showing."""
LINKS = ("current", "previous", ".env", "venv")


class SwitchColour:
    """One run of the module."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.layout = Layout(Path(self.params["dir"]))
        self.release: str = self.params["release"]
        self.fence = Fence(self.layout.top, self.params["generation"])
        self.map = self.layout.top / _edge.MAP
        self.runtime = _edge.Runtime()
        name = self.params["unit"]
        self.boot = Systemd(module.run_command, name)
        self.edge = Systemd(module.run_command, _edge.UNIT)
        self.units = {colour: Systemd(module.run_command, f"{name}@{colour}") for colour in COLOURS}
        self.seconds: dict[str, float] = {}
        self.cut = 0
        self._invocations: list[str] = []

    def run(self) -> dict[str, Any]:
        """Does what there is to do and returns the module's result."""
        self.fence.check()
        seen = self._look()
        difference = _colours.compare(seen, self.release)
        colour = _colours.other(seen.active) if _colours.reasons(seen, self.release) else seen.active
        if not self.module.check_mode:
            self._refuse(seen)
            if difference.changed:
                with self.fence.held(PATIENCE):
                    # Another run may have done it in the meantime.
                    seen = self._look()
                    difference = _colours.compare(seen, self.release)
                    try:
                        colour = self._apply(seen)
                    except OSError as error:
                        self._end_for(error)
            else:
                self.fence.remember(PATIENCE)
        return {
            "changed": difference.changed,
            "diff": difference.as_diff(),
            "release": self.release,
            "previous": (_colours.previous_for(seen, self.release) or "").rpartition("/")[2],
            "colour": colour,
            "reasons": _colours.reasons(seen, self.release),
            "seconds": self.seconds,
            "cut": self.cut,
        }

    # What there is.

    def _look(self) -> Seen:
        layout, note = self.layout, self.layout.interrupted()
        colours, edge = {colour: self._colour(colour) for colour in COLOURS}, self._edge()
        running = {name: colour.unit.running for name, colour in colours.items()}
        named = _edge.read_map(self.map).get("active")
        active = _colours.serving(named, edge.active, running)
        left = note.get("from", "")
        seen = Seen(
            active=active,
            named=named,
            colours=colours,
            edge=edge,
            boot=self.boot.show(),
            links={link: _files.read_link(layout.top / link) for link in LINKS},
            accepted=layout.linked(active or "current"),
            left=left if left and layout.release(left).is_dir() else None,
            phase=note.get("phase", "") or ("start" if note else ""),
            retired=layout.leftovers("damaged"),
        )
        if _colours.reasons(seen, self.release) or active is None:
            return seen
        return dataclasses.replace(seen, healthy=self._gate(active, STEADY).reason)

    def _colour(self, colour: str) -> Colour:
        unit = self.units[colour].show()
        return Colour(
            linked=_files.read_link(self.layout.top / colour),
            unit=unit,
            serving=_switch.release_of(unit.pid),
            outdated=self._outdated(unit),
        )

    def _outdated(self, unit: Unit) -> list[str]:
        release = self.layout.release(self.release)
        found = _switch.newer_files(unit, [release / _manifest.NAME], time.time())
        if self.params["redefined"] and not found:
            found.append("the unit's files change")
        if self.module.check_mode and release.is_dir():
            # A run would have built it again before it came here.
            found += [f"the release is damaged: {damage}" for damage in _manifest.damage(release)]
        return found

    def _edge(self) -> Edge:
        unit = self.edge.show()
        entries = self.runtime.entries(self.map) if unit.running else None
        outdated = _switch.newer_files(unit, [], time.time())
        if unit.running and unit.stale:
            outdated.append("systemd has not read its files again")
        if unit.running and not outdated and entries is not None and self._config_is_newer():
            outdated = [f"{_edge.CONFIG} is newer than what runs"]
        if unit.running and not outdated and entries is not None and self._certificate_is_other():
            outdated = [f"{_edge.CERTIFICATE} is not what runs"]
        if unit.running and entries is None:
            outdated = outdated or ["it runs another configuration"]
        return Edge(unit, (entries or {}).get("active"), outdated)

    def _config_is_newer(self) -> bool:
        try:
            # HAProxy tells its start in whole seconds. A time in the future says nothing of the order.
            return self.runtime.started() + 1 <= _edge.CONFIG.stat().st_mtime <= time.time()
        except (FileNotFoundError, _edge.EdgeError):
            return False

    def _certificate_is_other(self) -> bool:
        stored = _edge.fingerprint(_edge.CERTIFICATE)
        return stored is not None and self.runtime.certificate(_edge.CERTIFICATE) not in (None, stored)

    # What must not be.

    def _refuse(self, seen: Seen) -> None:
        """Ends before anything changes, with what has to be done first."""
        if not self.layout.release(self.release).is_dir():
            self.module.fail_json(
                msg=f"release {self.release} is not on this host: prepare it first (slipway.fastapi.release)"
            )
        if seen.edge.unit.load == "not-found" or not self.map.is_file():
            self.module.fail_json(msg="HAProxy is not set up on this host: run the role haproxy first")
        # A service that held the port itself until now gives it up below.
        own = [pid for unit in (seen.edge.unit, seen.boot) if unit.running for pid in _sockets.family(unit.pid)]
        holder = _sockets.holder(self.params["port"])
        if holder and holder.pid not in own:
            self.module.fail_json(
                msg=f"the port {self.params['port']} is held by {holder.name} (process {holder.pid}), so HAProxy "
                "cannot have it: stop that, or give one of the two another port (backend_port of the blueprint)"
            )

    # What is done.

    def _apply(self, seen: Seen) -> str:
        began = time.monotonic()
        if (
            seen.boot.stale
            or seen.edge.unit.stale
            or seen.boot.load == "not-found"
            or any(self._unread(seen.colours[name]) for name in COLOURS)
        ):
            self.boot.reload()
        why = _colours.reasons(seen, self.release)
        active = seen.active or COLOURS[0]
        if why:
            active = self._replace(seen)
        self._link(_switch.links_for(self.release))
        self._serve(active)
        # Only now: a run that ends before has nothing else to go back to than the one before had.
        self._link({"previous": _colours.previous_for(seen, self.release)})
        if why:
            self.seconds["switch"] = round(time.monotonic() - began - self.seconds["gate"], 2)
        self._retire(_colours.other(active))
        self._keep_at_boot(seen)
        self.layout.switching.unlink(missing_ok=True)
        for path in self.layout.leftovers("damaged"):
            _files.remove_tree(path)
        # The second: a run that was ended after it had switched has left no line.
        if why or (seen.phase == "switch" and seen.left not in (None, self.release)):
            self._record((seen.accepted if why else seen.left) or "", time.monotonic() - began)
        return active

    def _end_for(self, error: OSError) -> None:
        """Ends because a file could not be written: stops what does not serve, and says what serves."""
        named = _edge.read_map(self.map).get("active")
        active = (self.runtime.entries(self.map) or {}).get("active") or named
        serving = _switch.release_of(self.units[active].show().pid) if active in COLOURS else None
        if active in COLOURS and active == named and serving != self.release:
            # The release that had not switched yet. What cannot be stopped now is stopped by the next run.
            with contextlib.suppress(SystemdError):
                self.units[_colours.other(active)].stop()
        state = f"Release {serving} serves." if serving else "No release serves in a colour."
        self.module.fail_json(msg=_disk.told(error, state), running=serving or "")

    @staticmethod
    def _unread(colour: Colour) -> bool:
        return colour.unit.stale or colour.unit.load == "not-found"

    def _note(self, seen: Seen, phase: str) -> None:
        note = {"from": seen.accepted or "", "to": self.release, "phase": phase}
        _files.write_file(self.layout.switching, json.dumps(note).encode(), 0o600)
        _files.flush_names(self.layout.top)

    def _replace(self, seen: Seen) -> str:
        """Starts the release in the idle colour, and returns that when it has passed the gate."""
        began = time.monotonic()
        idle = _colours.other(seen.active)
        if seen.active and seen.edge.active == idle:
            # A run ended between the disk and HAProxy: what is stopped next still has the requests.
            self.runtime.set(self.map, "active", seen.active)
        # What a run that was ended in between has left there may still have streams.
        self._retire(idle)
        self._note(seen, "start")
        self._link({idle: f"releases/{self.release}"})
        self._invocations.clear()
        self.units[idle].restart()
        verdict = self._gate(idle, self.params["timeout"])
        if not verdict.healthy:
            self._give_up(seen, idle, verdict.reason)
        # Whoever has overtaken this run in the meantime must find nothing changed by it.
        self.fence.check()
        self.seconds["gate"] = round(time.monotonic() - began, 2)
        self._note(seen, "switch")
        return idle

    def _give_up(self, seen: Seen, idle: str, reason: str) -> None:
        journal = self._journal()
        self.units[idle].stop()
        self._link({idle: None})
        self.layout.switching.unlink(missing_ok=True)
        # One that holds the port itself serves as well, until the first release in a colour has passed.
        serves = seen.boot.running or (seen.active is not None and seen.colours[seen.active].unit.running)
        running = (seen.accepted or "") if serves else ""
        outcome = f"Release {running} serves as before" if running else "Nothing served before it, and nothing does now"
        self.module.fail_json(
            msg=f"release {self.release} does not serve: {reason}. {outcome}. "
            f"The end of its journal:\n{journal or '(empty)'}",
            running=running,
            journal=journal,
        )

    def _serve(self, active: str) -> None:
        """Sends every request to a colour from now on. The disk comes first: it is what holds after a crash."""
        entries = _edge.read_map(self.map)
        if entries.get("active") != active:
            _edge.write_map(self.map, {"maintenance": "off", **entries, "active": active})
            _files.flush_names(self.layout.top)
        self._free_the_port()
        edge = self.edge.show()
        if not edge.running or _switch.newer_files(edge, [], time.time()) or self.runtime.entries(self.map) is None:
            # The role's unit took the place of the distribution's, of which systemd takes no notice by itself.
            self.edge.reload()
            self.edge.restart()
            self._wait_for_edge(active)
        else:
            # Before a reload too: the worker that it leaves behind answers one more request of each connection.
            self.runtime.set(self.map, "active", active)
            if self._certificate_is_other():
                self.runtime.renew(_edge.CERTIFICATE)
            if self._config_is_newer() or self._certificate_is_other():
                self.edge.reload_service()
                self._wait_for_edge(active)

    def _free_the_port(self) -> None:
        """Ends a service that held the port itself. A stop would end the colours too, which are part of its unit."""
        if not self.boot.show().running:
            return
        self.boot.terminate()
        deadline = time.monotonic() + self.params["drain"] + PATIENCE
        while self.boot.show().running:
            if time.monotonic() >= deadline:
                raise SystemdError(
                    f"{self.boot.unit} does not end: see `systemctl status {self.boot.unit}`, and run again"
                )
            time.sleep(PAUSE)

    def _wait_for_edge(self, active: str) -> None:
        deadline = time.monotonic() + EDGE_SECONDS
        while (
            (self.runtime.entries(self.map) or {}).get("active") != active
            or self._config_is_newer()
            or self._certificate_is_other()
        ):
            if time.monotonic() >= deadline:
                raise _edge.EdgeError(
                    f"HAProxy does not run with its configuration after {EDGE_SECONDS} s: "
                    f"see `journalctl -u {_edge.UNIT}`"
                )
            time.sleep(PAUSE)

    def _retire(self, colour: str) -> None:
        """Lets a colour end what it has, and stops it."""
        unit = self.units[colour].show()
        if unit.active in ("inactive", ""):
            return
        if unit.running:
            began = time.monotonic()
            self.cut += _drain.wait(self._folder(colour), self.params["drain"])
            self.seconds["drain"] = round(time.monotonic() - began, 2)
        self.units[colour].stop()

    def _keep_at_boot(self, seen: Seen) -> None:
        for unit, was in ((self.edge, seen.edge.unit), (self.boot, self.boot.show())):
            if not was.enabled:
                unit.enable()
        if self.boot.show().active != "active":
            self.boot.start()

    def _record(self, previous: str, seconds: float) -> None:
        _served.append(
            self.layout.history,
            release=self.release,
            previous=previous,
            action=self.params["action"],
            by=self.params["by"],
            seconds=round(seconds, 1),
        )

    # What it needs for that.

    def _folder(self, colour: str) -> Path:
        return _drain.folder_of(self.params["unit"], colour)

    def _gate(self, colour: str, timeout: float) -> _health.Verdict:
        return _health.wait(
            _health.SocketService(
                self._folder(colour) / _drain.SOCKET, self.params["health_path"], self.params["stream_path"]
            ),
            self.release,
            timeout,
            lambda: self._show(colour),
        )

    def _show(self, colour: str) -> Unit:
        unit = self.units[colour].show()
        if unit.invocation and unit.invocation not in self._invocations:
            self._invocations.append(unit.invocation)
        return unit

    def _journal(self) -> str:
        environment = self.layout.release(self.release) / ".env"
        text = self.boot.journal(self._invocations, JOURNAL_READ)
        text = _switch.without_questions(text, self.params["health_path"])
        text = _switch.without_secrets(text, environment.read_bytes() if environment.is_file() else b"")
        return "\n".join(text.splitlines()[-self.params["journal_lines"] :])

    def _link(self, links: dict[str, str | None]) -> None:
        for link, target in links.items():
            path = self.layout.top / link
            if _files.read_link(path) != target:
                _files.replace_link(path, target)
        _files.flush_names(self.layout.top)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        {
            "dir": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "unit": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "health_path": {"type": "str", "default": "/health"},
            "timeout": {"type": "int", "default": 60},
            "stream_path": {"type": "str", "default": ""},
            "drain": {"type": "int", "default": 300},
            "redefined": {"type": "bool", "default": False},
            "action": {"type": "str", "choices": ["release", "rollback"], "default": "release"},
            "by": {"type": "str", "default": ""},
            "journal_lines": {"type": "int", "default": 40},
            **FENCE_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    if not 0 <= module.params["drain"] <= LONGEST_DRAIN:
        module.fail_json(
            msg=f"drain is {module.params['drain']} and must be between 0 and {LONGEST_DRAIN} seconds: "
            "nothing was changed"
        )
    try:
        result = SwitchColour(module).run()
    except (SystemdError, _files.BusyError, _edge.EdgeError, FencedError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=_disk.told(error, "What serves was left alone."))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
