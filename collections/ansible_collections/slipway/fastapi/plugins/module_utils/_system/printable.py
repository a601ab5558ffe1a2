"""Text that a host has written, made fit for a terminal: it must not move the cursor, set titles or hide lines."""

from __future__ import annotations

LONGEST = 300
"""Characters of a host's words in a message."""


def line(text: str) -> str:
    """A line without characters that a terminal obeys or that nobody sees."""
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def printable(text: object, longest: int = LONGEST) -> str:
    """A text on one line, of bounded length."""
    whole = line(" ".join(str(text).split()))
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"
