"""Writes the tables of inputs and outputs in each Terraform module's README from the module's code.

Text outside the two markers is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.launch.checkout import ROOT

MODULES = ROOT / "terraform" / "modules"
BEGIN = "<!-- inputs and outputs: written by `make docs` from variables.tf and outputs.tf -->"
END = "<!-- end of inputs and outputs -->"

BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
#: An argument of a block, whose value may go on over lines that are indented more.
ARGUMENT = re.compile(r"^  (\w+) *= (.*?)(?=^  [a-z#]|^\n|\Z)", re.MULTILINE | re.DOTALL)


class ModuleError(Exception):
    """A declaration lacks what its README must say."""


@dataclass(frozen=True)
class Declaration:
    """A variable or an output. `type` and `default` are HCL, and empty where there is none."""

    kind: str
    name: str
    description: str
    type: str = ""
    default: str = ""


def declarations(text: str) -> Iterator[Declaration]:
    """The variables and outputs of a file, in their order. Raises ModuleError."""
    for kind, name, body in BLOCK.findall(text):
        arguments = {key: one_line(value) for key, value in ARGUMENT.findall(body)}
        description = arguments.get("description", "")
        if not description.startswith('"'):
            raise ModuleError(f'{kind} "{name}" has no description in one line: give it one.')
        if kind == "variable" and "type" not in arguments:
            raise ModuleError(f'variable "{name}" has no type: give it one.')
        yield Declaration(
            kind,
            name,
            description[1:-1].replace('\\"', '"'),
            arguments.get("type", ""),
            arguments.get("default", "") if kind == "variable" else "",
        )


def one_line(value: str) -> str:
    """A value of HCL in one line."""
    lines = [line.strip() for line in value.strip().splitlines()]
    text = lines[0]
    for before, line in zip(lines, lines[1:]):
        comma = "" if before.endswith(("{", "[", "(", ",")) or line.startswith(("}", "]", ")")) else ","
        text += f"{comma} {line}"
    return re.sub(r" +", " ", text)


def tables(module: Path) -> str:
    """The text between the markers. Raises ModuleError."""
    files = sorted(module.glob("*.tf"))
    found = [each for file in files for each in declarations(file.read_text(encoding="utf-8"))]
    inputs = [row(each) for each in found if each.kind == "variable"]
    outputs = [f"| `{each.name}` | {cell(each.description)} |" for each in found if each.kind == "output"]
    return "\n".join(
        [
            BEGIN,
            "",
            "## Inputs",
            "",
            "| input | type | default | meaning |",
            "|---|---|---|---|",
            *inputs,
            "",
            "## Outputs",
            "",
            "| output | meaning |",
            "|---|---|",
            *outputs,
            "",
            END,
        ]
    )


def row(variable: Declaration) -> str:
    """The line of a variable."""
    default = f"`{variable.default}`" if variable.default else "required"
    return f"| `{variable.name}` | `{variable.type}` | {default} | {cell(variable.description)} |"


def cell(text: str) -> str:
    """Text that ends no cell of a table, and that Markdown takes for no HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def render(module: Path) -> str:
    """The README that the module should have. Raises ModuleError if it has none with the markers."""
    file = module / "README.md"
    before, begin, rest = (file.read_text(encoding="utf-8") if file.exists() else "").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ModuleError(
            f"{file} is missing or lacks its markers: describe purpose and example, and add the lines\n{BEGIN}\n{END}"
        )
    return before + tables(module) + after


def stale() -> dict[Path, str]:
    """The READMEs that differ from what they should be, with what they should be. Raises ModuleError."""
    files = {module / "README.md": render(module) for module in sorted(MODULES.iterdir()) if module.is_dir()}
    return {file: text for file, text in files.items() if file.read_text(encoding="utf-8") != text}
