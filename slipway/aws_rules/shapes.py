"""How one argument of a Terraform resource becomes properties of CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What Terraform's plan has for an argument that nobody set.
EMPTY: tuple[Any, ...] = (None, "", [], {})


class _Omit:
    """The mark of a property that is left out."""


OMIT = _Omit()


@dataclass(frozen=True)
class To:
    """An argument that is the property `name`.

    `convert` turns Terraform's value into CloudFormation's, or into OMIT. `unknown` makes a value in place of one that
    AWS gives only when the plan is applied, such as an id. Without it the property is left out then.
    """

    name: str
    convert: Callable[[Any], Any] = lambda value: value
    unknown: Callable[[int], Any] | None = None


@dataclass(frozen=True)
class Block:
    """A nested block that is the property `name`: one object, or a list of them where `many` is set.

    `build` turns the properties of the block into those of CloudFormation, where the two differ in form.
    """

    name: str
    shape: Shape
    many: bool = False
    build: Callable[[dict[str, Any]], Any] = lambda properties: properties


Shape = Mapping[str, "To | Block"]


@dataclass(frozen=True)
class Type:
    """A Terraform resource type: CloudFormation's name of it, and its arguments.

    `part_of` is the Terraform type whose resource gets the properties, and the argument that names it: CloudFormation
    has no resource of its own for, say, a bucket's versioning. `finish` completes the properties.
    """

    name: str
    shape: Shape
    part_of: tuple[str, str] | None = None
    finish: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda properties: properties)


def unless_zero(value: float) -> Any:
    """Zero is the provider's word for nothing in some arguments, and is not sent."""
    return value or OMIT


def tags(value: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in CloudFormation's form."""
    return [{"Key": key, "Value": each} for key, each in sorted(value.items())]


#: `tags_all` holds the resource's own tags and those of the provider's `default_tags`: what AWS is asked for.
TAGS = To("Tags", tags)
