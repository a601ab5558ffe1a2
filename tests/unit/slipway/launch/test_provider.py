"""Where Terraform takes its provider from."""

from __future__ import annotations

import io
import platform
from pathlib import Path

import pytest

from sandbox.report import Report
from slipway.launch import provider
from slipway.launch.problem import SetupError

VERSION = "5.100.0"
TARGET = "linux_amd64"
MODULE = 'required_providers {\n  aws = {\n    source  = "hashicorp/aws"\n    version = "5.100.0"\n  }\n}\n'


@pytest.fixture(autouse=True)
def _this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    # A test must not depend on what lies about on the machine it runs on.
    monkeypatch.setattr(provider, "STARTING_POINTS", ())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    stack = tmp_path / "checkout" / "terraform" / "stacks" / "ec2"
    stack.mkdir(parents=True)
    (stack / "terraform.tf").write_text(MODULE)
    return tmp_path / "checkout"


def mirror(folder: Path, version: str = VERSION, packed: bool = False) -> Path:
    """A mirror in *folder*, unpacked or packed."""
    place = folder / "registry.terraform.io" / "hashicorp" / "aws"
    if packed:
        place.mkdir(parents=True)
        (place / f"terraform-provider-aws_{version}_{TARGET}.zip").touch()
    else:
        (place / version / TARGET).mkdir(parents=True)
    return folder


def ensure(root: Path, **environment: str) -> tuple[Path, str, str]:
    """Run the step; the file, its text, and what a person saw."""
    output = io.StringIO()
    path = provider.ensure(root, Report(output), environment)
    return path, path.read_text(), output.getvalue()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("depth", [0, 1, provider.DEPTH])
def test_a_mirror_is_found_by_its_layout(tmp_path: Path, packed: bool, depth: int) -> None:
    place = tmp_path.joinpath(*"abcdefgh"[:depth])
    mirror(place, packed=packed)
    assert provider.find([tmp_path / "missing", tmp_path], VERSION) == place


@pytest.mark.parametrize("where", ["a/b/c/d/e", ".hidden", "node_modules"])
def test_the_search_has_bounds(tmp_path: Path, where: str) -> None:
    mirror(tmp_path / where)
    assert provider.find([tmp_path], VERSION) is None


def test_the_search_has_a_time_limit(tmp_path: Path) -> None:
    mirror(tmp_path)
    assert provider.find([tmp_path], VERSION, seconds=0) is None


def test_a_mirror_of_another_version_or_machine_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror(tmp_path)
    assert provider.find([tmp_path], "6.0.0") is None
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert provider.find([tmp_path], VERSION) is None


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "link").symlink_to(mirror(tmp_path / "elsewhere"))
    assert provider.find([tmp_path / "start"], VERSION) is None


def test_a_found_mirror_is_written_down(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = mirror(tmp_path / "mirrors" / 'od"d')
    monkeypatch.setattr(provider, "STARTING_POINTS", (tmp_path / "mirrors",))
    path, text, said = ensure(root)
    assert path == root / ".slipway" / "terraform.rc"
    assert 'od\\"d"' in text
    assert 'include = ["registry.terraform.io/hashicorp/aws"]' in text
    assert str(found) in said


def test_the_last_run_s_mirror_is_not_searched_again(root: Path, tmp_path: Path) -> None:
    found = mirror(tmp_path / "mirror")
    (root / ".slipway").mkdir()
    (root / ".slipway" / "terraform.rc").write_text(provider.filesystem(found))
    _, text, _ = ensure(root)
    assert str(found) in text


def test_without_a_mirror_the_registry_is_used(root: Path) -> None:
    _, text, said = ensure(root)
    assert "direct {}" in text
    assert "filesystem_mirror" not in text
    assert "registry.terraform.io" in said


def test_a_mirror_that_is_named_comes_first(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.rc"
    own.write_text("")
    named = mirror(tmp_path / "named")
    _, text, _ = ensure(root, SLIPWAY_PROVIDER_MIRROR=str(named), TF_CLI_CONFIG_FILE=str(own))
    assert str(named) in text


def test_a_mirror_behind_a_url(root: Path) -> None:
    _, text, _ = ensure(root, SLIPWAY_PROVIDER_MIRROR="https://mirror.example/terraform")
    assert 'url = "https://mirror.example/terraform/"' in text


def test_a_named_mirror_without_the_provider_is_an_error(root: Path, tmp_path: Path) -> None:
    mirror(tmp_path, version="4.0.0")
    with pytest.raises(SetupError, match=r"SLIPWAY_PROVIDER_MIRROR.*5\.100\.0.*unset it"):
        ensure(root, SLIPWAY_PROVIDER_MIRROR=str(tmp_path))


def test_the_operator_s_own_configuration_is_respected(root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.rc"
    own.write_text("# mine\n")
    path, text, _ = ensure(root, TF_CLI_CONFIG_FILE=str(own))
    assert (path, text) == (own, "# mine\n")
    assert not (root / ".slipway" / "terraform.rc").exists()


def test_a_configuration_that_does_not_exist_is_ignored_aloud(root: Path) -> None:
    path, _, said = ensure(root, TF_CLI_CONFIG_FILE="/nowhere/terraform.rc")
    assert path == root / ".slipway" / "terraform.rc"
    assert "/nowhere/terraform.rc, which cannot be read: ignored" in said


def test_what_cannot_be_looked_at_is_passed_over() -> None:
    # As a folder closed to this account, which a test that runs as root cannot have.
    strange = Path("/") / ("x" * 300)
    assert not provider.holds(strange, VERSION)
    assert provider.operators_file({"TF_CLI_CONFIG_FILE": str(strange)}) is None


@pytest.mark.parametrize(
    ("text", "respected"), [("provider_installation {}\n", True), ("disable_checkpoint = 1\n", False)]
)
def test_the_usual_file_counts_if_it_says_where_providers_come_from(
    root: Path, tmp_path: Path, text: str, respected: bool
) -> None:
    (tmp_path / ".terraformrc").write_text(text)
    path, _, _ = ensure(root, HOME=str(tmp_path))
    assert (path == tmp_path / ".terraformrc") == respected


def test_the_version_is_the_root_module_s() -> None:
    assert provider.required_version(MODULE) == VERSION
    with pytest.raises(SetupError, match="hashicorp/aws"):
        provider.required_version("terraform {}\n")
