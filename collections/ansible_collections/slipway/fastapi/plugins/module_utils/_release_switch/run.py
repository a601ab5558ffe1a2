"""The steps of the module `release_switch`, which are the same for both strategies."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._haproxy import haproxy
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.fence import FencedError
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.blue_green import BlueGreen
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.restart import Restart
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.strategy import (
    LOCK_TIMEOUT,
    Options,
    State,
    Strategy,
    SwitchContext,
    SwitchError,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._system import disk, files
from ansible_collections.slipway.fastapi.plugins.module_utils._system.systemd import SystemdError

LONGEST_DRAIN = 3600
"""Seconds."""


def run(module: AnsibleModule) -> None:
    """Switches the host to the release, and ends the module with the result or with one message."""
    try:
        options = _options(module.params)
        context = SwitchContext(
            Path(module.params["dir"]), options, module.params["generation"], module.run_command, module.check_mode
        )
        blue_green = module.params["strategy"] == "blue_green"
        result = switch(BlueGreen(context), context) if blue_green else switch(Restart(context), context)
    except SwitchError as error:
        module.fail_json(msg=str(error), **error.facts)
    except (SystemdError, files.BusyError, haproxy.HaproxyError, FencedError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=disk.message(error, "What serves was left alone."))
    module.exit_json(**result)


def switch(strategy: Strategy[State], context: SwitchContext) -> dict[str, Any]:
    """Observes, compares, and applies what differs; returns the module's result.

    Raises:
        SwitchError: the release does not serve, or must not be switched to.
        FencedError: another release has begun on this host.
        BusyError: another run held the host's lock for too long.
        SystemdError, HaproxyError: systemd or HAProxy did not do what they were asked.
        OSError: a file could not be read, or the generation could not be stored.
    """
    context.fence.check()
    state = strategy.observe()
    difference = strategy.difference(state)
    if not context.check_mode:
        refusal = strategy.refusal(state, difference.changed)
        if refusal:
            raise SwitchError(refusal)
        if difference.changed:
            with context.fence.held(LOCK_TIMEOUT):
                # Another run may have changed the host before this one had the lock.
                state = strategy.observe()
                difference = strategy.difference(state)
                try:
                    strategy.apply(state)
                except OSError as error:
                    raise strategy.disk_failure(error, state) from error
        else:
            context.fence.remember(LOCK_TIMEOUT)
    return {"changed": difference.changed, "diff": difference.as_diff(), **strategy.result(state)}


def _options(params: dict[str, Any]) -> Options:
    if not 0 <= params["drain"] <= LONGEST_DRAIN:
        raise SwitchError(
            f"drain is {params['drain']} and must be between 0 and {LONGEST_DRAIN} seconds: nothing was changed"
        )
    for name in ("health_path", "stream_path"):
        if params[name] and not params[name].startswith("/"):
            raise SwitchError(f"{name} is {params[name]} and must begin with a slash: nothing was changed")
    return Options(**{field.name: params[field.name] for field in dataclasses.fields(Options)})
