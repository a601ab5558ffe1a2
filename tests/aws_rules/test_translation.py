"""Nothing is left out unseen: what the code sets is translated, or listed with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.aws_rules import untranslated, versions
from slipway.aws_rules.shapes import Block, Shape
from slipway.aws_rules.tables import TYPES
from slipway.aws_rules.translate import translate
from tests.aws_rules.planning import Plans

TERRAFORM = Path(__file__).parents[2] / "terraform"
#: What Terraform itself reads of a resource.
META = frozenset({"count", "for_each", "depends_on", "lifecycle", "provider"})


def written(text: str) -> Iterator[tuple[str, str]]:
    """Every resource type of a file, and the dotted path of each argument that the file sets in it.

    `terraform fmt` gives each level two spaces, and each argument and block a line of its own.
    """
    for resource in re.finditer(r'^resource "(\w+)" "\w+" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        blocks: list[tuple[int, str]] = []
        inside_value = -1
        for line in resource[2].splitlines():
            indent = len(line) - len(line.lstrip())
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if inside_value >= 0:
                inside_value = -1 if indent <= inside_value else inside_value
                continue
            blocks = [each for each in blocks if each[0] < indent]
            if found := re.match(r'\s*(?:dynamic "(\w+)"|(\w+)) \{', line):
                blocks.append((indent, found[1] or found[2]))
            elif found := re.match(r"\s*(\w+)\s*=", line):
                path = [each for _, each in blocks if each != "content"]
                if not (path and path[0] in META) and not (found[1] == "for_each" and path):
                    yield resource[1], ".".join([*path, found[1]])
                if line.rstrip().endswith(("{", "[", "(")):
                    inside_value = indent


def known(shape: Shape, prefix: str = "") -> Iterator[str]:
    """The dotted paths of a shape's arguments."""
    for name, rule in shape.items():
        if isinstance(rule, Block):
            yield from known(rule.shape, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_argument_that_the_code_sets_is_translated_or_listed() -> None:
    """A reference to another resource is unknown in a plan, as is what nobody sets: only the code tells them apart."""
    missing = set()
    for path in TERRAFORM.rglob("*.tf"):
        if ".terraform" in path.parts:
            continue
        for type_name, argument in written(path.read_text(encoding="utf-8")):
            if argument in META or type_name in untranslated.TYPES:
                continue
            translated = TYPES.get(type_name)
            names = set() if translated is None else {*known(translated.shape), *(translated.part_of or ())[1:]}
            if argument not in names and untranslated.reason(type_name, argument) is None:
                missing.add(f"{type_name}.{argument} ({path.relative_to(TERRAFORM)})")
    assert missing == set()


def test_the_reader_of_the_code_sees_blocks_and_arguments() -> None:
    text = """
resource "aws_x" "this" {
  for_each = var.all

  plain = 1
  map = {
    inner = 2
  }

  block {
    nested = 3
  }

  dynamic "other" {
    for_each = []

    content {
      deep = 4
    }
  }

  lifecycle {
    ignore_changes = [plain]
  }
}
"""
    assert [argument for _, argument in written(text)] == ["for_each", "plain", "map", "block.nested", "other.deep"]


def test_the_list_of_exceptions_has_reasons_and_only_what_the_provider_has(plans: Plans) -> None:
    plans.changes("planted0")
    for (type_name, path), reason in untranslated.ARGUMENTS.items():
        assert len(reason.split()) > 3, (type_name, path)
        if type_name == "*":
            continue
        block = plans.schemas[type_name]["block"]
        *outer, last = path.split(".")
        for each in outer:
            block = block["block_types"][each]["block"]
        assert last in {*block.get("attributes", {}), *block.get("block_types", {})}, (type_name, path)
        assert last not in known(TYPES[type_name].shape), f"{type_name}.{path} is translated as well"
    for type_name, reason in untranslated.TYPES.items():
        assert len(reason.split()) > 3, type_name
        assert type_name in plans.schemas
        assert type_name not in TYPES


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"type": "aws_vpc", "after": {"cidr_block": "10.0.0.0/16", "ipv4_ipam_pool_id": "x"}}, "ipv4_ipam_pool_id"),
        ({"type": "aws_vpc", "after": {}, "after_unknown": {"ipv4_ipam_pool_id": True}}, "ipv4_ipam_pool_id"),
        (
            {"type": "aws_instance", "after": {"root_block_device": [{"throughput": 200}]}},
            "root_block_device.throughput",
        ),
        ({"type": "aws_eip", "after": {"domain": "vpc"}}, ""),
    ],
    ids=["set", "set by a reference", "in a block", "a whole type"],
)
def test_what_has_no_translation_is_named(change: dict[str, object], wanted: str, plans: Plans) -> None:
    plans.changes("planted0")
    after = {"actions": ["create"], "after": change["after"], "after_unknown": change.get("after_unknown", {})}
    found = translate(
        [{"mode": "managed", "address": "a.b", "type": change["type"], "change": after}], plans.schemas
    ).missing
    assert [(each.type, each.argument) for each in found] == [(change["type"], wanted)]


def test_a_bare_major_release_stands_for_its_newest_minor_one() -> None:
    major, _, minor = versions.newest("postgres", "16").partition(".")
    assert (major, int(minor) >= 10) == ("16", True)
    assert versions.newest("postgres", "16.1") == "16.1"
    assert versions.newest("postgres", "99") == "99"
    assert versions.newest("no-such-engine", "1") == "1"
