"""The engine releases that RDS can make, from cfn-lint's copy of RDS's own list."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

import cfnlint.data.schemas.extensions.aws_rds_dbinstance as lists


def newest(engine: str, version: str) -> str:
    """The newest release of a major one. A version that is no bare major release, or an unknown one, stays as it is."""
    minors = [each for each in _creatable(engine) if each.startswith(f"{version}.") and each.count(".") == 1]
    plain = [each for each in minors if each.rpartition(".")[2].isdecimal()]
    return max(plain, key=lambda each: int(each.rpartition(".")[2]), default=version)


@functools.cache
def _creatable(engine: str) -> frozenset[str]:
    return frozenset(_listed("engine_version.json", engine)) - frozenset(
        _listed("engine_version_deprecated.json", engine)
    )


def _listed(name: str, engine: str) -> list[str]:
    """The releases that one of cfn-lint's lists has for an engine: the first list is of all, the other of the old."""
    content: dict[str, Any] = json.loads(resources.files(lists).joinpath(name).read_text(encoding="utf-8"))
    for entry in content["allOf"]:
        asked = entry["if"]["properties"]
        if asked["Engine"].get("const") == engine:
            then = entry["then"] if isinstance(entry["then"], dict) else {}
            version = then.get("properties", asked)["EngineVersion"]
            if "enum" in version:
                found: list[str] = version["enum"]
                return found
    return []
