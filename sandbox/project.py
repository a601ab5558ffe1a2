"""The project file ``sandbox.toml``: the stub services and the IAM policies that a project adds to its sandbox.

The sandbox knows no project. It reads this file from the folder that contains the package, as in a checkout, or from
the working directory or a folder above it. Without a file there are no stubs and no policies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

FILE_NAME = "sandbox.toml"

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_HOSTNAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class ProjectError(ValueError):
    """The project file is wrong. The message names the file, the setting and the fix."""


@dataclass(frozen=True)
class Key:
    """How an API key of a stub is made: *prefix*, followed by *length* random letters and digits."""

    #: The variable that holds the key in ``app.env``.
    variable: str
    prefix: str = ""
    length: int = 32


@dataclass(frozen=True)
class Stub:
    """A stub of an outside service."""

    #: The service's name in ``python -m sandbox fault add NAME``.
    name: str
    #: The host name that the sandbox serves with TLS.
    hostname: str
    #: A Python file with a function ``create(key: str) -> Handler`` (see ``sandbox.stub_api``).
    handler: Path
    #: None: the service needs no key, and ``create`` gets an empty one.
    key: Key | None = None


@dataclass(frozen=True)
class Policy:
    """A customer managed IAM policy. *document* is a JSON file."""

    name: str
    document: Path


@dataclass(frozen=True)
class Project:
    """What a project adds. *root* is the folder of its file; the sandbox keeps its state there."""

    root: Path
    stubs: tuple[Stub, ...] = ()
    policies: tuple[Policy, ...] = ()


def find() -> Project:
    """Read the project file of the checkout, or else of the working directory. Raises ProjectError for a wrong file."""
    here = Path.cwd()
    for folder in (Path(__file__).resolve().parent.parent, here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return load(folder)
    return Project(here)


def load(root: Path) -> Project:
    """Read the project file in the folder *root*. Raises ProjectError if the file is missing or wrong."""
    path = root / FILE_NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProjectError(f"{path} cannot be read: {error}") from error
    _refuse_unknown(content, {"stub", "policy"}, path, "the file")
    stubs = tuple(_stub(each, root) for each in _tables(content, "stub", path))
    policies = tuple(_policy(each, root) for each in _tables(content, "policy", path))
    for what, values in (
        ("name", [stub.name for stub in stubs]),
        ("hostname", [stub.hostname for stub in stubs]),
        ("variable", [stub.key.variable for stub in stubs if stub.key]),
        ("name", [policy.name for policy in policies]),
    ):
        for value in {each for each in values if values.count(each) > 1}:
            raise ProjectError(f"{path}: the {what} {value} occurs twice: give each its own")
    return Project(root, stubs, policies)


def _stub(table: Mapping[str, Any], root: Path) -> Stub:
    path = root / FILE_NAME
    what = f"stub {table.get('name', '')!r}"
    _refuse_unknown(table, {"name", "hostname", "handler", "key"}, path, what)
    return Stub(
        _text(table, "name", path, what, _NAME),
        _text(table, "hostname", path, what, _HOSTNAME),
        _file(table, "handler", root, what),
        _key(table["key"], path, f"key of {what}") if "key" in table else None,
    )


def _key(table: Any, path: Path, what: str) -> Key:
    if not isinstance(table, Mapping):
        raise ProjectError(f'{path}: {what} must be a table, such as {{ variable = "API_KEY" }}')
    _refuse_unknown(table, {"variable", "prefix", "length"}, path, what)
    length = table.get("length", Key.length)
    if not isinstance(length, int) or not 16 <= length <= 256:
        raise ProjectError(f"{path}: length of {what} must be a number from 16 to 256")
    prefix = table.get("prefix", "")
    if not isinstance(prefix, str) or not re.fullmatch(r"[\w.-]*", prefix):
        raise ProjectError(f"{path}: prefix of {what} must consist of letters, digits and _ . -")
    return Key(_text(table, "variable", path, what, _VARIABLE), prefix, length)


def _policy(table: Mapping[str, Any], root: Path) -> Policy:
    what = f"policy {table.get('name', '')!r}"
    _refuse_unknown(table, {"name", "document"}, root / FILE_NAME, what)
    name = _text(table, "name", root / FILE_NAME, what, re.compile(r"[\w+=,.@-]{1,128}"))
    return Policy(name, _file(table, "document", root, what))


def _tables(content: Mapping[str, Any], name: str, path: Path) -> list[Mapping[str, Any]]:
    found = content.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ProjectError(f"{path}: write each {name} as [[{name}]]")
    return found


def _text(table: Mapping[str, Any], setting: str, path: Path, what: str, pattern: re.Pattern[str]) -> str:
    value = table.get(setting)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ProjectError(f"{path}: {setting} of {what} must be a text that matches {pattern.pattern}")
    return value


def _file(table: Mapping[str, Any], setting: str, root: Path, what: str) -> Path:
    value = table.get(setting)
    if not isinstance(value, str) or not (root / value).is_file():
        raise ProjectError(f"{root / FILE_NAME}: {setting} of {what} must name a file below {root}")
    return root / value


def _refuse_unknown(table: Mapping[str, Any], known: set[str], path: Path, what: str) -> None:
    if unknown := sorted(set(table) - known):
        raise ProjectError(f"{path}: {what} has no setting {unknown[0]!r}: choose from {', '.join(sorted(known))}")
