"""Which paths and ports an application names, as far as the text of its files tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from slipway.doctor.source import Module, Source

COMPUTED = "{computed}"
"""Stands for a part of a path that only running the application tells."""

Place = tuple[str, str]
"""Module and name of a router or application."""


def get_routes(source: Source) -> list[str]:
    """The paths of GET routes, with the prefixes of their routers."""
    edges = list(_inclusions(source))
    found: dict[str, None] = {}
    for module in source.modules.values():
        for router, path in _decorated(module):
            place = _place(module, router) or (module.name, "")
            for prefix in _prefixes(place, edges, ()):
                found[f"{prefix}{_own_prefix(source, place)}{path}" or "/"] = None
    return list(found)


def ports(source: Source) -> list[int]:
    """Ports that `uvicorn.run(…)` names."""
    values = (_keyword(call, "port") for _, call in source.calls() if _is_method(call.func, "run"))
    return sorted({value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, int)})


def description(source: Source) -> str:
    """Where FastAPI itself answers with the service's description; empty where it does not, or no text tells."""
    given = [value for _, call in source.calls() if (value := _keyword(call, "openapi_url"))]
    path = _text(given[0]) if given else "/openapi.json"
    return "" if COMPUTED in path else path


def _prefixes(place: Place, edges: list[tuple[Place, Place, str]], seen: tuple[Place, ...]) -> list[str]:
    """What stands before a router's own prefix: those of all routers above it. One that nothing includes has none."""
    above = [(parent, prefix) for child, parent, prefix in edges if child == place and parent not in seen]
    return [f"{outer}{prefix}" for parent, prefix in above for outer in _prefixes(parent, edges, (*seen, place))] or [
        ""
    ]


def _inclusions(source: Source) -> Iterator[tuple[Place, Place, str]]:
    """(router, the one that includes it, the prefix between them)."""
    for module, call in source.calls():
        if not _is_method(call.func, "include_router") or not call.args:
            continue
        child, parent = _place(module, call.args[0]), _place(module, call.func.value)
        if child and parent:
            yield child, parent, f"{_own_prefix(source, parent)}{_text(_keyword(call, 'prefix'))}"


def _own_prefix(source: Source, place: Place) -> str:
    """The prefix that a router was made with."""
    module = source.modules.get(place[0])
    values = dict(module.assigned()) if module else {}
    made = values.get(place[1])
    return _text(_keyword(made, "prefix")) if isinstance(made, ast.Call) else ""


def _place(module: Module, value: ast.expr) -> Place | None:
    """Where the object that `name` or `module.name` stands for is made."""
    if isinstance(value, ast.Name):
        origin = module.imports.get(value.id)
        return origin if origin and origin[1] else (module.name, value.id)
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        origin = module.imports.get(value.value.id)
        return (".".join(part for part in origin if part), value.attr) if origin else None
    return None


def _decorated(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """(router, path) of each `@router.get("path")`."""
    for node in ast.walk(module.tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and _is_method(mark.func, "get"):
                value = mark.args[0] if mark.args else _keyword(mark, "path")
                if value:
                    yield mark.func.value, _text(value)


def _is_method(function: ast.expr, name: str) -> TypeGuard[ast.Attribute]:
    return isinstance(function, ast.Attribute) and function.attr == name


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(value: ast.expr | None) -> str:
    """A text that is written out; nothing for `None`, and COMPUTED for all else."""
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return ""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else COMPUTED
