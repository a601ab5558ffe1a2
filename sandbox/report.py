"""Shows a command's progress: one line for each step, with its seconds."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

#: Seconds between two redrawings of a line: more often is not readable.
REDRAW = 0.1


class Step:
    """One step while it runs. Its text can be changed until it ends."""

    def __init__(self, report: Report, text: str) -> None:
        self.text = text
        self.skipped = False
        self._report = report

    def progress(self, detail: str) -> None:
        """Show what the step does now, on a line that is replaced later. Only on a terminal."""
        self._report.draw(f"{self.text}: {detail}")

    def pause(self) -> None:
        """Free the line for a question."""
        self._report.clear()

    def skip(self) -> None:
        """End without a line: the step had nothing to do."""
        self.skipped = True


class Report:
    """Writes steps to *stream*."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._drawn = 0.0

    @contextmanager
    def step(self, text: str) -> Iterator[Step]:
        """Run the body as one step. Its line is written when it ends, unless it raises an exception."""
        began = time.monotonic()
        step = Step(self, text)
        self.draw(text)
        try:
            yield step
        finally:
            self.clear()
        if not step.skipped:
            self._write(f"  ✓ {step.text}  {time.monotonic() - began:.1f}s\n")

    def note(self, text: str) -> None:
        """Write a line outside any step."""
        self.clear()
        self._write(f"    {text}\n")

    def draw(self, text: str) -> None:
        """Show *text* on a terminal's current line, until something else is written there."""
        if not self._terminal or time.monotonic() - self._drawn < REDRAW:
            return
        self._drawn = time.monotonic()
        width = shutil.get_terminal_size().columns - 5
        self._write(f"\r\033[K  … {text[:width]}")

    def clear(self) -> None:
        """Clear the line that `draw` has written on a terminal."""
        if self._terminal:
            self._drawn = 0.0
            self._write("\r\033[K")

    def _write(self, text: str) -> None:
        try:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                # The terminal does not use UTF-8.
                self._stream.write(text.encode("ascii", "replace").decode())
            self._stream.flush()
        except BrokenPipeError:
            # The reader has ended, as in `… | head`. The work continues without output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
