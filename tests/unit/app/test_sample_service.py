"""The sample service fits what Slipway gives a service and asks of one. Its own tests are beside it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

from tests.unit.repo.helpers import ROOT, text_of, yaml_of

SERVICE = ROOT / "examples" / "app"
SOURCES = [SERVICE / "main.py", *sorted((SERVICE / "service").glob("*.py"))]
# What the service reads and nobody has to set.
OPTIONAL = {"GEMINI_MODEL", "TAVILY_BASE_URL", "GEMINI_BASE_URL"}
FROM_THE_USER = {"TAVILY_API_KEY", "GEMINI_API_KEY"}
FROM_SLIPWAY = {"DATABASE_URL", "S3_BUCKET", "SLIPWAY_RELEASE", "SLIPWAY_DRAIN_FILE"}


def read_variables() -> set[str]:
    """Every environment variable that the service's code names."""
    call = re.compile(r'(?:required|optional|api_key|environ\.get)\(\s*["\']([A-Z][A-Z0-9_]+)["\']')
    return {name for path in SOURCES for name in call.findall(text_of(path))}


def test_the_service_reads_what_it_is_given_and_nothing_else() -> None:
    assert read_variables() == OPTIONAL | FROM_THE_USER | FROM_SLIPWAY


def test_the_example_env_asks_for_what_the_user_has_to_give() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert {line.split("=")[0] for line in lines if line and not line.startswith("#")} == FROM_THE_USER


def test_slipway_gives_the_bucket_under_the_name_that_the_service_reads() -> None:
    assert "'S3_BUCKET'" in yaml_of(ROOT / "playbooks" / "vars" / "service.yml")["slipway_provided"]


def test_the_readme_names_every_variable_and_every_request() -> None:
    readme = (SERVICE / "README.md").read_text(encoding="utf-8")
    assert [name for name in read_variables() - {"SLIPWAY_RELEASE"} if f"`{name}`" not in readme] == []
    listing = "import json, main; print(json.dumps(sorted(main.app.openapi()['paths'])))"
    done = subprocess.run([sys.executable, "-c", listing], cwd=SERVICE, capture_output=True, text=True, check=True)
    paths = re.findall(r'"(/[^"]*)"', done.stdout)
    assert paths
    assert [path for path in paths if f" {path}" not in readme] == []


def test_its_imports_are_its_own_requirements() -> None:
    allowed = {"boto3", "botocore", "fastapi", "httpx", "psycopg", "pydantic", "service"} | sys.stdlib_module_names
    imported = {name for path in SOURCES for name in imports(ast.parse(text_of(path)))}
    assert imported <= allowed


def imports(tree: ast.Module) -> set[str]:
    """The top-level packages that a module imports."""
    statements = list(ast.walk(tree))
    plain = {alias.name for node in statements if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain} | {
        node.module.split(".")[0] for node in statements if isinstance(node, ast.ImportFrom) and node.module
    }
