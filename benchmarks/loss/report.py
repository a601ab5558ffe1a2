"""Makes the table and the picture of raw results: `python -m benchmarks.loss.report [FILE]`, by default the newest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.loss import results
from benchmarks.loss.figures import Summary, summary
from benchmarks.loss.mechanism import MECHANISMS
from benchmarks.loss.picture import picture

TITLES = {way.name: way.title for way in MECHANISMS}
COLUMNS = (
    "Mechanism",
    "Hosts",
    "Switches",
    "Requests lost",
    "Streams lost",
    "p99 steady",
    "p99 switching",
    "Longest",
    "New release alone after",
    "Command takes",
)


def main() -> None:
    """Write the picture beside the results, and print the table."""
    parser = argparse.ArgumentParser(description="Make table and picture of the raw results of release_loss.")
    parser.add_argument("file", nargs="?", type=Path, help="raw results (default: the newest)")
    path = parser.parse_args().file or max(results.FOLDER.glob("*.json.gz"), default=None)
    if path is None:
        sys.exit("There are no results yet: python -m benchmarks.release_loss")
    measurements = results.read(path)["measurements"]
    summaries = [summary(measurement) for measurement in measurements]
    drawing = path.with_name(path.name.removesuffix(".json.gz") + ".svg")
    drawing.write_text(picture(measurements, [title(one) for one in summaries]), encoding="utf-8")
    print(table(summaries))
    print()
    print(losses(summaries))
    print(f"\n{drawing}")


def table(summaries: Sequence[Summary]) -> str:
    """Return a row of figures for each measurement."""
    rows = [
        (
            TITLES[one.mechanism],
            str(one.hosts),
            str(one.switches),
            f"{one.lost:,} of {one.requests:,}",
            f"{one.streams_lost:,} of {one.streams:,}",
            f"{one.p99:.1f} ms",
            f"{one.p99_switching:.1f} ms",
            f"{one.longest:.0f} ms",
            f"{one.turn_seconds:.1f} s",
            f"{one.switch_seconds:.1f} s",
        )
        for one in summaries
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [COLUMNS, ("---",) * len(COLUMNS), *rows])


def losses(summaries: Sequence[Summary]) -> str:
    """Return what was lost and why, a line for each kind of request and cause."""
    lines = [
        f"- {TITLES[one.mechanism]}: {count:,} of {kind}, {cause}"
        for one in summaries
        for (kind, cause), count in sorted(one.causes.items())
    ]
    return "\n".join(lines or ["- nothing"])


def title(one: Summary) -> str:
    """Return what stands above a measurement in the picture."""
    hosts = f", {one.hosts} hosts" if one.hosts > 1 else ""
    streams = f", {one.streams_lost:,} of {one.streams:,} streams"
    return f"{TITLES[one.mechanism]}{hosts}: lost {one.lost:,} of {one.requests:,} requests{streams}"


if __name__ == "__main__":
    main()
