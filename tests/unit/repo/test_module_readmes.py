"""Each Terraform module has a README that says what its code says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from slipway.house import module_readmes
from slipway.house.module_readmes import BEGIN, END, MODULES, ModuleError
from tests.unit.repo.helpers import text_of

CODE = """\
variable "hosts" {
  type = object({
    size  = string
    count = optional(number, 1)
  })
  description = "Hosts of \\"one\\" kind | or another."
  default     = { size = "t3.micro" }
  nullable    = false

  validation {
    condition     = var.hosts.count > 0
    error_message = "None."
  }
}

variable "name" {
  type        = string
  description = "Name."
}

output "id" {
  description = "Instance id."
  value       = aws_instance.this.id
}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    made = tmp_path / "clock"
    made.mkdir()
    (made / "main.tf").write_text(CODE, encoding="utf-8")
    (made / "README.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return made


def test_readmes_are_fresh() -> None:
    assert [path.parent.name for path in module_readmes.stale()] == [], "run `make docs`"


def test_the_tables_are_those_of_the_code(module: Path) -> None:
    text = module_readmes.render(module)
    assert (
        '| `hosts` | `object({ size = string, count = optional(number, 1) })` | `{ size = "t3.micro" }` '
        '| Hosts of "one" kind \\| or another. |'
    ) in text
    assert "| `name` | `string` | required | Name. |" in text
    assert "| `id` | Instance id. |" in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('  description = "Name."\n', "", 'variable "name" has no description'),
        ("  type        = string\n", "", 'variable "name" has no type'),
    ],
)
def test_a_declaration_without_words_is_named(module: Path, old: str, new: str, words: str) -> None:
    (module / "main.tf").write_text(CODE.replace(old, new), encoding="utf-8")
    with pytest.raises(ModuleError, match=words):
        module_readmes.render(module)


def test_a_module_without_readme_is_named(module: Path) -> None:
    (module / "README.md").unlink()
    with pytest.raises(ModuleError, match=r"README.md is missing"):
        module_readmes.render(module)


@pytest.mark.parametrize(
    "module", sorted(path for path in MODULES.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_the_example_gives_every_required_input_and_no_other(module: Path) -> None:
    text = text_of(module / "README.md")
    (example,) = re.findall(r"```hcl\n(.*?)```", text, re.DOTALL)
    given = set(re.findall(r"^  (\w+) += ", example, re.MULTILINE)) - {"source"}
    inputs = dict(re.findall(r"^\| `(\w+)` \| `.*?` \| (required|`)", text, re.MULTILINE))
    assert {name for name, default in inputs.items() if default == "required"} <= given <= set(inputs)
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", "-"], input=example, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
