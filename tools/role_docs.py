"""Writes docs/roles.md: every role's variables, from the argument specifications that Ansible checks them against."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "roles.md"
HEAD = """# The roles and their variables

Written by `make docs` from `roles/*/meta/argument_specs.yml`, which Ansible itself checks every run against. `required`
means that the variable has no default.
"""


def page() -> str:
    """Return the whole page."""
    specs = sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    return "\n".join([HEAD, *(_section(path.parent.parent.name, _main(path)) for path in specs)])


def _main(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]
    return loaded


def _section(role: str, spec: dict[str, Any]) -> str:
    lines = [f"## {role}", "", _sentence(spec.get("short_description", "")), ""]
    description = _text(spec.get("description", ""))
    if description:
        lines += [description, ""]
    options: dict[str, dict[str, Any]] = spec.get("options", {})
    if not options:
        return "\n".join([*lines, "It has no variables.", ""])
    lines += ["| Variable | Type | Default | What it is |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {_type(option)} | {_default(option)} | {_cell(option)} |" for name, option in options.items()
    ]
    return "\n".join([*lines, ""])


def _type(option: dict[str, Any]) -> str:
    kind: str = option.get("type", "str")
    return f"{kind} of {option['elements']}" if "elements" in option else kind


def _default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    default = option["default"]
    return f"`{default}`" if isinstance(default, str) and default else f"`{json.dumps(default)}`"


def _cell(option: dict[str, Any]) -> str:
    text = _text(option.get("description", ""))
    if "choices" in option:
        text += f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}."
    return text.replace("|", "\\|")


def _text(description: str | list[str]) -> str:
    paragraphs = [description] if isinstance(description, str) else description
    text = " ".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    # Ansible's markup for names, C(x) and O(x), is Markdown's for code.
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"`\1`", text)


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."


def main() -> None:
    """Write the page; with --check, fail when it is not what would be written."""
    parser = argparse.ArgumentParser(description="Write docs/roles.md from the roles' argument specifications.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/roles.md does not tell what the roles have. Write it anew with: make docs")


if __name__ == "__main__":
    main()
