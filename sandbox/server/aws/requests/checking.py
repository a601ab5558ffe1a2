"""Compares a request's parameters with the operation's input shape in botocore's service model, from AWS."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.utils import parse_timestamp

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "blob": (bytes,),
}


class Kind(Enum):
    """How a value violates the model."""

    REQUIRED = "required"
    TYPE = "type"
    ENUM = "enum"
    PATTERN = "pattern"
    SHORT = "short"
    LONG = "long"
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True)
class Violation:
    """One value that the model does not allow.

    *path* has the names of members, and the numbers of list entries from 1 on. *limit* is the model's: a number of
    characters, bytes or entries, a bound, a pattern or the values of an enumeration. *location* is where the value
    is sent: `header`, `uri`, `querystring`, or empty for the body.
    """

    kind: Kind
    path: tuple[str | int, ...]
    value: Any = None
    limit: Any = None
    type_name: str = "string"
    location: str = ""
    secret: bool = False


def violations(shape: Any, parameters: Mapping[str, Any]) -> list[Violation]:
    """Everything in *parameters* that *shape*, an operation's input shape, does not allow."""
    return list(_structure(shape, parameters, (), ""))


def _value(shape: Any, value: Any, path: tuple[str | int, ...], location: str) -> Iterator[Violation]:
    location = shape.serialization.get("location", location)
    secret = bool(shape.metadata.get("sensitive"))
    kind = shape.type_name

    def wrong(what: Kind, limit: Any = None) -> Violation:
        return Violation(what, path, value, limit, kind, location, secret)

    if not _fits(shape, value):
        yield wrong(Kind.TYPE)
        return
    if kind in ("integer", "long", "float", "double"):
        yield from _bounds(shape, value, Kind.LOW, Kind.HIGH, wrong)
    elif kind == "string":
        yield from _string(shape, value, wrong)
    elif kind == "blob":
        yield from _bounds(shape, len(value), Kind.SHORT, Kind.LONG, wrong)
    elif kind == "list":
        yield from _bounds(shape, len(value), Kind.SHORT, Kind.LONG, wrong)
        for number, each in enumerate(value, 1):
            yield from _value(shape.member, each, (*path, number), location)
    elif kind == "map":
        yield from _bounds(shape, len(value), Kind.SHORT, Kind.LONG, wrong)
        for name, each in value.items():
            yield from _value(shape.key, name, (*path, name), location)
            yield from _value(shape.value, each, (*path, name), location)
    elif kind == "structure":
        yield from _structure(shape, value, path, location)


def _structure(shape: Any, value: Mapping[str, Any], path: tuple[str | int, ...], location: str) -> Iterator[Violation]:
    if shape.is_document_type:
        return
    for name in shape.metadata.get("required", ()):
        if name not in value:
            member = shape.members[name]
            where = member.serialization.get("location", location)
            if shape.serialization.get("payload") == name:
                where = "payload"
            yield Violation(Kind.REQUIRED, (*path, name), None, None, member.type_name, where)
    for name, each in value.items():
        yield from _value(shape.members[name], each, (*path, name), location)


def _string(shape: Any, value: str, wrong: Any) -> Iterator[Violation]:
    yield from _bounds(shape, len(value), Kind.SHORT, Kind.LONG, wrong)
    if shape.enum and value not in shape.enum:
        yield wrong(Kind.ENUM, tuple(shape.enum))
    pattern = shape.metadata.get("pattern")
    # In AWS the whole value must match, as with Java's Matcher.matches.
    if pattern and (compiled := _compiled(pattern)) and not compiled.fullmatch(value):
        yield wrong(Kind.PATTERN, pattern)


def _bounds(shape: Any, size: float, low: Kind, high: Kind, wrong: Any) -> Iterator[Violation]:
    lowest, highest = shape.metadata.get("min"), shape.metadata.get("max")
    if lowest is not None and size < lowest:
        yield wrong(low, lowest)
    if highest is not None and size > highest:
        yield wrong(high, highest)


def _fits(shape: Any, value: Any) -> bool:
    if shape.type_name == "timestamp":
        return _is_timestamp(value)
    if isinstance(value, bool) and shape.type_name != "boolean":
        return False
    if shape.type_name == "structure" and shape.is_document_type:
        return True
    return isinstance(value, _PYTHON_TYPES.get(shape.type_name, (object,)))


def _is_timestamp(value: Any) -> bool:
    try:
        parse_timestamp(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    """A pattern of the model, in Java's syntax. None if Python cannot compile it: some contain surrogates."""
    try:
        return regex.compile(pattern)
    except regex.error:
        return None
