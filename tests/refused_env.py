"""Contents of .env files that are refused, and the line that the refusal names. ``%s`` stands for a secret value."""

from __future__ import annotations

REFUSED = {
    "no equals sign": (b"OK=1\nJUSTAWORD\n", "line 2"),
    "comment behind the value": (b"KEY=%s # note\n", "line 1"),
    "expansion": (b"KEY=${HOME}%s\n", "line 1"),
    "escape": (b"KEY=%s\\nmore\n", "line 1"),
    "quoted escape": (b'KEY="%s\\nmore"\n', "line 1"),
    "several lines": (b'KEY="-----BEGIN KEY-----\n%s\n-----END KEY-----"\n', "line 1"),
    "name with a hyphen": (b"MY-KEY=%s\n", "line 1"),
    "the same name twice": (b"KEY=%s\nKEY=%s\n", "line 2"),
    "not UTF-8": (b"KEY=caf\xe9%s\n", "line 1"),
    "NUL": (b"KEY=a\x00%s\n", "line 1"),
    "open quote": (b'KEY="%s\n', "line 1"),
}
