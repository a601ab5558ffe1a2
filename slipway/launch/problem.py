"""What stops the set-up, in words for the person who runs it."""

from __future__ import annotations


class SetupError(Exception):
    """A step cannot be done. The message is one sentence with the fix."""
