"""Progress is for a person at a terminal, and programs see none of it."""

from __future__ import annotations

import io
import sys

import pytest

from slipway.operate.progress import waiting


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_text_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("Reading the inventory"), waiting("Asking"):
        pass
    assert "Reading the inventory" in terminal.getvalue()
    assert "Asking" not in terminal.getvalue()
    with waiting("Asking again"):
        pass
    assert "Asking again" in terminal.getvalue()


def test_a_pipe_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with waiting("Asking"):
        pass
    assert pipe.getvalue() == ""
