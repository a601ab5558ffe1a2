"""Terraform on this machine: whether its version will do, and the pinned version where there is none."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.report import Report
from slipway.launch.problem import SetupError

#: At least the first, less than the second.
MINIMUM, LIMIT = (1, 11), (2, 0)
_ADVICE = "install Terraform 1.11 or newer, below 2 (developer.hashicorp.com/terraform/install)"

#: The version that is fetched, and the SHA-256 of its archives, from HashiCorp's Homebrew formula of that version.
VERSION = "1.11.4"
ARCHIVES = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
#: Environment variable: another place than HashiCorp's, as an https URL or a folder; below it `<version>/<archive>`.
MIRROR_VARIABLE = "SLIPWAY_TERRAFORM_MIRROR"
RELEASES = "https://releases.hashicorp.com/terraform"
#: Seconds without a byte, and bytes of an archive; the largest has 28 MB.
TIMEOUT_SECONDS, LARGEST = 30, 200_000_000
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def ensure(root: Path, report: Report, environment: Mapping[str, str]) -> None:
    """Have a Terraform on this process's PATH, if need be one in the checkout. Raises SetupError."""
    with report.step("Terraform") as step:
        if shutil.which("terraform") is None:
            folder = root / ".slipway" / "terraform" / VERSION
            if not os.access(folder / "terraform", os.X_OK):
                report.note(f"Terraform is not on PATH: version {VERSION} is fetched into {folder.relative_to(root)}")
                step.progress("fetching it")
                fetch(folder, environment)
            os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        step.text = f"Terraform {check()}"


def fetch(folder: Path, environment: Mapping[str, str]) -> None:
    """Put the pinned version into a folder, if the archive has the digest that is known. Raises SetupError."""
    target = f"{platform.system().lower()}_{_MACHINES.get(platform.machine().lower(), platform.machine())}"
    if target not in ARCHIVES:
        raise SetupError(f"Terraform is not on PATH, and none is known for {target}: {_ADVICE}")
    url = f"{_releases(environment)}/{VERSION}/terraform_{VERSION}_{target}.zip"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - https or a folder
            archive: bytes = answer.read(LARGEST)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise SetupError(
            f"Terraform {VERSION} cannot be fetched from {url} ({reason}): name a mirror with {MIRROR_VARIABLE}, "
            f"or {_ADVICE}"
        ) from error
    found = hashlib.sha256(archive).hexdigest()
    if found != ARCHIVES[target]:
        raise SetupError(
            f"{url} is not Terraform {VERSION}: its SHA-256 is {found}, expected is {ARCHIVES[target]}; "
            f"correct {MIRROR_VARIABLE}, or {_ADVICE}"
        )
    _unpack(archive, folder)


def check() -> str:
    """The version of the ``terraform`` on PATH. Raises SetupError if it is missing, broken or of another age."""
    program = shutil.which("terraform")
    if program is None:
        raise SetupError(f"Terraform is not on PATH: {_ADVICE}")
    # A TF_CLI_CONFIG_FILE that names a missing file would stop even this.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [program, "version", "-json"],
        env={**environment, "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        version: str = json.loads(done.stdout)["terraform_version"]
    except (ValueError, KeyError, TypeError):
        raise SetupError(f"{program} does not tell its version: {_ADVICE}") from None
    if not suits(version):
        raise SetupError(f"{program} is Terraform {version}: {_ADVICE}")
    return version


def suits(version: str) -> bool:
    """Whether Slipway works with that version."""
    found = re.match(r"(\d+)\.(\d+)\.", version)
    return found is not None and MINIMUM <= (int(found[1]), int(found[2])) < LIMIT


def _releases(environment: Mapping[str, str]) -> str:
    mirror = environment.get(MIRROR_VARIABLE) or RELEASES
    if mirror.startswith("https://"):
        return mirror.rstrip("/")
    folder = Path(mirror).expanduser()
    if not folder.is_dir():
        raise SetupError(
            f"{MIRROR_VARIABLE} is {mirror}, which is neither an https URL nor a folder: correct or unset it"
        )
    return folder.resolve().as_uri()


def _unpack(archive: bytes, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".terraform.{os.getpid()}"
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        draft.write_bytes(packed.read("terraform"))
    draft.chmod(0o755)
    draft.replace(folder / "terraform")
