"""The command that the systemd unit runs."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from .runner import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the configured probes in this process's environment and leave the report in a file.

    Returns:
        0 when there is a report, whatever it says.
    """
    parser = argparse.ArgumentParser(description="Run the probes as the service.")
    parser.add_argument("--config", type=Path, required=True, help="JSON file that lists the probes")
    parser.add_argument("--report", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args(arguments)
    report = run(json.loads(options.config.read_text(encoding="utf-8")), os.environ)
    unfinished = options.report.with_suffix(".part")
    unfinished.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(options.report)
    for probe in report["probes"]:
        # For the journal, whose readers see no table.
        print(f"{probe['name']}: {'ok' if probe['ok'] else probe['failed_stage'] + ': ' + probe['cause']}")
    return 0
