"""Writes the table of variables in each role's README from the role's argument specs.

Text outside the two markers is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from slipway.launch.checkout import ROOT

ROLES = ROOT / "roles"
BEGIN = "<!-- variables: written by `make docs` from meta/argument_specs.yml -->"
END = "<!-- end of variables -->"


def specification(role: Path) -> dict[str, Any]:
    """The argument spec of a role's entry point ``main``."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return dict(specs["argument_specs"]["main"])


def sentences(text: str | Sequence[str]) -> str:
    """A description, which may be one string or a list of them, as running text."""
    joined = " ".join([text] if isinstance(text, str) else text)
    # Ansible's markup for names, C(x) and O(x), is Markdown's for code.
    return re.sub(r"\b[A-Z]\(([^)]*)\)", r"`\1`", joined)


def type_of(option: dict[str, Any]) -> str:
    """An option's type as a reader says it: ``list of str``."""
    kind = str(option.get("type", "str"))
    return f"{kind} of {option['elements']}" if "elements" in option else kind


def default_of(option: dict[str, Any]) -> str:
    """An option's default as YAML would write it in one line; empty where there is none."""
    if option.get("required"):
        return "required"
    if "default" not in option:
        return ""
    return f"`{json.dumps(option['default'], ensure_ascii=False)}`"


def rows(options: dict[str, Any], parent: str = "") -> Iterator[str]:
    """A line for each option, and for each option inside it."""
    for name, option in options.items():
        text = sentences(option["description"]).replace("|", "\\|")
        if "choices" in option:
            text += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        yield f"| `{parent}{name}` | {type_of(option)} | {default_of(option)} | {text} |"
        yield from rows(option.get("options", {}), f"{parent}{name}.")


def table(spec: dict[str, Any]) -> str:
    """The table between the markers."""
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|", *rows(spec.get("options", {}))]
    return "\n".join([BEGIN, "", *lines, "", END])


def render(role: Path) -> str:
    """The README that the role should have."""
    spec, file = specification(role), role / "README.md"
    made = table(spec)
    if file.exists():
        before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        if begin and end:
            return before + made + after
        return f"{before.rstrip()}\n\n## Variables\n\n{made}\n"
    return (
        f"# {role.name}\n\n{sentences(spec.get('description', spec['short_description']))}\n\n## Variables\n\n{made}\n"
    )


def stale() -> dict[Path, str]:
    """The READMEs that differ from what they should be, with what they should be."""
    files = {role / "README.md": render(role) for role in sorted(ROLES.iterdir()) if (role / "meta").is_dir()}
    return {file: text for file, text in files.items() if not file.exists() or file.read_text("utf-8") != text}
