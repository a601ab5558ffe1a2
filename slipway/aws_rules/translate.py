"""The translation of a plan to a CloudFormation template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.aws_rules import untranslated
from slipway.aws_rules.shapes import EMPTY, OMIT, Block, Shape, To, Type
from slipway.aws_rules.tables import TYPES

#: One resource of a plan's `resource_changes`, and a resource's schema in a plan's `provider_schemas`.
Change = Mapping[str, Any]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Missing:
    """A resource type (`argument` is empty) or an argument without a translation."""

    address: str
    type: str
    argument: str = ""


@dataclass
class Translation:
    """A template, and where its parts come from.

    `addresses` has the Terraform addresses by logical id and top-level property, and that of the resource itself by
    the empty property. `arguments` has Terraform's argument likewise.
    """

    template: dict[str, Any] = field(default_factory=lambda: {"Resources": {}})
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)
    arguments: dict[tuple[str, str], str] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The template's resources by logical id."""
        found: dict[str, dict[str, Any]] = self.template["Resources"]
        return found


def changed(changes: Iterable[Change]) -> list[Change]:
    """The resources that a plan makes or changes."""
    return [
        change
        for change in changes
        if change["mode"] == "managed" and {"create", "update"} & set(change["change"]["actions"])
    ]


def translate(changes: Iterable[Change], schemas: Mapping[str, Schema] | None = None) -> Translation:
    """Translate the resources that a plan makes or changes.

    With `schemas`, the provider's, what has no translation is named in `missing`. Without them it is left out.
    """
    result = Translation()
    parts = []
    for number, change in enumerate(changed(changes)):
        known = TYPES.get(change["type"])
        if known is None:
            if schemas is not None and change["type"] not in untranslated.TYPES:
                result.missing.append(Missing(change["address"], change["type"]))
            continue
        schema = None if schemas is None else schemas[change["type"]]["block"]
        reader = _Reader(change, number, schema, result.missing)
        properties = known.finish(reader.properties(known))
        if known.part_of is None:
            logical_id = f"Resource{len(result.resources)}"
            result.resources[logical_id] = {"Type": known.name, "Properties": properties}
            result.addresses[logical_id, ""] = change["address"]
            result.changes[logical_id] = change
            _remember(result, logical_id, change, known, properties)
        else:
            parts.append((change, known, properties))
    for change, known, properties in parts:
        _add_part(result, change, known, properties)
    return result


def _add_part(result: Translation, change: Change, known: Type, properties: dict[str, Any]) -> None:
    """Add the properties to the resource that `change` is a part of, or to a new one if the plan does not have it."""
    owner_type = known.part_of[0] if known.part_of else ""
    owners = (
        name
        for name, owner in result.changes.items()
        if owner["type"] == owner_type and _place(owner) == _place(change)
    )
    logical_id = next(owners, f"Resource{len(result.resources)}")
    if logical_id not in result.resources:
        result.resources[logical_id] = {"Type": known.name, "Properties": {}}
        result.addresses[logical_id, ""] = change["address"]
    result.resources[logical_id]["Properties"].update(properties)
    _remember(result, logical_id, change, known, properties)


def _place(change: Change) -> tuple[Any, Any]:
    """A part is written in the same module as its owner, and for the same key: its reference to it is not known yet."""
    return change.get("module_address"), change.get("index")


def _remember(result: Translation, logical_id: str, change: Change, known: Type, properties: Mapping[str, Any]) -> None:
    names = {rule.name: argument for argument, rule in known.shape.items()}
    for name in properties:
        result.addresses[logical_id, name] = change["address"]
        result.arguments[logical_id, name] = names.get(name, next(iter(known.shape)))


class _Reader:
    """Reads one resource's arguments."""

    def __init__(self, change: Change, number: int, schema: Schema | None, missing: list[Missing]) -> None:
        self._change = change
        self._number = number
        self._schema = schema
        self._missing = missing

    def properties(self, known: Type) -> dict[str, Any]:
        change = self._change["change"]
        after = dict(change["after"])
        unknown = dict(change.get("after_unknown", {}))
        if known.part_of:
            after.pop(known.part_of[1], None)
            unknown.pop(known.part_of[1], None)
        return self._block(known.shape, after, unknown, self._schema, "")

    def _block(self, shape: Shape, after: Any, unknown: Any, schema: Schema | None, path: str) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for name, value, is_unknown in _values(after, unknown):
            rule = shape.get(name)
            if rule is None:
                self._note(name, schema, path, is_unknown)
            elif is_unknown:
                if isinstance(rule, To) and rule.unknown:
                    properties[rule.name] = rule.unknown(self._number)
            elif isinstance(rule, To):
                _put(properties, rule.name, rule.convert(value))
            else:
                hidden = unknown.get(name, {}) if isinstance(unknown, Mapping) else {}
                inner = None if schema is None else _inner(schema, name)
                _put(properties, rule.name, self._nested(rule, value, hidden, inner, f"{path}{name}."))
        return properties

    def _nested(self, rule: Block, value: Any, unknown: Any, schema: Schema | None, path: str) -> Any:
        entries = value if isinstance(value, list) else [value]
        hidden = unknown if isinstance(unknown, list) else [unknown] * len(entries)
        built = [
            rule.build(self._block(rule.shape, each, hidden[index] if index < len(hidden) else {}, schema, path))
            for index, each in enumerate(entries)
        ]
        return built if rule.many else built[0]

    def _note(self, name: str, schema: Schema | None, path: str, is_unknown: bool) -> None:
        if schema is None or not _is_argument(schema, name, is_unknown):
            return
        type_name = self._change["type"]
        if untranslated.reason(type_name, path + name) is None:
            self._missing.append(Missing(self._change["address"], type_name, path + name))


def _values(after: Any, unknown: Any) -> Iterator[tuple[str, Any, bool]]:
    """Every argument that has a value: its name, the value, and whether it is not known yet."""
    unknown = unknown if isinstance(unknown, Mapping) else {}
    for name in sorted({*after, *unknown}):
        value = after.get(name)
        if unknown.get(name) is True:
            yield name, None, True
        elif not any(value is each or (value == each and not isinstance(value, (bool, int))) for each in EMPTY):
            yield name, value, False


def _put(properties: dict[str, Any], name: str, value: Any) -> None:
    if value is not OMIT:
        properties[name] = value


def _is_argument(schema: Schema, name: str, is_unknown: bool) -> bool:
    """Whether a person can set it, and did.

    What the provider computes is no argument. What may be either is unknown without having been set as well: that the
    code sets it is found in the code itself (tests/aws_rules/test_translation.py).
    """
    if name in schema.get("block_types", {}):
        return not is_unknown
    attribute = schema["attributes"][name]
    if is_unknown and attribute.get("computed"):
        return False
    return bool(attribute.get("optional") or attribute.get("required"))


def _inner(schema: Schema, name: str) -> Schema:
    """The schema of a nested block, in the words of a block's."""
    blocks = schema.get("block_types", {})
    if name in blocks:
        inner: Schema = blocks[name]["block"]
        return inner
    nested = schema["attributes"][name].get("nested_type", {})
    return {"attributes": nested.get("attributes", {})}
