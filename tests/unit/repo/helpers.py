"""What the tests of the repository itself share."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

from slipway.operate.inventory import COLLECTIONS

ROOT = Path(__file__).resolve().parents[3]


def tracked_files() -> list[Path]:
    """Every file that git keeps, or would keep: what is there and not ignored."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    """A file's text; a file that is no text has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def make_targets() -> set[str]:
    """Every target of the Makefile that has a line of help."""
    return set(re.findall(r"^([a-z0-9-]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE))


def yaml_of(path: Path) -> Any:
    """A YAML file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@contextmanager
def own_plugin_loader() -> Iterator[None]:
    """Undo what reading an inventory in this process does to the imports of other tests."""
    finder: Any = _AnsibleCollectionFinder
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == COLLECTIONS}
    try:
        yield
    finally:
        finder._remove()
        for name in [name for name in sys.modules if name.split(".")[0] == COLLECTIONS]:
            del sys.modules[name]
        sys.modules.update(before)
