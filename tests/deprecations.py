"""What the next ansible-core drops must not be used: its announcements fail the tests."""

from __future__ import annotations

import re

#: Shows the announcements, which ansible.cfg keeps from a user: they are for developers.
ENVIRONMENT = {"ANSIBLE_DEPRECATION_WARNINGS": "true"}

#: Parts of announcements that are accepted. Each is about code of others, and goes with the release that is named.
KNOWN = (
    # amazon.aws 10, when it reads an inventory; not in amazon.aws 11, which Python 3.12 and later get.
    "Passing `disable_lookups` to `template` is deprecated",
    # amazon.aws 11 says so each time it reads an inventory. Slipway's inventory uses the new variable.
    "The 'tags' host variable is deprecated.",
)

_ANNOUNCEMENT = re.compile(r"\[DEPRECATION WARNING\]: *(.+)")


def unknown(output: str) -> list[str]:
    """The announcements in what a command has printed that no line of KNOWN accepts, each once."""
    found = dict.fromkeys(text.strip() for text in _ANNOUNCEMENT.findall(output))
    return [text for text in found if not any(part in text for part in KNOWN)]
