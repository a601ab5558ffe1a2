"""``python -m sandbox up|down|status|fault``: the AWS account in a box, from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

try:
    from sandbox import faults, lifecycle
    from sandbox.machine import daemon
except ModuleNotFoundError as error:
    sys.exit(f"sandbox: this Python has no {error.name}: run `make venv`, then `.venv/bin/python -m sandbox`")
from sandbox.report import Report
from sandbox.settings import NAMES, Settings, settings_for


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it did what it says, 1 with one line on stderr if not."""
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
                daemon.ensure(settings.directory.parent, step, daemon.ask_on_terminal).close()
        elif options.command == "fault":
            _fault(settings, options)
        else:
            return _status(settings, as_json=options.json)
    except (*lifecycle.EXPECTED, faults.FaultsError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("sandbox: interrupted; run the same command again to finish", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="An AWS account in a box.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--name", choices=NAMES, help="which sandbox (default: $SLIPWAY_SANDBOX, else main)")
    commands.add_parser("up", parents=[shared], help="start it, unless it runs")
    down = commands.add_parser("down", parents=[shared], help="remove it with all that is in it")
    down.add_argument("--images", action="store_true", help="remove the images that hosts are made from, too")
    status = commands.add_parser("status", parents=[shared], help="say what runs")
    status.add_argument("--json", action="store_true", help="for programs")
    _add_fault(commands.add_parser("fault", help="let a service answer with an error, late, or not to the end"), shared)
    commands.add_parser("engine", parents=[shared], help="only make sure that a Docker engine answers")
    return parser


def _add_fault(parser: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    orders = parser.add_subparsers(dest="order", required=True, metavar="ORDER")
    add = orders.add_parser("add", parents=[shared], help="order one: fault add s3 503 --operation GetObject --times 3")
    add.add_argument("service", help="tavily, gemini, or an AWS service as requests are signed for it: s3, ssm, ec2, …")
    add.add_argument(
        "answer",
        help="409 (of S3), 429, a status from 500, expired (as credentials), slow:SECONDS (its own answer, later), "
        "cut (half of it)",
    )
    add.add_argument("--operation", default="", help="only this one, as GetObject; of tavily and gemini a path")
    add.add_argument("--resource", default="", help="only where this text is in the path or in the JSON, as a key")
    add.add_argument("--times", type=int, default=1, help="for how many requests (default: 1)")
    add.add_argument("--seconds", type=float, default=600, help="for how long at most (default: 600)")
    orders.add_parser("list", parents=[shared], help="what was ordered, and how often it fired").add_argument(
        "--json", action="store_true", help="for programs"
    )
    orders.add_parser("clear", parents=[shared], help="back to normal").add_argument(
        "number", type=int, nargs="?", help="only this one of the list"
    )


def _fault(settings: Settings, options: argparse.Namespace) -> None:
    if options.order == "add":
        names = ("service", "answer", "operation", "resource", "times", "seconds")
        print(faults.sentence(faults.add(settings, {name: getattr(options, name) for name in names})))
    elif options.order == "clear":
        faults.clear(settings, options.number)
    elif options.json:
        print(json.dumps(faults.ordered(settings), indent=2))
    else:
        found = [faults.sentence(fault) for fault in faults.ordered(settings)]
        print("\n".join(found) or "Nothing was ordered: every service answers as it should.")


def _status(settings: Settings, *, as_json: bool) -> int:
    found = lifecycle.describe(settings)
    if as_json:
        print(json.dumps(found, indent=2))
        return 0
    if not found["running"]:
        print(f"The sandbox {settings.name} is not up: start it with `python -m sandbox up`.")
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
