"""The tag schema is the only place for tags: Terraform, its modules and the documentation agree with it.

Each comparison is a function of texts, so that a planted fault shows that it finds one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import PATH, Tag, tag_schema

from tests.unit.repo.helpers import ROOT, text_of, tracked_files

TERRAFORM = ROOT / "terraform"
STACK = TERRAFORM / "stacks" / "ec2"
SCHEMA = tag_schema()
TAGS_TF = text_of(STACK / "tags.tf")
VARIABLES = "\n".join(text_of(path) for path in sorted(STACK.glob("variables*.tf")))
ARCHITECTURE = text_of(ROOT / "docs" / "architecture.md")

TAG_VALUES = re.compile(r"^  tag_values = \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
LITERAL = re.compile(r'"slipway:([a-z-]+)"')
#: Rules for names that AWS gives meaning to stand in the module that makes the resource, as variable and tag.
MODULE_RULES = {
    ("modules/database", "identifier"): "database",
    ("modules/storage", "buckets"): "content-bucket",
    ("state", "env"): "env",
}


def written(text: str) -> set[str]:
    """The tags that Terraform writes."""
    (block,) = TAG_VALUES.findall(text)
    return set(re.findall(r"^    ([a-z-]+)\s+=", block, re.MULTILINE))


def differences(text: str, names: Iterable[str]) -> dict[str, set[str]]:
    """The tags that only one side knows."""
    known = set(names)
    return {"not in the schema": written(text) - known, "not written": known - written(text)}


def variable_block(text: str, name: str) -> str:
    """The declaration of a variable."""
    (block,) = re.findall(rf'^variable "{name}" \{{\n(.*?)^\}}', text, re.MULTILINE | re.DOTALL)
    return str(block)


def unchecked(text: str, tags: Mapping[str, Tag]) -> set[str]:
    """The variables behind a tag that are free text and whose validation does not read the schema."""
    found = set()
    for name, tag in tags.items():
        for variable in tag.terraform:
            block = variable_block(text, variable)
            free = re.search(r"^  type\s+= (string|number)$", block, re.MULTILINE)
            if free and f"local.tag_rules.{name}." not in block and variable != "backend_artifact_bucket":
                found.add(variable)
    return found


def module_rules(text: str, variable: str) -> set[str]:
    """The patterns of whole values in a variable's validations."""
    return set(re.findall(r'regex\("\^([^|"]+)\$"', variable_block(text, variable)))


def without_names(pattern: str) -> str:
    """The content of the named group that encloses a pattern; Terraform's patterns have no such group."""
    return re.sub(r"^\(\?P<\w+>(.*)\)$", r"\1", pattern)


def rows(text: str) -> list[str]:
    """The lines of the documentation's table of tags."""
    return [line for line in text.splitlines() if line.startswith("| `slipway:")]


def row(tag: Tag) -> str:
    """The line that a tag has in the documentation."""
    behind = " ".join(f"`{name}`" for name in tag.terraform) or "none"
    return f"| `{tag.key}` | `{tag.variable}` | {behind} | `{tag.example}` |"


def test_terraform_writes_the_tags_of_the_schema() -> None:
    assert differences(TAGS_TF, SCHEMA.tags) == {"not in the schema": set(), "not written": set()}


def test_a_tag_that_the_schema_does_not_have_is_found() -> None:
    planted = TAGS_TF.replace("    role               =", "    colour             =")
    assert differences(planted, SCHEMA.tags) == {"not in the schema": {"colour"}, "not written": {"role"}}


def test_only_the_schemas_tags_are_named_in_the_code() -> None:
    folders = ("terraform/", "inventories/", "playbooks/", "roles/", "collections/")
    files = [path for path in tracked_files() if str(path.relative_to(ROOT)).startswith(folders)]
    named = {name: path for path in files for name in LITERAL.findall(text_of(path))}
    assert set(named) - set(SCHEMA.tags) == set()


def test_variables_behind_a_tag_are_checked_by_the_schemas_rule() -> None:
    assert unchecked(VARIABLES, SCHEMA.tags) == set()


def test_a_rule_of_its_own_is_found() -> None:
    planted = VARIABLES.replace("local.tag_rules.health-path.", "local.other_rules.")
    assert unchecked(planted, SCHEMA.tags) == {"health_path"}


def test_a_variable_that_is_not_declared_is_found() -> None:
    wrong = {"port": replace(SCHEMA.tags["port"], terraform=("port",))}
    with pytest.raises(ValueError, match="unpack"):
        unchecked(VARIABLES, wrong)


@pytest.mark.parametrize(("place", "name"), MODULE_RULES.items(), ids=str)
def test_a_modules_rule_is_the_schemas(place: tuple[str, str], name: str) -> None:
    folder, variable = place
    text = text_of(TERRAFORM / folder / "variables.tf")
    assert module_rules(text, variable) == {without_names(SCHEMA.tags[name].pattern)}
    planted = text.replace("[a-z0-9]", "[a-z0-9_]")
    assert module_rules(planted, variable) != {without_names(SCHEMA.tags[name].pattern)}


def test_only_the_stack_checks_the_port() -> None:
    """A rule that stands twice differs one day."""
    assert "validation" not in variable_block(text_of(TERRAFORM / "modules/security/variables.tf"), "backend_port")


def test_names_differ_by_their_prefix_alone() -> None:
    """From var-file to variable. The gap-fill document gave `backend_` and `_name`, and Terraform kept its names."""
    composed = {"database-parameter", "artifact", "content-bucket", "deployments-bucket", "role"}
    for name, tag in SCHEMA.tags.items():
        plain = name.replace("-", "_")
        assert (tag.key, tag.variable) == (f"slipway:{name}", f"slipway_{plain}")
        if name not in composed:
            assert tag.terraform in {(plain,), (f"backend_{plain}",), (f"{plain}_name",)}


def test_the_documentation_shows_the_schema() -> None:
    assert rows(ARCHITECTURE) == [row(tag) for tag in SCHEMA.tags.values()]


def test_every_reader_is_named_in_the_schema() -> None:
    places = re.findall(r"^#   (\S+/\S+)  ", text_of(PATH), re.MULTILINE)
    assert len(places) == 4
    collection = PATH.parents[2]
    assert [place for place in places if not (ROOT / place).exists() and not (collection / place).exists()] == []


def hops(text: str) -> list[tuple[str, str]]:
    """Place and line of each hop of a port in the documentation."""
    return re.findall(r"^\| \d \| `([^`]+)` \| `([^`]+)` \|$", text, re.MULTILINE)


def test_each_hop_of_a_port_has_its_line() -> None:
    found = hops(ARCHITECTURE)
    assert 4 < len(found) <= 8
    missing = []
    for place, line in found:
        path = ROOT / place
        files = [each for each in tracked_files() if each == path or path in each.parents]
        if not any(line in text_of(each) for each in files):
            missing.append(f"{place} has no line {line}")
    assert missing == []
