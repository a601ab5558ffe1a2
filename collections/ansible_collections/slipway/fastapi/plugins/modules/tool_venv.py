#!/usr/bin/python
"""Keep a virtual environment equal to a lock file.

Why no other module does this: ansible.builtin.pip with a requirements file always reports a change in check mode.
Outside check mode it changes the environment in place, so an interrupted run leaves half of it.
"""

from __future__ import annotations

DOCUMENTATION = r"""
module: tool_venv
short_description: Keep a virtual environment equal to a lock file
version_added: 0.1.0
author:
  - Slipway maintainers (@slipway)
description:
  - Compares the interpreter's version and the installed packages (their C(*.dist-info), and whether their files are
    whole) with a lock file that has a hash for each package.
  - On any difference a fresh environment is made beside the old one, filled with C(pip install --require-hashes) from
    wheels only, checked, and put in place by replacing the link O(path). Until then the old one stays in use, so an
    interrupted run loses nothing.
  - Needs only the standard library of the interpreter that runs the module.
options:
  path:
    description:
      - Where the environment is. It becomes a link to a directory of the same name with a suffix.
    type: path
    required: true
  requirements:
    description: Text of the lock file. Each package must have a version and a hash; markers are allowed.
    type: str
    required: true
  python:
    description: Interpreter that makes the environment.
    type: path
    default: /usr/bin/python3
  ca_bundle:
    description: CA certificates that pip trusts. The default is pip's own choice.
    type: path
attributes:
  check_mode:
    support: full
    description: The environment is read and compared; nothing is made. The interpreter may be missing, as on a host
      that has not been set up.
  diff_mode:
    support: full
    description: Shows interpreter and packages that differ.
  idempotent:
    support: full
    description: An environment that equals the lock is left alone.
"""

EXAMPLES = r"""
- name: Fill the environment with the locked packages
  slipway.fastapi.tool_venv:
    path: /opt/slipway/venv
    requirements: "{{ lookup('ansible.builtin.file', 'requirements.txt') }}"
"""

RETURN = r"""
path:
  description: Where the environment is.
  returned: success
  type: str
  sample: /opt/slipway/venv
python:
  description: Version of its interpreter; empty in check mode when there is no environment.
  returned: success
  type: str
  sample: "3.11"
packages:
  description: Name and version of each package that it has after the run. In check mode, that it has now.
  returned: success
  type: dict
  sample: {boto3: 1.42.97}
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.installed import (
    Environment,
    LockError,
    Pin,
    inspect,
    parse_lock,
)

SEEDS = ("pip", "setuptools", "wheel")
"""What `python -m venv` itself brings, which no lock names."""

MADE = ".made-"
"""What follows the link's name in the names of this module's directories, so that no other is ever taken for one."""

_LAST_LINES = 8


class VenvError(Exception):
    """The environment could not be made; the text says why and what to do."""


def compare(path: Path, present: Environment | None, python: str | None, leftovers: Sequence[Path]) -> Difference:
    """What separates the environment from the lock. `python` is the version of the interpreter that would make it."""
    difference = Difference(str(path))
    difference.compare("python", present.python if present else None, python or "(not installed yet)")
    if present:
        for name, version in present.wanted.items():
            difference.compare(name, present.packages.get(name), version)
        for name in sorted(set(present.packages) - set(present.wanted) - set(SEEDS)):
            difference.compare(name, present.packages[name], None)
    for leftover in leftovers:
        difference.compare(str(leftover), "left by an interrupted run", None)
    return difference


def version_of(python: str) -> str | None:
    """Version of an interpreter, such as `3.11`; None when it does not run."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        return subprocess.run([python, "-I", "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def siblings(path: Path) -> list[Path]:
    """The directories beside `path` that this module made for it and that are not in use."""
    used = path.resolve()
    return [entry for entry in sorted(path.parent.glob(f"{path.name}{MADE}*")) if entry.is_dir() and entry != used]


def build(path: Path, options: dict[str, Any], pins: Sequence[Pin]) -> Environment:
    """Make a fresh environment and put it in place.

    Raises VenvError or OSError, and leaves the old one as it was then.
    """
    fresh = Path(tempfile.mkdtemp(prefix=f"{path.name}{MADE}", dir=path.parent))
    try:
        fresh.chmod(0o755)
        _run([options["python"], "-m", "venv", str(fresh)], "on Debian and Ubuntu install the package python3-venv")
        lock = fresh / "requirements.txt"
        lock.write_text(options["requirements"], encoding="utf-8")
        trust = ["--cert", options["ca_bundle"]] if options["ca_bundle"] else []
        install = [
            str(fresh / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ]
        install += ["--require-hashes", "--only-binary", ":all:", *trust, "-r", str(lock)]
        _run(install, "check the lock file, and that the host reaches the package index")
        made = inspect(fresh, pins)
        if made is None or any(made.packages.get(name) != version for name, version in made.wanted.items()):
            raise VenvError(f"pip reported success, but {fresh} does not hold what the lock asks for; run again")
        _link(path, fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return made


def _link(path: Path, target: Path) -> None:
    """Point `path` at `target` in one step. A directory is moved away first: no rename replaces one by a link."""
    if path.is_dir() and not path.is_symlink():
        path.rename(tempfile.mkdtemp(prefix=f"{path.name}{MADE}", dir=path.parent))
    new = target / ".link"
    new.symlink_to(target.name)
    new.replace(path)


def _run(command: Sequence[str], fix: str) -> None:
    """Run a step quietly. Raises VenvError with the end of its output."""
    try:
        subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=True,
        )
    except subprocess.CalledProcessError as error:
        last = "\n".join(error.output.strip().splitlines()[-_LAST_LINES:])
        raise VenvError(f"`{' '.join(command[:4])} …` failed with code {error.returncode}; {fix}\n{last}") from error


def refuse(path: Path, ca_bundle: str | None, check_mode: bool) -> None:
    """Raise VenvError for what cannot become an environment. In check mode the CA bundle may not be installed yet."""
    if path.is_dir() and not path.is_symlink() and not (path / "pyvenv.cfg").is_file():
        raise VenvError(f"{path} is a directory and no virtual environment; remove it or choose another `path`")
    if ca_bundle and not check_mode and not Path(ca_bundle).is_file():
        raise VenvError(f"{ca_bundle} does not exist; install the package ca-certificates, or name another `ca_bundle`")


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Wait for any other run beside this one: a run whose controller was interrupted goes on on the host."""
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def converge(module: AnsibleModule, pins: Sequence[Pin], python: str | None) -> dict[str, Any]:
    """Compare, and outside check mode make equal. Raises VenvError or OSError."""
    path = Path(module.params["path"])
    present = inspect(path, pins) if path.is_symlink() else None
    difference = compare(path, present, python, siblings(path))
    if difference.changed and not module.check_mode:
        if compare(path, present, python, []).changed:
            present = build(path, module.params, pins)
        for leftover in siblings(path):
            shutil.rmtree(leftover, ignore_errors=True)
    return {
        "changed": difference.changed,
        "diff": difference.as_diff(),
        "path": str(path),
        "python": present.python if present else "",
        "packages": present.packages if present else {},
    }


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what the options say and return the result. Raises LockError, VenvError or OSError."""
    pins = parse_lock(module.params["requirements"])
    refuse(Path(module.params["path"]), module.params["ca_bundle"], module.check_mode)
    python = version_of(module.params["python"])
    if module.check_mode:
        return converge(module, pins, python)
    if python is None:
        raise VenvError(f"{module.params['python']} does not run; install Python, or name another one as `python`")
    with exclusive(Path(module.params["path"]).parent):
        return converge(module, pins, python)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "requirements": {"type": "str", "required": True},
            "python": {"type": "path", "default": "/usr/bin/python3"},
            "ca_bundle": {"type": "path"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except (LockError, VenvError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
