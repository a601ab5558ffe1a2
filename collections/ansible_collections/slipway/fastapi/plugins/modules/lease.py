#!/usr/bin/python
"""Take the lease on a fleet, keep it, and let it go."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lease
short_description: Let one release at a time work on a fleet
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Takes a lease in S3, the object C(<app>/lease.json), by writes that S3 carries out only if no other run was faster.
    Of several runs one gets it, the others are told who has it.
  - While the play runs, a small process beside it renews the lease. When the play has ended, however it did, that lets
    the lease go and ends too. If it cannot, because the machine is gone or the play stopped by a signal, the lease
    expires O(ttl) seconds after it was renewed last. S3's clock decides that, not this machine's.
  - Each holder has a generation, a number that is higher than all before it. Modules that change a host take it as
    their option O(slipway.fastapi.release#module:generation), and refuse a release that another has overtaken.
  - Runs on the control node, which must be Linux.
options:
  bucket:
    description: Bucket of the lease. Hosts need no access to it.
    type: str
    required: true
  app:
    description: What the fleet is called in there.
    type: str
    required: true
  state:
    description:
      - V(acquired) takes the lease, which must be free, or whose holder must not have renewed it for O(ttl) seconds.
      - V(held) renews the lease of O(generation) once more, and fails if it is lost. It is for plays that were waiting.
      - V(released) lets the lease of O(generation) go. If it is lost, nothing is changed.
    type: str
    choices: [acquired, held, released]
    default: acquired
  generation:
    description: Which lease is meant, as the module returned it. Required unless O(state=acquired).
    type: int
    default: 0
  purpose:
    description: What it is for, shown to a run that wants the lease too. No secret.
    type: str
    default: a run of Ansible
  ttl:
    description: Seconds after which a lease that is not renewed may be taken over. A third of it passes between
      renewals.
    type: int
    default: 60
  optional:
    description:
      - With O(state=acquired), whether to go on without a lease where S3 cannot be asked or says no. That another run
        holds it is an error all the same. It is for going back to a release while S3 is down.
    type: bool
    default: false
  pid:
    description: Process whose end ends the lease. The default is the ansible-playbook that runs this.
    type: int
extends_documentation_fragment:
  - slipway.fastapi.aws
attributes:
  check_mode:
    support: full
    description: It is looked who holds the lease, and nothing is written or started.
  diff_mode:
    support: full
    description: Shows the holder before and after.
  idempotent:
    support: partial
    description: Letting go of a lease that was let go changes nothing. Each V(acquired) is a new lease.
seealso:
  - module: slipway.fastapi.history
  - module: slipway.fastapi.release
"""

EXAMPLES = r"""
- name: Acquire the deployment lease
  slipway.fastapi.lease:
    aws:
      region: us-east-1
    bucket: location-content-dev-deployments
    app: location-content
    purpose: release
  delegate_to: localhost
  register: lease

- name: Make sure of it after a long wait
  slipway.fastapi.lease:
    aws:
      region: us-east-1
    bucket: location-content-dev-deployments
    app: location-content
    state: held
    generation: "{{ lease.generation }}"
  delegate_to: localhost

- name: Let the next one in
  slipway.fastapi.lease:
    aws:
      region: us-east-1
    bucket: location-content-dev-deployments
    app: location-content
    state: released
    generation: "{{ lease.generation }}"
  delegate_to: localhost
"""

RETURN = r"""
generation:
  description: Number of the lease. In check mode the one that it would have.
  returned: success
  type: int
  sample: 1795246271
owner:
  description: Who has it now, as C(user@host). Empty when it is free.
  returned: success
  type: str
  sample: anna@build-7
acquired:
  description: When it was taken, by S3's clock.
  returned: success
  type: str
  sample: "2026-11-21T07:31:11Z"
taken_over:
  description: Whose lease it was that had expired. Empty when it was free.
  returned: success
  type: dict
  contains:
    owner:
      description: Who that was.
      type: str
    pid:
      description: Its process there.
      type: int
    purpose:
      description: What it was for.
      type: str
    generation:
      description: Its generation, which hosts refuse as soon as this run has worked on them.
      type: int
    silent:
      description: For how many seconds it had not been renewed.
      type: int
unavailable:
  description: With O(optional), why there is no lease; RV(generation) is then 0. Empty where there is one.
  returned: success
  type: str
lost:
  description: With O(state=released), why the lease was not this run's any more. Empty when it was.
  returned: success
  type: str
renewer:
  description: Number of the process that renews it. 0 where none was started.
  returned: success
  type: int
  sample: 40213
"""

import getpass
import os
import socket
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AWS_ARGUMENT, AwsError, client, finish
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import heartbeat
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease as _lease
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.lease import Lease, LeaseError, LeaseState, Store

SHORTEST = 3
LONGEST = 3600
RENEWALS = 3
"""How often a lease is renewed while it lasts."""
RENEWER = "slipway-lease"


def store_of(options: dict[str, Any]) -> Store:
    """The place of the lease."""
    return Store(client("s3", options["aws"]), options["bucket"], f"{options['app']}/lease.json")


def watched(pid: int | None) -> heartbeat.Process:
    """The process whose life counts. Raises LeaseError."""
    process = heartbeat.Process.of(pid) if pid else heartbeat.play(os.getppid())
    if process is None:
        raise LeaseError(
            f"there is no process {pid} on this machine, whose end would end the lease: correct `pid`"
            if pid
            else "no ansible-playbook runs this, whose end would end the lease: set `pid`, on a Linux machine"
        )
    return process


def start_renewer(options: dict[str, Any], lease: Lease, process: heartbeat.Process) -> int:
    """Have the lease renewed as long as the process lives, and then let go; the number of the process that does it."""
    stores: list[Store] = []

    def beat() -> bool:
        # A client of its own: it holds connections, and those of this process are none of the other's.
        stores[:] = stores or [store_of(options)]
        try:
            _lease.renew(stores[0], lease.generation, lease.token)
        except LeaseError:
            return False
        return True

    def end() -> None:
        # A play that has ended, by a failure or a kill, holds nobody up. What it may still have under way on a host is
        # kept apart by the host's own lock, and refused after that.
        _lease.release(store_of(options), lease.generation)

    return heartbeat.start(beat, end, process, every=lease.ttl / RENEWALS, patience=lease.ttl, name=RENEWER)


def acquire(module: AnsibleModule) -> dict[str, Any]:
    """Take the lease. Raises AwsError, LeaseError or OSError."""
    options = module.params
    process = watched(options["pid"])
    wanted = Lease(
        state=_lease.HELD,
        generation=0,
        owner=f"{getpass.getuser()}@{socket.gethostname()}",
        pid=process.pid,
        token=_lease.new_token(),
        purpose=options["purpose"],
        acquired="",
        renewed="",
        ttl=options["ttl"],
    )
    store = store_of(options)
    acquired = _lease.acquire(store, wanted, write=not module.check_mode)
    renewer = 0
    if not module.check_mode:
        try:
            renewer = start_renewer(options, acquired.lease, process)
        except OSError as error:
            _lease.release(store, acquired.lease.generation)
            raise LeaseError(f"the lease cannot be renewed while the play runs: {error}") from error
    return result(acquired.before, acquired.lease, renewer=renewer, taken_over=left_by(acquired.taken_over))


def hold(module: AnsibleModule) -> dict[str, Any]:
    """Renew the lease. Raises AwsError or LeaseError."""
    store, generation = store_of(module.params), module.params["generation"]
    if module.check_mode:
        seen = store.look()
        if seen.expired or seen.holder is None or seen.holder.generation != generation:
            raise LeaseError(_lease.lost(seen, generation))
        lease = seen.holder
    else:
        lease = _lease.renew(store, generation)
    return result(None, lease) | {"changed": False}


def let_go(module: AnsibleModule) -> dict[str, Any]:
    """Let the lease go. Raises AwsError or LeaseError."""
    generation = module.params["generation"]
    seen = _lease.release(store_of(module.params), generation, write=not module.check_mode)
    own = seen.holder is not None and seen.holder.generation == generation
    free = seen.lease is not None and seen.lease.generation == generation and not own
    if own:
        return result(seen, None) | {"generation": generation}
    lost = "" if free else _lease.lost(seen, generation)
    return result(None, seen.holder) | {"changed": False, "generation": generation, "lost": lost}


def result(before: LeaseState | None, lease: Lease | None, **more: Any) -> dict[str, Any]:
    """What the module returns."""
    difference = Difference("lease")
    if before:
        difference.compare("holder", before.holder and described(before.holder), lease and described(lease))
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "generation": lease.generation if lease else 0,
        "owner": lease.owner if lease else "",
        "acquired": lease.acquired if lease else "",
        "taken_over": {},
        "lost": "",
        "unavailable": "",
        "renewer": 0,
        **more,
    }


def described(lease: Lease) -> str:
    """A holder in a few words."""
    return f"{lease.owner}, {lease.purpose}, generation {lease.generation}"


def left_by(seen: LeaseState | None) -> dict[str, Any]:
    """Whose lease it was."""
    if seen is None or seen.holder is None:
        return {}
    known = {name: getattr(seen.holder, name) for name in ("owner", "pid", "purpose", "generation")}
    return {**known, "silent": round(seen.silent)}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises AwsError or LeaseError."""
    options = module.params
    if not SHORTEST <= options["ttl"] <= LONGEST:
        raise LeaseError(f"ttl must be from {SHORTEST} to {LONGEST} seconds")
    if options["state"] == "acquired":
        try:
            return acquire(module)
        except AwsError as error:
            if not options["optional"]:
                raise
            return result(None, None, unavailable=str(error))
    if options["generation"] <= 0:
        raise LeaseError(f"state {options['state']} needs the `generation` that state acquired returned")
    return hold(module) if options["state"] == "held" else let_go(module)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "aws": AWS_ARGUMENT,
            "bucket": {"type": "str", "required": True},
            "app": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["acquired", "held", "released"], "default": "acquired"},
            "generation": {"type": "int", "default": 0},
            "purpose": {"type": "str", "default": "a run of Ansible"},
            "ttl": {"type": "int", "default": 60},
            "optional": {"type": "bool", "default": False},
            "pid": {"type": "int"},
        },
        supports_check_mode=True,
    )
    finish(module, run, LeaseError)


if __name__ == "__main__":
    main()
