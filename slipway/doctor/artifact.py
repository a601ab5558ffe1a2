"""What would go into the artifact, what would stay out of it, and whether the `.env` beside it can be stored."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive import Limits
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.package import Contents, PackageError, scan
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse, render
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.parameters import LIMITS

from slipway.doctor.finding import Finding

SAMPLES = (".env.example", ".env.sample", ".env.template")


def findings(directory: Path, application: str) -> list[Finding]:
    """How large the artifact is, and which files of secrets stay out of it."""
    try:
        contents = scan(directory, application)
    except PackageError as error:
        what, _, fix = str(error).partition("; ")
        return [Finding("artifact", "bad", what, fix)]
    return [_size(directory, contents), _secrets(contents)]


def _size(directory: Path, contents: Contents) -> Finding:
    size = sum((directory / path).stat().st_size for path in contents.files)
    folders = {parent for path in contents.files for parent in PurePosixPath(path).parents[:-1]}
    text = f"{len(contents.files)} files, {size / 2**20:.1f} MiB"
    limits = Limits()
    if size > limits.unpacked or len(contents.files) + len(folders) > limits.entries:
        allowed = f"hosts take {limits.entries} files and folders, and {limits.unpacked >> 20} MiB"
        return Finding("artifact", "bad", text, f"{allowed}: move data out of the directory, to S3 for instance")
    return Finding("artifact", "ok", text)


def _secrets(contents: Contents) -> Finding:
    names = [path for path in contents.left_out if path.rstrip("/").rpartition("/")[2].startswith(".env")]
    if names:
        return Finding("secrets", "ok", f"{', '.join(names)} would be left out", "store it: make env-push FILE=.env")
    return Finding("secrets", "ok", "no file that looks like one")


def dotenv(directory: Path) -> list[Finding]:
    """Whether `.env` can be stored, and whether an example follows the same grammar. No value is shown."""
    found = []
    for name in (".env", *SAMPLES):
        path = directory / name
        if not path.is_file():
            continue
        level = "bad" if name == ".env" else "note"
        try:
            values = parse(path.read_bytes())
        except DotenvError as error:
            found += [
                Finding(name, level, str(problem), "docs/dotenv.md has the grammar") for problem in error.problems
            ]
            continue
        size = len(render(values))
        if name == ".env" and size > LIMITS["Standard"]:
            found.append(
                Finding(
                    name, level, f"{size} bytes of variables", f"a parameter holds {LIMITS['Standard']}: shorten it"
                )
            )
        else:
            found.append(Finding(name, "ok", f"{len(values)} variables, {size} bytes"))
    return found or [Finding("dotenv", "ok", "no .env here; write one when the application needs keys")]
