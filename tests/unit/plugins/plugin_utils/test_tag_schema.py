"""The tag schema's reader: what a rule admits, and what a wrong schema gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils import _tag_schema
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import TagSchemaError, parse, tag_schema

TEXT = _tag_schema.PATH.read_text(encoding="utf-8")
TAGS = tag_schema().tags


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app", "ab"),
        ("app", "a-name-of-19-letter"),
        ("port", "1024"),
        ("port", "65535"),
        ("health-path", "/"),
        ("health-path", "/api/v1/health"),
        ("env-parameter", "/mlops/backend/env"),
        ("artifact", "s3://our.artifacts/app.zip"),
        ("env-required", "false"),
    ],
)
def test_a_valid_value_has_no_problem(name: str, value: str) -> None:
    assert TAGS[name].problem(value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("app", "a"),
        ("app", "a-name-of-20-letters"),
        ("app", "two--hyphens"),
        ("app", "App"),
        ("env", "dev-2"),
        ("port", "1023"),
        ("port", "65536"),
        ("port", "8000.0"),
        ("port", ""),
        ("health-path", "health"),
        ("health-path", "/a b"),
        ("health-path", "/../x"),
        ("health-path", "/" + "a" * 256),
        ("health-path", "/health\n"),
        ("env-parameter", "/a" * 16),
        ("artifact", "s3://ours/app.tar.gz"),
        ("artifact", "s3://ours//app.zip"),
        ("content-bucket", "with.dots"),
        ("env-required", "yes"),
    ],
)
def test_another_value_has_a_problem_that_says_the_rule(name: str, value: str) -> None:
    assert TAGS[name].problem(value) == f"is not {TAGS[name].expects}"


def test_expressions_of_the_inventory() -> None:
    assert TAGS["app"].expression == "ec2_tags['slipway:app']"
    assert TAGS["health-path"].expression == "ec2_tags['slipway:health-path'] | default('/health')"
    assert TAGS["artifact"].expression == "ec2_tags['slipway:artifact'] | default('')"
    assert TAGS["env-required"].expression == "ec2_tags['slipway:env-required'] | default('true') != 'false'"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    kind: parameter\n", "    kind: parametre\n", "env-parameter .*parametre"),
        ("    required: true\n", "    requird: true\n", "app .*requird"),
        ("    expects: true or false\n", "", "env-required .*expects"),
        ("    range: [1024, 65535]\n", "", "port .*pattern or a range"),
        ("    example: dev\n", "    example: dev-2\n", "example of the tag env .*2 to 10"),
    ],
)
def test_a_wrong_schema_names_its_entry(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(TagSchemaError, match=words):
        parse(TEXT.replace(old, new, 1))


def test_patterns_are_of_the_syntax_that_terraform_shares() -> None:
    """RE2 has no look-around, no back-reference and no possessive quantifier."""
    for tag in TAGS.values():
        assert not re.search(r"\(\?[=!<>][^P]|\(\?P=|\\\d|[*+?]\+", tag.pattern), tag.name
        # Terraform's regex() refuses a pattern with groups of both kinds.
        named, all_of_them = len(re.compile(tag.pattern).groupindex), re.compile(tag.pattern).groups
        assert named in {0, all_of_them}, tag.name


def test_the_schema_lies_beside_its_reader() -> None:
    assert Path(_tag_schema.__file__).with_name("tag_schema.yml") == _tag_schema.PATH
