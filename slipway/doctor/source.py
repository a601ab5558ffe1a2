"""Reads an application's Python files without running them, and finds its FastAPI object."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PREFERRED = ("main.py", "app.py", "app/main.py", "src/main.py", "api/main.py")
"""Where an application usually is, the best first."""
ASIDE = ("tests", "test", "docs", "examples", "migrations", "alembic")
"""Folders whose FastAPI objects are not the service."""
HELPER_DEPTH = 5
"""How many modules an object may be handed on through."""


@dataclass(frozen=True)
class Module:
    """One Python file. `name` is how it is imported from the application's directory."""

    path: str
    tree: ast.Module = field(repr=False)

    @property
    def name(self) -> str:
        """Its name with dots, a package by its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Local name -> (module, name in it) of each import, relative ones resolved; `import x` has no name in it."""
        found: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = (self._absolute(node), alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = (alias.name, "")
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.path.split("/")[: -node.level]
        return ".".join([*package, *([node.module] if node.module else [])])

    def assigned(self) -> Iterator[tuple[str, ast.expr]]:
        """Names of the module itself, and what they are set to."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign):
                yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                yield node.target.id, node.value


class Source:
    """All Python files of a directory that go into the artifact."""

    def __init__(self, directory: Path, files: Sequence[str]) -> None:
        self.modules: dict[str, Module] = {}
        self.unreadable: list[str] = []
        for path in files:
            if not path.endswith(".py"):
                continue
            try:
                module = Module(path, ast.parse((directory / path).read_bytes()))
            except (SyntaxError, ValueError):
                self.unreadable.append(path)
                continue
            self.modules[module.name] = module

    def applications(self) -> list[str]:
        """Every `module:name` that is a FastAPI object, the likeliest first."""
        found = [
            (self._rank(module, name), f"{module.name}:{name}")
            for module in self.modules.values()
            if not set(module.path.split("/")[:-1]) & set(ASIDE) and not Path(module.path).name.startswith("test_")
            for name in dict.fromkeys([*(name for name, _ in module.assigned()), *module.imports])
            if self._is_application(module, name)
        ]
        return [application for _, application in sorted(found)]

    def calls(self) -> Iterator[tuple[Module, ast.Call]]:
        """Every call in every file, with the file."""
        for module in self.modules.values():
            yield from ((module, node) for node in ast.walk(module.tree) if isinstance(node, ast.Call))

    @staticmethod
    def _rank(module: Module, name: str) -> tuple[int, int, bool, str]:
        place = PREFERRED.index(module.path) if module.path in PREFERRED else len(PREFERRED)
        return place, module.path.count("/"), name != "app", module.name

    def _is_application(self, module: Module, name: str, depth: int = HELPER_DEPTH) -> bool:
        for assigned, value in module.assigned():
            if assigned == name and self._makes(module, value, depth):
                return True
        origin = module.imports.get(name)
        other = self.modules.get(origin[0]) if origin else None
        return bool(
            depth and origin and other and other is not module and self._is_application(other, origin[1], depth - 1)
        )

    def _makes(self, module: Module, value: ast.expr, depth: int) -> bool:
        """Whether an expression is `FastAPI(…)`, or calls a function of the application that returns one."""
        if not isinstance(value, ast.Call):
            return False
        if _is_class(module, value.func, "FastAPI"):
            return True
        return bool(depth) and isinstance(value.func, ast.Name) and self._returns(module, value.func.id, depth - 1)

    def _returns(self, module: Module, function: str, depth: int) -> bool:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == function:
                return any(isinstance(part, ast.Call) and self._makes(module, part, depth) for part in ast.walk(node))
        origin = module.imports.get(function)
        other = self.modules.get(origin[0]) if origin else None
        return bool(depth and origin and other and self._returns(other, origin[1], depth - 1))

    def misplaced(self, name: str) -> tuple[list[str], str]:
        """First words of a module's imports that are found only from a folder below the directory, and that folder."""
        module = self.modules[name]
        tops = {other.split(".")[0] for other in self.modules}
        wanted = {
            node.module.split(".")[0]
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom) and node.module and not node.level
        } - tops
        folders = module.path.split("/")[:-1]
        for depth in range(len(folders), 0, -1):
            parents = folders[:depth]
            beside = {other.split(".")[depth] for other in self.modules if self._below(other, parents)}
            if wanted & beside:
                return sorted(wanted & beside), "/".join(parents)
        return [], ""

    @staticmethod
    def _below(name: str, parents: list[str]) -> bool:
        parts = name.split(".")
        return len(parts) > len(parents) and parts[: len(parents)] == parents


def _is_class(module: Module, function: ast.expr, name: str) -> bool:
    """Whether an expression is a class of fastapi, by whatever name it was imported."""
    if isinstance(function, ast.Name):
        return module.imports.get(function.id, ("", ""))[1] == name and "fastapi" in module.imports[function.id][0]
    return (
        isinstance(function, ast.Attribute)
        and function.attr == name
        and isinstance(function.value, ast.Name)
        and module.imports.get(function.value.id, ("", ""))[0] == "fastapi"
    )
