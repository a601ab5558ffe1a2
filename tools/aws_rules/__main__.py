"""`terraform show -json PLAN | python -m tools.aws_rules`: what AWS would refuse of a plan.

Ends with 0 where nothing is found, with 1 where AWS would refuse something, with 2 where there is no plan to read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tools.aws_rules.check import check

HOW = "Write one with `terraform plan -out=FILE`, and give what `terraform show -json FILE` prints."


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.aws_rules", description="What AWS would refuse of a plan.")
    parser.add_argument("plan", nargs="?", default="-", help="the plan as JSON; standard input if it is left out")
    parser.add_argument("--region", help="region of the plan; the plan's own variable `region` if it is left out")
    chosen = parser.parse_args(arguments)
    try:
        text = sys.stdin.read() if chosen.plan == "-" else Path(chosen.plan).read_text(encoding="utf-8")
        plan: dict[str, Any] = json.loads(text)
        changes = plan["resource_changes"]
    except OSError as error:
        print(f"{chosen.plan} cannot be read: {error.strerror}. {HOW}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError):
        print(f"This is no Terraform plan in JSON. {HOW}", file=sys.stderr)
        return 2
    region = chosen.region or plan.get("variables", {}).get("region", {}).get("value")
    if not region:
        print("The plan has no variable `region`: name the region of its provider with --region.", file=sys.stderr)
        return 2
    refused, _ = check(changes, region)
    for each in refused:
        print(each)
    count = len(changes)
    if refused:
        print(f"\nAWS would refuse {len(refused)} of the values in this plan. Correct them before you apply it.")
        return 1
    print(f"Nothing found: no rule that is known here refuses anything in this plan of {count} resources.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
