"""`make releases`: who released what, when and with which result, and what each host says of its own last switch.

Ends with 1 when something of it cannot be told, having shown the rest.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease as _lease
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history
from ansible_collections.slipway.fastapi.plugins.module_utils._system import printable, untrusted_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from slipway.operate.hosts import Host, ask, find_hosts
from slipway.operate.progress import waiting
from slipway.operate.service import ANSWER_SECONDS, CONNECT_SECONDS

QUESTION = "{{ {'app': slipway_app, 'bucket': slipway_deployments_bucket | default(''), 'aws': slipway_aws} }}"
WIDTH = 4000
"""Letters of a line of the table."""
HEADINGS = ("WHEN", "WHO", "WHAT", "RELEASE", "RESULT", "TOOK")
LATEST = "history.jsonl"
"""Of each host, in the application's directory: a line for each switch."""
TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class Fleet:
    """What S3 says of an application."""

    app: str
    records: list[history.Record] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lease: dict[str, Any] | None = None
    """Who works on it at this moment."""

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "records": [asdict(record) for record in self.records]}


def read(app: str, bucket: str, aws: Mapping[str, Any], limit: int) -> Fleet:
    """What S3 says, and why not where it does not."""
    fleet = Fleet(app)
    if not bucket:
        fleet.problems.append("its hosts name no bucket for the history: run make apply")
        return fleet
    try:
        s3 = client("s3", aws)
        fleet.records, fleet.problems = history.newest(s3, bucket, app, limit)
        seen = _lease.Store(s3, bucket, f"{app}/lease.json").look()
    except (AwsError, _lease.LeaseError) as error:
        fleet.problems.append(str(error))
        return fleet
    if seen.holder:
        known = {name: getattr(seen.holder, name) for name in ("owner", "pid", "purpose", "acquired", "generation")}
        fleet.lease = {**known, "expired": seen.expired, "silent": round(seen.silent)}
    return fleet


def latest(host: Host) -> dict[str, Any]:
    """What the host says of its last switch; `error` where it does not answer."""
    known = {"host": host.name, "app": host.app}
    path = shlex.quote(f"{host.directory}/{LATEST}")
    shell = f"test ! -e {path} || tail -n 1 {path}"
    argv = host.ssh(
        [shlex.join(["sudo", "--non-interactive", "sh", "-c", shell])],
        options=["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}"],
    )
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return known | {"error": f"no answer within {ANSWER_SECONDS} s"}
    if done.returncode:
        return known | {"error": (done.stderr.strip().splitlines() or ["no answer"])[-1]}
    try:
        last = untrusted_json.loads(done.stdout) if done.stdout.strip() else {}
        return known | {"last": {str(name): last[name] for name in last}}
    except (ValueError, TypeError, LookupError):
        return known | {"error": f"the last line of {host.directory}/{LATEST} is no record"}


def took(record: history.Record) -> str:
    """How long it lasted, for a person."""
    try:
        lasted = datetime.strptime(record.ended, TIME) - datetime.strptime(record.began, TIME)
    except ValueError:
        return ""
    minutes, seconds = divmod(round(lasted.total_seconds()), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def table(records: list[history.Record]) -> Iterator[str]:
    """The records, a line each, below their headings."""
    found = Table(*HEADINGS, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for record in records:
        cells = (
            record.began.replace("T", " "),
            record.by,
            record.kind,
            record.release or "-",
            record.result.replace("_", " "),
            took(record),
        )
        # As texts, in which no part is taken for a style.
        found.add_row(*(Text(printable.line(cell), no_wrap=True) for cell in cells))
    # Wider than any table: a terminal, or the reader of a pipe, breaks lines as it likes.
    console = Console(width=WIDTH, color_system=None)
    with console.capture() as capture:
        console.print(found)
    yield from (line.rstrip() for line in capture.get().splitlines())


def lines_of(fleet: Fleet) -> Iterator[str]:
    """What S3 says of an application, for a person."""
    yield fleet.app
    if fleet.lease:
        lease = fleet.lease
        state = f"silent for {lease['silent']} s, may be taken over" if lease["expired"] else "under way"
        yield f"  {state}: {lease['purpose']} by {lease['owner']} since {lease['acquired'].replace('T', ' ')}"
    if fleet.records:
        yield from (f"  {line}" for line in table(fleet.records))
    elif not fleet.problems:
        yield "  no release yet: make deploy"


def line_of(answer: Mapping[str, Any]) -> str:
    """What a host says, for a person."""
    begin = f"  {answer['host']}  "
    if "error" in answer:
        return f"{begin}✗ {printable.printable(answer['error'])}"
    last = answer["last"]
    if not last:
        return f"{begin}no release yet"
    before = f", before it {last['previous']}" if last.get("previous") else ""
    told = f"{last.get('release')}  {last.get('action')} {last.get('time')} by {last.get('by')}{before}"
    return begin + printable.line(told)[: printable.LONGEST]


def show(inventory: str, limit: int, as_json: bool) -> bool:
    """Print it all, and return whether nothing is missing. Raises NoHostError."""
    with waiting("Reading the history, and asking the hosts"), ThreadPoolExecutor(16) as pool:
        places = {answer["app"]: answer for answer in ask(inventory, QUESTION).values()}
        answers = pool.map(latest, find_hosts(inventory))
        fleets = list(pool.map(lambda place: read(place["app"], place["bucket"], place["aws"], limit), places.values()))
        hosts = list(answers)
    if as_json:
        print(json.dumps({"apps": [fleet.document() for fleet in fleets], "hosts": hosts}, indent=2))
    else:
        for fleet in fleets:
            print(*lines_of(fleet), *(f"  ✗ {problem}" for problem in fleet.problems), sep="\n")
            print(*(line_of(answer) for answer in hosts if answer["app"] == fleet.app), sep="\n")
    return not any(fleet.problems for fleet in fleets) and not any("error" in answer for answer in hosts)
