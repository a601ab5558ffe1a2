"""`terraform show -json PLAN | .venv/bin/slipway aws-rules`: what AWS would refuse of a plan.

Ends with 0 where nothing is found, with 1 where AWS would refuse something, with 2 where there is no plan to read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from slipway.aws_rules.check import check

HOW = "Write one with `terraform plan -out=FILE`, and give what `terraform show -json FILE` prints."


def report(file: str, region: str | None) -> int:
    """Print what AWS would refuse of a plan; the exit code.

    *file* has the plan as JSON, `-` is standard input. *region* is the plan's own variable `region` where it is None.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        plan: dict[str, Any] = json.loads(text)
        changes = plan["resource_changes"]
    except OSError as error:
        print(f"{file} cannot be read: {error.strerror}. {HOW}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError):
        print(f"This is no Terraform plan in JSON. {HOW}", file=sys.stderr)
        return 2
    region = region or plan.get("variables", {}).get("region", {}).get("value")
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
