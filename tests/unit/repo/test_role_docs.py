"""docs/roles.md tells what the roles' specifications say, no more and no less."""

from __future__ import annotations

from tests.unit.repo.helpers import ROOT, yaml_of
from tools import role_docs

SPECS = sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "roles.md").read_text(encoding="utf-8") == role_docs.page(), "write it anew with: make docs"


def test_every_role_and_every_variable_is_on_it() -> None:
    page = role_docs.page()
    roles = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    assert {path.parts[-3] for path in SPECS} == roles
    for spec in SPECS:
        assert f"## {spec.parts[-3]}\n" in page
        for name in yaml_of(spec)["argument_specs"]["main"].get("options", {}):
            assert f"| `{name}` |" in page


def test_a_required_variable_a_default_and_choices_are_told() -> None:
    spec = {
        "short_description": "A role",
        "options": {
            "a_name": {"type": "str", "required": True, "description": "A name, C(x|y)."},
            "a_list": {"type": "list", "elements": "str", "default": [], "description": ["One.", "Two."]},
            "a_choice": {"choices": ["b", "c"], "default": "b", "description": "Which."},
        },
    }
    lines = role_docs._section("sample", spec).splitlines()
    assert lines[2] == "A role."
    assert "| `a_name` | str | required | A name, `x\\|y`. |" in lines
    assert "| `a_list` | list of str | `[]` | One. Two. |" in lines
    assert "| `a_choice` | str | `b` | Which. One of `b`, `c`. |" in lines
