"""The tag schema, read from ``tag_schema.yml``: which tags a host may have, and what each value may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_name("tag_schema.yml")
#: AWS's limit for the value of a tag (EC2 User Guide, "Tag restrictions").
LONGEST_VALUE = 256
#: Marks a path that leads out of a folder. No valid value of any tag has it.
PARENT = ".."


class TagSchemaError(Exception):
    """The schema itself is wrong; the text names the entry."""


@dataclass(frozen=True)
class Tag:
    """One tag. The fields are described at the top of ``tag_schema.yml``."""

    name: str
    prefix: str
    description: str
    example: str
    expects: str
    pattern: str = ""
    length: tuple[int, int] = (1, LONGEST_VALUE)
    range: tuple[int, int] | None = None
    allowed_by: str = ""
    required: bool = False
    default: str | None = None
    type: str = "str"
    terraform: tuple[str, ...] = field(default=())

    @property
    def key(self) -> str:
        """The tag's key, such as ``slipway:health-path``."""
        return f"{self.prefix}{self.name}"

    @property
    def variable(self) -> str:
        """The host's variable, such as ``slipway_health_path``."""
        return re.sub(r"[:-]", "_", self.key)

    @property
    def expression(self) -> str:
        """The variable as the inventory computes it from an instance's tags.

        A required tag without a default makes no variable where it is absent, and the check says that it is missing.
        """
        tag = f"ec2_tags['{self.key}']"
        if self.type == "bool":
            return f"{tag} | default('{self.default}') != 'false'"
        if self.required and self.default is None:
            return tag
        return f"{tag} | default('{self.default or ''}')"

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def match(self, value: str) -> re.Match[str] | None:
        """Match a value against the pattern as a whole."""
        return self._compiled.fullmatch(value)

    def problem(self, value: str) -> str | None:
        """Why a value is not valid, as the end of a sentence that begins with it. None if it is valid."""
        shortest, longest = self.length
        valid = shortest <= len(value) <= longest and PARENT not in value
        if self.range:
            valid = valid and value.isascii() and value.isdecimal() and self.range[0] <= int(value) <= self.range[1]
        if self.pattern:
            valid = valid and self.match(value) is not None
        return None if valid else f"is not {self.expects}"


@dataclass(frozen=True)
class TagSchema:
    """All tags by name, and the facts of an instance that become variables."""

    tags: Mapping[str, Tag]
    facts: Mapping[str, str]

    @property
    def compose(self) -> dict[str, str]:
        """The option ``compose`` of the inventory: variable to expression."""
        return {**self.facts, **{tag.variable: tag.expression for tag in self.tags.values()}}


def parse(text: str) -> TagSchema:
    """Parse a schema.

    Raises:
        TagSchemaError: An entry has an unknown or no field, or an example that is not valid.
    """
    data = yaml.safe_load(text)
    tags = {name: _tag(name, data["prefix"], data["kinds"], entry) for name, entry in data["tags"].items()}
    return TagSchema(tags, dict(data["facts"]))


def _tag(name: str, prefix: str, kinds: Mapping[str, Mapping[str, Any]], entry: Mapping[str, Any]) -> Tag:
    fields = dict(entry)
    try:
        if kind := fields.pop("kind", None):
            fields = {**kinds[kind], **fields}
        fields.update({key: tuple(fields[key]) for key in ("length", "range", "terraform") if key in fields})
        tag = Tag(name=name, prefix=prefix, **fields)
    except (KeyError, TypeError) as error:
        raise TagSchemaError(f"The tag {name} in the tag schema: {error}") from error
    if not (tag.pattern or tag.range):
        raise TagSchemaError(f"The tag {name} in the tag schema has no rule: give it a pattern or a range")
    if problem := tag.problem(tag.example.replace("BUCKET", "bucket")):
        raise TagSchemaError(f"The example of the tag {name} in the tag schema {problem}")
    return tag


@lru_cache(maxsize=1)
def tag_schema() -> TagSchema:
    """Return the schema of this collection. Raises TagSchemaError or OSError."""
    return parse(PATH.read_text(encoding="utf-8"))
