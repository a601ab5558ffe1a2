"""The sandbox's command line: ``python -m sandbox up|down|status|fault|engine``."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

try:
    from sandbox import injected_faults, lifecycle
    from sandbox.machine import daemon
except ModuleNotFoundError as error:
    sys.exit(
        f"sandbox: this Python has no {error.name}: run `make venv`, then `.venv/bin/python -m sandbox`, "
        "or install the sandbox with its dependencies: `pip install ./sandbox`"
    )
from sandbox.report import Report
from sandbox.settings import NAMES, Settings, settings_for


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0, or 1 after one line on stderr that names the fix."""
    options = _parser().parse_args(arguments)
    report = Report()
    try:
        settings = settings_for(options.name)
        if options.command == "up":
            lifecycle.up(settings, report)
        elif options.command == "down":
            lifecycle.down(settings, report, with_images=options.images)
        elif options.command == "engine":
            with report.step("Docker engine") as step:
                daemon.ensure(settings.directory.parent, step, daemon.confirm_on_terminal).close()
        elif options.command == "fault":
            _fault(settings, options)
        else:
            return _status(settings, as_json=options.json)
    except (*lifecycle.EXPECTED, injected_faults.InjectedFaultError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sandbox: interrupted; run the same command again to finish", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="An AWS account on this machine, for development and tests."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--name", choices=NAMES, help="which sandbox (default: $SLIPWAY_SANDBOX, or main)")
    commands.add_parser("up", parents=[shared], help="start the sandbox, unless it runs")
    down = commands.add_parser("down", parents=[shared], help="remove the sandbox with everything in it")
    down.add_argument("--images", action="store_true", help="also remove the images of hosts and databases")
    status = commands.add_parser("status", parents=[shared], help="show what runs")
    status.add_argument("--json", action="store_true", help="print JSON")
    _add_fault(
        commands.add_parser("fault", help="inject a fault: a service answers with an error, late, or only in part"),
        shared,
    )
    commands.add_parser("engine", parents=[shared], help="only make sure that a Docker engine runs")
    return parser


def _add_fault(parser: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", parents=[shared], help="inject one: fault add s3 503 --operation GetObject --times 3"
    )
    add.add_argument(
        "service", help="an AWS service by its signing name (s3, ssm, ec2, …), or a stub of the project file"
    )
    add.add_argument(
        "answer",
        help="409 (only s3), 429, a status from 500, expired (credentials), slow:SECONDS (the normal answer, delayed), "
        "cut (half of the normal answer)",
    )
    add.add_argument("--operation", default="", help="only this operation, such as GetObject; of a stub, a path")
    add.add_argument(
        "--resource",
        default="",
        help="only requests with this text in the path or the JSON body, such as an object's key",
    )
    add.add_argument("--times", type=int, default=1, help="number of requests (default: 1)")
    add.add_argument("--seconds", type=float, default=600, help="longest duration (default: 600)")
    actions.add_parser("list", parents=[shared], help="show all faults, and how often each fired").add_argument(
        "--json", action="store_true", help="print JSON"
    )
    actions.add_parser("clear", parents=[shared], help="remove faults").add_argument(
        "number", type=int, nargs="?", help="only the one with this number (default: all)"
    )


def _fault(settings: Settings, options: argparse.Namespace) -> None:
    if options.action == "add":
        names = ("service", "answer", "operation", "resource", "times", "seconds")
        print(injected_faults.describe(injected_faults.add(settings, {name: getattr(options, name) for name in names})))
    elif options.action == "clear":
        injected_faults.clear(settings, options.number)
    elif options.json:
        print(json.dumps(injected_faults.list_all(settings), indent=2))
    else:
        found = [injected_faults.describe(fault) for fault in injected_faults.list_all(settings)]
        print("\n".join(found) or "There are no faults: every service answers normally.")


def _status(settings: Settings, *, as_json: bool) -> int:
    found = lifecycle.describe(settings)
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    if not found["running"]:
        print(f"The sandbox {settings.name} does not run: start it with `python -m sandbox up`.")
        return 0
    answer = "answers" if found["answers"] else "does not answer: run `python -m sandbox up`"
    print(f"The sandbox {settings.name} runs (process {found['pid']}); its API at {found['url']} {answer}.")
    for name, image in sorted(found.get("images", {}).items()):
        print(f"  image     {name}: {image['state']}, {image['detail']} ({image['seconds']:.0f} s)")
    for kind in ("hosts", "databases"):
        for machine in found.get(kind, []):
            print(f"  {_machine(kind, machine)}")
    for problem in found.get("problems", []):
        print(f"  problem   {problem}")
    return 0


def _machine(kind: str, machine: dict[str, Any]) -> str:
    where = f"{machine['state']} at {machine['address']}"
    return f"{kind[:-1]:<9} {machine['identity']}: {where}, container {machine['container']}"


if __name__ == "__main__":
    sys.exit(main())
