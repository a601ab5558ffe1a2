"""The files are as `.editorconfig` tells editors to write them."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomllib
from editorconfig import get_properties

from tests.unit.repo.helpers import ROOT, tracked_files, yaml_of

EVERYWHERE = {
    "charset": "utf-8",
    "end_of_line": "lf",
    "insert_final_newline": "true",
    "trim_trailing_whitespace": "true",
}


def faults(path: Path, content: bytes) -> list[str]:
    """What an editor that follows `.editorconfig` would write in another way."""
    wanted = get_properties(str(path))
    assert path.suffix == ".svg" or wanted.items() >= EVERYWHERE.items()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ["is not utf-8"]
    lines = text.split("\n")
    checks = {
        "has other line ends than LF": "\r" in text,
        "has no newline at its end": wanted["insert_final_newline"] == "true"
        and bool(text)
        and not text.endswith("\n"),
        "has spaces at the end of a line": wanted["trim_trailing_whitespace"] == "true"
        and any(line != line.rstrip() for line in lines),
        "is indented by tabs": wanted["indent_style"] != "tab" and any(line.startswith("\t") for line in lines),
    }
    return [fault for fault, found in checks.items() if found]


def test_every_file_is_as_editors_are_told() -> None:
    contents = {path: path.read_bytes() for path in tracked_files()}
    texts = {path: content for path, content in contents.items() if b"\0" not in content}
    found = {str(path.relative_to(ROOT)): faults(path, content) for path, content in texts.items()}
    assert {name: fault for name, fault in found.items() if fault} == {}


def test_lines_are_as_long_as_the_linters_allow() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["line-length"]
    yamllint = yaml_of(ROOT / ".yamllint")["rules"]["line-length"]["max"]
    lengths = {name: get_properties(str(ROOT / name))["max_line_length"] for name in ("a.py", "a.yml")}
    assert lengths == {"a.py": str(ruff), "a.yml": str(yamllint)}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a\r\n", "line ends"),
        (b"a", "newline"),
        (b"a \n", "spaces"),
        (b"\ta\n", "tabs"),
        (b"\xff\n", "utf-8"),
    ],
)
def test_a_planted_fault_is_found(content: bytes, fault: str) -> None:
    assert any(fault in said for said in faults(ROOT / "planted.py", content))
