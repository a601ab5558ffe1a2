"""Makes the table and the picture of raw results: `python -m benchmarks.loss.report [FILE…]`, by default of all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.loss import results
from benchmarks.loss.figures import Summary, summary
from benchmarks.loss.mechanism import MECHANISMS
from benchmarks.loss.picture import picture

TITLES = {way.name: way.title for way in MECHANISMS}
PICTURE = results.FOLDER / "release_loss.svg"
COLUMNS = (
    "Mechanism",
    "Hosts",
    "Rate",
    "Switches",
    "Requests lost",
    "Streams lost",
    "p99 steady (of all)",
    "p99 switching (of all)",
    "Longest",
    "New release alone after",
    "Command takes",
)


def main() -> None:
    """Write the picture and print the table."""
    parser = argparse.ArgumentParser(description="Make table and picture of the raw results of release_loss.")
    parser.add_argument("files", nargs="*", type=Path, help="raw results (default: all that are kept)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where the picture goes")
    arguments = parser.parse_args()
    measurements = measured(arguments.files or sorted(results.FOLDER.glob("*.json.gz")))
    if not measurements:
        sys.exit("There are no results yet: python -m benchmarks.release_loss")
    summaries = [summary(measurement) for measurement in measurements]
    arguments.picture.write_text(picture(measurements, [title(one) for one in summaries]), encoding="utf-8")
    print(f"{table(summaries)}\n\n{losses(summaries)}\n\n{arguments.picture}")


def measured(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return all measurements of raw results, those of one mechanism together, few hosts before many."""
    order = list(TITLES)
    found = [measurement for path in paths for measurement in results.read(path)["measurements"]]
    return sorted(found, key=lambda one: (order.index(one["mechanism"]), len(one["hosts"])))


def table(summaries: Sequence[Summary]) -> str:
    """Return a row of figures for each measurement."""
    rows = [
        (
            TITLES[one.mechanism],
            str(one.hosts),
            f"{one.rate:.0f}/s",
            str(one.switches),
            f"{one.lost:,} of {one.requests:,}",
            f"{one.streams_lost:,} of {one.streams:,}",
            f"{one.p99.median:.1f} ms ({one.p99.overall:.1f})",
            f"{one.p99_switching.median:.1f} ms ({one.p99_switching.overall:.1f})",
            f"{one.longest:.0f} ms",
            f"{one.turn_seconds:.1f} s, at most {one.longest_turn_seconds:.1f} s",
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
