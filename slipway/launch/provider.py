"""Where Terraform takes the AWS provider from: a mirror on this machine, or the registry.

The answer is a configuration file for Terraform's command line, because a mirror may lie anywhere and Terraform itself
looks only in a few folders.
"""

from __future__ import annotations

import os
import platform
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.report import Report
from slipway.launch.problem import SetupError

MIRROR_VARIABLE = "SLIPWAY_PROVIDER_MIRROR"
CONFIG_VARIABLE = "TF_CLI_CONFIG_FILE"
REGISTRY = "registry.terraform.io"
ADDRESS = f"{REGISTRY}/hashicorp/aws"

#: How deep below a starting point, and how many seconds in all, a mirror is looked for.
DEPTH = 4
SECONDS = 3.0
#: Terraform's own folder for plugins is hidden, and hidden folders are not searched.
STARTING_POINTS = (
    Path("~/.terraform.d/plugins"),
    Path("/opt"),
    Path("/usr/local"),
    Path("/usr/share"),
    Path("/srv"),
    Path("/var/lib"),
    Path("~"),
)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "amd64": "amd64", "arm64": "arm64"}


def ensure(root: Path, report: Report, environment: Mapping[str, str]) -> Path:
    """Decide, write ``.slipway/terraform.rc`` if it is needed, and return the file that Terraform is to use.

    Raises SetupError if `SLIPWAY_PROVIDER_MIRROR` names no mirror that has the provider.
    """
    version = required_version((root / "terraform" / "stacks" / "ec2" / "terraform.tf").read_text())
    with report.step(f"AWS provider {version}") as step:
        own = root / ".slipway" / "terraform.rc"
        if mirror := environment.get(MIRROR_VARIABLE):
            step.text += f": from {mirror} ({MIRROR_VARIABLE})"
            return _write(own, _for_mirror(mirror, version))
        if theirs := operators_file(environment):
            step.text += f": as {theirs} says"
            return theirs
        if environment.get(CONFIG_VARIABLE):
            report.note(f"{CONFIG_VARIABLE} names {environment[CONFIG_VARIABLE]}, which cannot be read: ignored.")
        if found := _known(own, version) or find(STARTING_POINTS, version):
            step.text += f": from the mirror {found}"
            return _write(own, filesystem(found))
        step.text += f": from {REGISTRY}"
        return _write(own, registry(root / ".slipway" / "terraform-plugins"))


def required_version(text: str) -> str:
    """The provider's version that a root module asks for."""
    found = re.search(r'source\s*=\s*"hashicorp/aws"\s*version\s*=\s*"([\d.]+)"', text)
    if found is None:
        raise SetupError("terraform/stacks/ec2/terraform.tf names no version of hashicorp/aws")
    return found[1]


def operators_file(environment: Mapping[str, str]) -> Path | None:
    """A configuration of the operator's own that says where providers come from, or None."""
    named = environment.get(CONFIG_VARIABLE)
    if named:
        return None if _text(Path(named)) is None else Path(named)
    usual = Path(environment.get("HOME", "/nonexistent")) / ".terraformrc"
    return usual if "provider_installation" in (_text(usual) or "") else None


def _text(path: Path) -> str | None:
    """The text of a file, or None where there is none that this account may read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None


def holds(mirror: Path, version: str) -> bool:
    """Whether *mirror* has the provider for this machine, unpacked or packed."""
    target = f"linux_{_MACHINES.get(platform.machine(), platform.machine())}"
    provider = mirror / ADDRESS
    packed = provider / f"terraform-provider-aws_{version}_{target}.zip"
    # Not Path.is_dir(), which raises where a folder above is closed to this account.
    return os.path.isdir(provider / version / target) or os.path.isfile(packed)  # noqa: PTH112, PTH113


def find(starting_points: Iterable[Path], version: str, seconds: float = SECONDS) -> Path | None:
    """The first folder below one of the starting points that is a mirror with the provider, nearest first.

    Hidden folders, links and what cannot be read are passed over. Gives up after *seconds*.
    """
    deadline = time.monotonic() + seconds
    queue = deque((path.expanduser(), 0) for path in starting_points)
    while queue and time.monotonic() < deadline:
        folder, depth = queue.popleft()
        if holds(folder, version):
            return folder
        if depth < DEPTH:
            queue.extend((child, depth + 1) for child in _folders(folder))
    return None


def filesystem(mirror: Path) -> str:
    """Terraform's configuration for a mirror in the file system; other providers still come from their registry."""
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {_quoted(str(mirror))}\n    include = [{_quoted(ADDRESS)}]\n  }}\n"
        f"  direct {{\n    exclude = [{_quoted(ADDRESS)}]\n  }}\n"
        "}\n"
        "disable_checkpoint = true\n"
    )


def network(url: str) -> str:
    """Terraform's configuration for a mirror behind a URL."""
    return (
        "provider_installation {\n"
        f"  network_mirror {{\n    url = {_quoted(url if url.endswith('/') else url + '/')}\n  }}\n"
        "}\n"
        "disable_checkpoint = true\n"
    )


def registry(cache: Path) -> str:
    """Terraform's configuration for the registry. The cache saves a download for each environment."""
    cache.mkdir(parents=True, exist_ok=True)
    return (
        "provider_installation {\n  direct {}\n}\n"
        f"plugin_cache_dir   = {_quoted(str(cache))}\n"
        "disable_checkpoint = true\n"
    )


def _for_mirror(mirror: str, version: str) -> str:
    if mirror.startswith("https://"):
        return network(mirror)
    folder = Path(mirror).expanduser()
    if not holds(folder, version):
        raise SetupError(
            f"{MIRROR_VARIABLE} is {mirror}, which has no {ADDRESS}/{version} for this machine: "
            "correct it, or unset it to use the registry"
        )
    return filesystem(folder.resolve())


def _known(own: Path, version: str) -> Path | None:
    """The mirror that the last run found, if it is still one."""
    if not own.is_file():
        return None
    found = re.search(r'filesystem_mirror \{\s*path\s*=\s*"([^"\\]+)"', own.read_text())
    return Path(found[1]) if found and holds(Path(found[1]), version) else None


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [item.name for item in entries if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if not name.startswith(".") and name != "node_modules"]


def _quoted(text: str) -> str:
    """A string in Terraform's configuration language. `${` and `%{` would begin a template."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return f'"{escaped}"'


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text() != text:
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text)
        draft.replace(path)
    return path
