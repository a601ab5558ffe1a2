"""Text of a host, for a terminal."""

from __future__ import annotations

from ansible_collections.slipway.fastapi.plugins.module_utils._system.printable import LONGEST, line, printable


def test_what_a_terminal_obeys_is_replaced() -> None:
    assert line("a\x1b[2Jb\x9b0mc\u202ed") == "a\ufffd[2Jb\ufffd0mc\ufffdd"
    assert line("\x1b]0;title\x07") == "\ufffd]0;title\ufffd"


def test_what_people_write_stays() -> None:
    assert line("✓ Zürich, 東京 … ok") == "✓ Zürich, 東京 … ok"
    assert line("a\tb\u00a0c") == "a b c"


def test_a_message_is_one_line_of_bounded_length() -> None:
    assert printable("a\n\n  b\tc") == "a b c"
    assert len(printable("x" * 10_000)) == LONGEST
    assert printable({"a": 1}) == "{'a': 1}"
