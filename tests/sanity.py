"""ansible-test's sanity tests of the built collection, in a copy of it that lies as ansible-test wants it.

Each sanity test counts as one test. All of them run; what is accepted of their errors, and why, is in `ACCEPTED`.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

from slipway.house import build_collection
from tests.counts import Counts, from_exit_code

TREE = Path("ansible_collections", "slipway", "fastapi")
#: What a host has in /opt/slipway/venv and a control node from requirements.txt. ansible-test gives a module neither.
PACKAGES = ("boto3", "botocore", "cryptography", "jmespath", "psycopg")
MISSING = rf"No module named '(?:{'|'.join(PACKAGES)})'"
#: Errors that are accepted, by test. Slipway has the licence Apache-2.0; the GPL is for Ansible's own collections.
ACCEPTED = {
    "import": re.compile(rf"ModuleNotFoundError: {MISSING}"),
    "validate-modules": re.compile(rf"missing-gplv3-license|import-error: .*{MISSING}"),
}
ERROR = re.compile(r"^ERROR: (?!Found \d)(.*)$", re.MULTILINE)
# ansible-test downloads pip's installer, by a name that holds pip's version, unless it is there. Python brings its own.
PIP_INSTALLER = "import ensurepip, sys\nsys.argv = sys.argv[:1]\nensurepip.bootstrap(upgrade=True)\n"
PIP_VERSION = re.compile(r"^\s*pip='([\d.]+)',$", re.MULTILINE)


def prepare(place: Path) -> Path:
    """Lay the collection, and amazon.aws beside it, in a folder, and return the collection's folder.

    What ansible-test has installed for itself in an earlier run stays.
    """
    shutil.rmtree(place / "ansible_collections", ignore_errors=True)
    build_collection.stage(place / TREE)
    amazon = Path("amazon", "aws")
    shutil.copytree(_installed("ansible_collections", amazon), place / "ansible_collections" / amazon)
    # ansible-test asks Git for the files, and the folder may lie in one that the repository ignores.
    subprocess.run(["git", "init", "--quiet", str(place / TREE)], check=True)
    cache = place / "home" / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    settings = _installed("ansible_test", Path("_internal", "python_requirements.py")).read_text(encoding="utf-8")
    for version in PIP_VERSION.findall(settings):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(PIP_INSTALLER, encoding="utf-8")
    return place / TREE


def command(*options: str) -> list[str]:
    """The command line of ansible-test for the Python that runs this."""
    tool = Path(sys.executable).with_name("ansible-test")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return [str(tool), "sanity", "--color", "no", "--python", version, *options]


def judged(name: str, code: int, output: str) -> Counts:
    """The result of one sanity test. One that fails passes all the same if it tells of accepted errors only."""
    errors = ERROR.findall(output)
    if errors and name in ACCEPTED and all(ACCEPTED[name].search(error) for error in errors):
        code = 0
    return from_exit_code(code)


def _installed(package: str, path: Path) -> Path:
    """A file or folder of an installed package. Raises RuntimeError if it is not there."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if (Path(folder) / path).exists():
            return Path(folder) / path
    raise RuntimeError(f"{package} has no {path}: run `make venv`")
