"""Rules that AWS enforces and botocore's service model does not state, applied to requests.

The table is in the modules named `table_*`. It is data: it names operations, parameters and, where Terraform has the
same value, its argument, so that a plan can be checked by the same table.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]

#: The units of a value's size.
CHARACTERS, BYTES, DECODED, COMPACT, ENTRIES = "characters", "bytes", "decoded bytes", "compact JSON", "entries"


@dataclass(frozen=True)
class Rule:
    """One rule.

    A value breaks it if it does not match *pattern*, matches *refused*, is one of *reserved* (in any case), is shorter
    than *shortest* or longer than *longest* in *unit*, or is a number outside *low* to *high*. A structure breaks it if
    it has more than one of *together*.

    *path* names a parameter as botocore does: `IpPermissions[].IpRanges[].Description`. *when* names other parameters
    of the request with the values for which the rule holds. *message* may have `{value}`, `{last}` (the parameter's
    name) and the request's other parameters. *terraform* names arguments of the provider with the same value.
    *source* is outside this repository: a page of AWS's documentation by its title, an issue, or a rule of cfn-lint.
    """

    service: str
    operations: tuple[str, ...]
    path: str
    code: str
    message: str
    source: str
    pattern: str = ""
    refused: str = ""
    reserved: frozenset[str] = frozenset()
    shortest: int | None = None
    longest: int | None = None
    unit: str = CHARACTERS
    low: int | None = None
    high: int | None = None
    together: tuple[str, ...] = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    terraform: tuple[str, ...] = ()

    def breaks(self, value: Any) -> bool:
        """Whether *value* breaks the rule."""
        if self.together:
            return isinstance(value, Mapping) and sum(bool(value.get(each)) for each in self.together) > 1
        if isinstance(value, (int, float)):
            return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)
        if self.unit == ENTRIES:
            return self._wrong_size(len(value))
        text = value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")
        return bool(
            (self.pattern and not _compiled(self.pattern).fullmatch(text))
            or (self.refused and _compiled(self.refused).search(text))
            or text.lower() in self.reserved
            or self._wrong_size(size(text, self.unit))
        )

    def _wrong_size(self, found: int) -> bool:
        too_short = self.shortest is not None and found < self.shortest
        return too_short or (self.longest is not None and found > self.longest)


def refusal(rules: Sequence[Rule], parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    """AWS's error code and message for the first of *rules* that *parameters* violate, or None."""
    for rule in rules:
        if not all(parameters.get(name) in values for name, values in rule.when):
            continue
        for value in values_at(parameters, rule.path):
            if rule.breaks(value):
                words = {**parameters, "value": value, "last": rule.path.rpartition(".")[2]}
                return rule.code, rule.message.format_map(words)
    return None


def values_at(parameters: Any, path: str) -> Iterator[Any]:
    """The values at *path*: none if a part is missing, one for each entry of a list. An empty path means all."""
    if not path:
        yield parameters
        return
    first, _, rest = path.partition(".")
    name = first.removesuffix("[]")
    if not isinstance(parameters, Mapping) or parameters.get(name) is None:
        return
    for each in parameters[name] if first.endswith("[]") else [parameters[name]]:
        yield from values_at(each, rest)


def size(text: str, unit: str) -> int:
    """The size of *text* in *unit*."""
    if unit == BYTES:
        return len(text.encode())
    if unit == DECODED:
        try:
            return len(base64.b64decode(text))
        except (binascii.Error, ValueError):
            return len(text)
    if unit == COMPACT:
        # IAM does not count white space. A text that is not JSON is refused by another rule.
        try:
            return len(json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False))
        except ValueError:
            return 0
    return len(text)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
