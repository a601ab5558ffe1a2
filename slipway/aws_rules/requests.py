"""The sandbox's table of what AWS enforces and no schema states, asked of a plan's arguments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.server.aws.requests.rules import Rule
from sandbox.server.aws.requests.table import RULES
from slipway.aws_rules.findings import Finding
from slipway.aws_rules.shapes import OMIT, Block, To
from slipway.aws_rules.tables import TYPES
from slipway.aws_rules.translate import Change


def check(changes: Sequence[Change]) -> list[Finding]:
    """What the table refuses."""
    return [finding for change in changes for finding in _refused(change)]


def _by_type() -> dict[str, list[tuple[Rule, str]]]:
    found: dict[str, list[tuple[Rule, str]]] = defaultdict(list)
    for rule in RULES:
        for argument in rule.terraform:
            type_name, _, path = argument.partition(".")
            found[type_name].append((rule, path))
    return dict(found)


_BY_TYPE = _by_type()


def _refused(change: Change) -> Iterator[Finding]:
    """What breaks a rule, each once: the table has a rule for every request that can carry a value."""
    parameters = _parameters(change)
    told = set()
    for rule, path in _BY_TYPE.get(change["type"], ()):
        if not all(parameters.get(name) in values for name, values in rule.when):
            continue
        name = rule.path.rpartition(".")[2]
        for value in _values(change["change"]["after"], path.split(".")):
            key = (path, repr(value), rule.message)
            if _is_sent(change["type"], path, value) and rule.breaks(value) and key not in told:
                told.add(key)
                words = defaultdict(lambda: "…", {**parameters, "value": value, "last": name})
                yield Finding(
                    rule=f"{rule.service} {rule.operations[0]} {rule.path}",
                    source=rule.source,
                    message=f"{rule.code}: {rule.message.format_map(words)}",
                    address=change["address"],
                    argument=path,
                    value=value,
                )


def _parameters(change: Change) -> dict[str, Any]:
    """The arguments by the names of the request's parameters, which are CloudFormation's properties as well."""
    translated = TYPES.get(change["type"])
    after = change["change"]["after"]
    if translated is None:
        return {}
    named = {rule.name: argument for argument, rule in translated.shape.items() if isinstance(rule, To)}
    return {name: after[argument] for name, argument in named.items() if after.get(argument) is not None}


def _is_sent(type_name: str, path: str, value: Any) -> bool:
    """Whether the request has the value: some arguments have one that means none."""
    translated = TYPES.get(type_name)
    rule: To | Block | None = None
    shape = translated.shape if translated else {}
    for name in path.split("."):
        rule = shape.get(name)
        shape = rule.shape if isinstance(rule, Block) else {}
    return not (isinstance(rule, To) and rule.convert(value) is OMIT)


def _values(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """The values at a dotted path: one for each entry of the blocks on the way, none where a part is not set."""
    if isinstance(value, list) and path:
        for each in value:
            yield from _values(each, path)
    elif not path:
        if value not in (None, ""):
            yield value
    elif isinstance(value, Mapping):
        yield from _values(value.get(path[0]), path[1:])
