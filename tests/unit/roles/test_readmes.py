"""The tables in the roles' READMEs say what the argument specs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.house import role_readmes


def test_readmes_are_fresh() -> None:
    assert list(role_readmes.stale()) == [], "run `python -m slipway.house.role_readmes`"


@pytest.fixture
def role(tmp_path: Path) -> Path:
    made = tmp_path / "clock"
    (made / "meta").mkdir(parents=True)
    (made / "meta" / "argument_specs.yml").write_text(
        """\
argument_specs:
  main:
    short_description: Keeps time.
    description: [Keeps time., Rings.]
    options:
      clock_zone: {type: str, default: UTC, description: Zone., choices: [UTC, CET]}
      clock_alarms:
        type: list
        elements: dict
        required: true
        description: [When, it rings.]
        options:
          hour: {type: int, default: 7, description: Hour | of day.}
""",
        encoding="utf-8",
    )
    return made


def test_a_new_readme_has_title_description_and_table(role: Path) -> None:
    lines = role_readmes.render(role).splitlines()
    assert lines[:3] == ["# clock", "", "Keeps time. Rings."]
    assert '| `clock_zone` | str | `"UTC"` | Zone. One of `UTC`, `CET`. |' in lines
    assert "| `clock_alarms` | list of dict | required | When it rings. |" in lines
    assert "| `clock_alarms.hour` | int | `7` | Hour \\| of day. |" in lines


def test_words_around_the_table_stay(role: Path) -> None:
    file = role / "README.md"
    file.write_text(f"before\n{role_readmes.BEGIN}\nold\n{role_readmes.END}\nafter\n", encoding="utf-8")
    text = role_readmes.render(role)
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    file.write_text(text, encoding="utf-8")
    assert role_readmes.render(role) == text


def test_a_readme_without_markers_gets_the_table_at_its_end(role: Path) -> None:
    (role / "README.md").write_text("# clock\n\nMine.\n", encoding="utf-8")
    assert role_readmes.render(role).startswith("# clock\n\nMine.\n\n## Variables\n\n" + role_readmes.BEGIN)
