"""A role's files as Ansible loads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.slipway.fastapi.plugins.filter.application import FilterModule


def read(file: Path) -> Any:
    """What a YAML file holds; None where there is no such file."""
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None


def variables_of(role: Path, names: Iterable[str]) -> dict[str, Any]:
    """The variables of those of a role's files that are there, the later winning. *names* are without `.yml`."""
    found: dict[str, Any] = {}
    for name in names:
        found |= _trusted(read(role / f"{name}.yml") or {})
    return found


def _trusted(value: Any) -> Any:
    """The value with its strings marked as templates, as Ansible marks what it loads from a role."""
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


def templar_of(variables: Mapping[str, Any]) -> Templar:
    """What renders templates of roles with these variables; an undefined name is fatal."""
    templar = Templar(loader=DataLoader(), variables=variables)
    # What Ansible finds in the collection itself, when a play runs.
    templar.environment.filters["slipway.fastapi.application"] = FilterModule().filters()["application"]
    return templar
