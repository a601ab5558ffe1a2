"""Every dependency is pinned, locked, explained and used."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import tomllib

from tests.unit.repo.helpers import ROOT, text_of, tracked_files, yaml_of

PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
SOURCES = {
    "Control node: Python packages": ROOT / "requirements.in",
    "Tests and linters": ROOT / "requirements-dev.in",
    "Hosts": ROOT / "roles" / "python" / "files" / "requirements.in",
    "Sample service": ROOT / "examples" / "app" / "requirements.in",
}
# Collections that are part of ansible-core itself.
BUILT_IN = {"ansible.builtin", "ansible.legacy"}
NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)", re.MULTILINE)
PIN = re.compile(r"^([\w.-]+)(?:\[\w+\])?==([^\s;]+)", re.MULTILINE)
COLLECTION = ROOT / "collections" / "ansible_collections" / "slipway" / "fastapi"
#: The first Python with the current ansible-core and the amazon.aws that requirements.yml names.
CURRENT = (3, 12)


def section(title: str) -> str:
    """The part of the page under the heading that starts so."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[
        [head.startswith(title) for head in re.split(r"^## ", PAGE, flags=re.M)].index(True)
    ]


def required(path: Path) -> set[str]:
    """The names in a requirements.in."""
    return set(NAME.findall(path.read_text(encoding="utf-8")))


def pinned_versions(path: Path) -> dict[str, set[str]]:
    """The versions of each package in a list or lock. Environment markers choose among several versions."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(path.read_text(encoding="utf-8")):
        found.setdefault(name.lower(), set()).add(version)
    return found


def locked_versions(source: Path) -> dict[str, set[str]]:
    """The versions of each package in the lock of a requirements.in."""
    return pinned_versions(source.with_suffix(".txt"))


def installed_collection(name: str) -> dict[str, Any]:
    """What the manifest of a collection says of it, as the locked package `ansible` has brought it."""
    spec = importlib.util.find_spec("ansible_collections")
    assert spec is not None
    assert spec.submodule_search_locations
    manifests = [Path(place, *name.split("."), "MANIFEST.json") for place in spec.submodule_search_locations]
    (found,) = [manifest for manifest in manifests if manifest.is_file()]
    info: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))["collection_info"]
    return info


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(map(int, version.split(".")))


@pytest.mark.parametrize("title", SOURCES)
def test_the_page_explains_what_is_required_and_nothing_else(title: str) -> None:
    rows = set(re.findall(r"^\| ([\w.-]+) \|", section(title), re.MULTILINE)) - {"Package"}
    assert rows == required(SOURCES[title])


def test_the_sandbox_alone_has_the_versions_of_the_control_node() -> None:
    """Its package is installed without the lock, so its own list has exact versions."""
    content = tomllib.loads(text_of(ROOT / "sandbox" / "pyproject.toml"))
    listed = {*content["project"]["dependencies"], *content["build-system"]["requires"]}
    lines = {*text_of(ROOT / "requirements.in").splitlines(), *text_of(ROOT / "requirements-dev.in").splitlines()}
    assert listed <= lines


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_lock_has_every_requirement_with_hashes(source: Path) -> None:
    lock = source.with_suffix(".txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", lock)
    pinned = [entry for entry in entries if re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==", entry)]
    assert all("--hash=sha256:" in entry for entry in pinned)
    names = {re.split(r"[\[=]", entry)[0] for entry in pinned}
    assert {name.lower() for name in required(source)} <= names


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_pins_and_lock_agree(source: Path) -> None:
    locked = locked_versions(source)
    for name, versions in pinned_versions(source).items():
        assert locked[name] == versions, name


@pytest.mark.parametrize("source", list(SOURCES.values())[:2], ids=list(SOURCES)[:2])
@pytest.mark.parametrize("package", ["ansible", "ansible-core"])
def test_one_lock_has_an_ansible_for_each_python(source: Path, package: str) -> None:
    lock = source.with_suffix(".txt").read_text(encoding="utf-8")
    found = dict(re.findall(rf"^{package}==([\d.]+) ; (.+?) \\$", lock, re.MULTILINE))
    if package in required(source) or found:
        old, new = sorted(found, key=numbers)
        assert (found[old], found[new]) == ("python_full_version < '3.12'", "python_full_version >= '3.12'")
        (head, older, newer) = re.findall(r"^\| (.+) \|$", section("The Ansible of each Python"), re.MULTILINE)
        column = head.split(" | ").index(package)
        assert (older.split(" | ")[column], newer.split(" | ")[column]) == (old, new)


def test_the_two_locks_of_the_control_node_agree() -> None:
    runtime = locked_versions(SOURCES["Control node: Python packages"])
    development = locked_versions(SOURCES["Tests and linters"])
    both = runtime.keys() & development.keys()
    assert {name: runtime[name] for name in both} == {name: development[name] for name in both}


def test_the_sample_service_is_tested_with_the_versions_that_it_ships() -> None:
    control = locked_versions(SOURCES["Control node: Python packages"]) | locked_versions(SOURCES["Tests and linters"])
    for name, versions in pinned_versions(SOURCES["Sample service"]).items():
        assert control[name] == versions, name


def test_collections_are_those_of_the_ansible_package() -> None:
    wanted = yaml_of(ROOT / "requirements.yml")["collections"]
    assert wanted
    for collection in wanted:
        installed = installed_collection(collection["name"])["version"]
        if sys.version_info >= CURRENT:
            assert installed == collection["version"]
        else:
            assert numbers(installed) < numbers(collection["version"])
        row = re.search(rf"^\| {collection['name']} (.+?) \|", PAGE, re.MULTILINE)
        assert row is not None
        assert installed in row[1].split(" or ")


def test_ansible_core_is_one_that_the_collection_claims() -> None:
    lowest = yaml_of(COLLECTION / "meta" / "runtime.yml")["requires_ansible"].removeprefix(">=")
    for version in locked_versions(SOURCES["Control node: Python packages"])["ansible-core"]:
        assert numbers(lowest) <= numbers(version)


def test_every_collection_that_is_used_is_pinned_and_every_pinned_one_used() -> None:
    pinned = {collection["name"] for collection in yaml_of(ROOT / "requirements.yml")["collections"]}
    yaml_files = [
        path for path in tracked_files() if path.suffix in {".yml", ".yaml"} and "changelogs" not in path.parts
    ]
    named = re.compile(r"^\s*(?:- )?(?:plugin: )?((?:amazon|ansible|community)\.[a-z]+)\.\w+:?", re.MULTILINE)
    used = {name for path in yaml_files for name in named.findall(text_of(path))} - BUILT_IN
    python_files = (path for path in tracked_files() if path.suffix == ".py" and "plugins" in path.parts)
    imported = re.compile(r"ansible_collections\.((?:amazon|ansible|community)\.[a-z]+)\.")
    used |= {name for path in python_files for name in imported.findall(text_of(path))}
    assert used == pinned


def test_the_collections_own_dependencies_take_the_pinned_and_the_installed_versions() -> None:
    dependencies = yaml_of(COLLECTION / "galaxy.yml")["dependencies"]
    pinned = {
        collection["name"]: collection["version"] for collection in yaml_of(ROOT / "requirements.yml")["collections"]
    }
    assert set(dependencies) <= set(pinned)
    for name, allowed in dependencies.items():
        bounds = re.fullmatch(r">=([\d.]+),<([\d.]+)", allowed)
        assert bounds is not None, f"{name}: {allowed} has no bounds"
        for version in (pinned[name], installed_collection(name)["version"]):
            assert numbers(bounds[1]) <= numbers(version) < numbers(bounds[2])


def test_the_provider_is_pinned_to_the_version_that_the_page_names() -> None:
    version = re.search(r"\| hashicorp/aws (\S+) \|", PAGE)
    assert version is not None
    for path in (path for path in tracked_files() if path.name == "terraform.tf"):
        for constraint in re.findall(r'source\s*=\s*"hashicorp/aws"\s*version\s*=\s*"([^"]+)"', text_of(path)):
            assert version[1] in constraint or constraint.startswith((">=", "~>")), f"{path}: {constraint}"
