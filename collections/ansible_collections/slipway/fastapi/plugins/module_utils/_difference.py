"""The one object that says what differs: it decides `changed` and it makes the `diff`, in check mode and outside it."""

from __future__ import annotations

from typing import Any

_HIDDEN_BEFORE = "(a value, not shown)"
_HIDDEN_AFTER = "(another value, not shown)"


class Difference:
    """Collects what separates the present state from the wanted one, entry by entry.

    An entry that is `None` on one side does not exist there. Entries that are equal leave no trace, so an empty
    difference means that
    there is nothing to do.
    """

    def __init__(self, header: str = "") -> None:
        self._header = header
        self._before: dict[str, str] = {}
        self._after: dict[str, str] = {}

    @property
    def changed(self) -> bool:
        """True as soon as one entry differs."""
        return bool(self._before or self._after)

    def compare(self, entry: str, before: Any, after: Any) -> None:
        """Record `entry` when its two sides differ; both are shown as they are."""
        if before == after:
            return
        self._record(entry, before, after, str(before), str(after))

    def compare_secret(self, entry: str, before: str | None, after: str | None) -> None:
        """Record `entry` when its two sides differ, and show only that they do."""
        if before == after:
            return
        self._record(entry, before, after, _HIDDEN_BEFORE, _HIDDEN_AFTER if before is not None else _HIDDEN_BEFORE)

    def as_diff(self) -> dict[str, str]:
        """The difference in the form that Ansible prints with `--diff`."""
        return {
            "before_header": self._header,
            "after_header": self._header,
            "before": _lines(self._before),
            "after": _lines(self._after),
        }

    def _record(self, entry: str, before: Any, after: Any, shown_before: str, shown_after: str) -> None:
        if before is not None:
            self._before[entry] = shown_before
        if after is not None:
            self._after[entry] = shown_after


def _lines(entries: dict[str, str]) -> str:
    return "".join(f"{entry}: {entries[entry]}\n" for entry in sorted(entries))
