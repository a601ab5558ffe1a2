"""The picture: over time, which release has answered how much, what was lost, and how slow the slowest percent was."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from benchmarks.loss.figures import TENTHS_A_SECOND, Rows, percentile

WIDTH = 860
"""Of the part that time runs along, in pixels."""
HEIGHT = 110
SLOW_HEIGHT = 46
MOST_COLUMNS = 430
TEMPLATE = Path(__file__).with_name("picture.svg.j2")


@dataclass(frozen=True)
class Bar:
    """A rectangle, in pixels from the panel's upper left corner."""

    x: float
    y: float
    width: float
    height: float
    style: str


@dataclass(frozen=True)
class Panel:
    """One measurement."""

    title: str
    bars: list[Bar]
    slow: list[str]
    """Points of the lines of the 99th percentile."""
    most: float
    """Requests a second at the upper edge."""
    slowest: float
    """Milliseconds at the upper edge of the line's part."""
    ticks: list[tuple[float, str]]


def picture(measurements: Sequence[Mapping[str, Any]], titles: Sequence[str]) -> str:
    """Return the picture as SVG."""
    panels = [_panel(measurement, title) for measurement, title in zip(measurements, titles)]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(panels=panels, width=WIDTH, height=HEIGHT, slow_height=SLOW_HEIGHT)


def _panel(measurement: Mapping[str, Any], title: str) -> Panel:
    rows = Rows.of(measurement["requests"])
    seconds = measurement["seconds"]
    step = next(step for step in (0.25, 0.5, 1, 2, 5, 10) if seconds / step <= MOST_COLUMNS)
    columns: dict[int, Counter[str]] = defaultdict(Counter)
    latencies: dict[int, list[int]] = defaultdict(list)
    styles: dict[str, str] = {}
    for due, latency, release, cause in zip(rows.due, rows.latency, rows.release, rows.cause):
        at = int(due / TENTHS_A_SECOND / step)
        style = "lost" if cause else styles.setdefault(release, f"release{len(styles)}")
        columns[at][style] += 1
        if not cause:
            latencies[at].append(latency)
    # What begins while the load ends fills no whole column.
    columns = {number: column for number, column in columns.items() if (number + 1) * step <= seconds}
    most = max(column.total() for column in columns.values())
    scale, wide = HEIGHT / most, WIDTH * step / seconds
    bars = []
    for number, column in sorted(columns.items()):
        below = float(HEIGHT)
        for style in ("lost", *styles.values()):
            high = column[style] * scale
            if high:
                below -= high
                bars.append(Bar(round(number * wide, 1), round(below, 1), round(wide + 0.2, 1), round(high, 1), style))
    slow = {number: percentile(latencies[number], 99) / 10 for number in sorted(columns) if latencies[number]}
    slowest = max(slow.values())
    lines: list[list[str]] = []
    for number, late in slow.items():
        # Where nothing was answered there is no line.
        if number - 1 not in slow:
            lines.append([])
        lines[-1].append(f"{(number + 0.5) * wide:.1f},{SLOW_HEIGHT * (1 - late / slowest):.1f}")
    interval = next(every for every in (5, 10, 30, 60, 120, 300) if seconds / every <= 12)
    ticks = [(WIDTH * at / seconds, f"{at} s") for at in range(0, int(seconds) + 1, interval)]
    return Panel(title, bars, [" ".join(line) for line in lines], most / step, slowest, ticks)
