"""Draw the end of a recorded `make site` as docs/pictures/site.svg: `.venv/bin/python -m docs.pictures.site`.

The lines are the output of the newest recording in benchmarks/results (`benchmarks/site_time.py` makes it). They are
shown as they came, from the report of `make verify` to the last line.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_suffix(".svg")
#: The case of the recording: hosts, database and service are made, images exist.
CASE = "warm"
#: The first line that is shown: a host's report ("ip-10-20-0-4, release …: all 5 green in 179ms").
REPORT = re.compile(r"\S+, release \S+: .* green")
#: Columns. The longest line of the report has 111 characters.
WIDTH = 114
STYLES = ((re.compile(r"^  ✓"), "green"), (re.compile(r"^  ~|^Changed:"), "yellow"), (re.compile(r"^\S"), "bold"))


def recording() -> list[str]:
    """The lines of the newest recording's last run, from the report on.

    Raises:
        FileNotFoundError: there is no recording.
        StopIteration: the recorded run has no report.
    """
    results = sorted((ROOT / "benchmarks" / "results").glob("site_time-*.json"))
    if not results:
        raise FileNotFoundError("no recording: run benchmarks/site_time.py")
    run = json.loads(results[-1].read_text(encoding="utf-8"))["runs"][CASE][-1]
    lines = [str(line) for _, line in run["steps"]]
    return lines[next(number for number, line in enumerate(lines) if REPORT.match(line)) :]


def styled(line: str) -> Text:
    """A line in the colours that a terminal shows."""
    return Text(line, style=next((style for form, style in STYLES if form.search(line)), ""))


def render(lines: list[str]) -> str:
    """The picture, as SVG. It loads nothing: rich's links to fonts are removed."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ make site", style="bold"))
    console.print(Text("…", style="dim"))
    for line in lines:
        console.print(styled(line), soft_wrap=True)
    picture = console.export_svg(title="make site", unique_id="site")
    return re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL).rstrip() + "\n"


if __name__ == "__main__":
    PICTURE.write_text(render(recording()), encoding="utf-8")
