"""Slipway's program: the commands behind the Makefile, and ``.venv/bin/slipway``, which offers the same by itself."""

from __future__ import annotations

import sys
from pathlib import Path

# Before anything else is imported: what follows may not even parse with an older Python.
if sys.version_info < (3, 11):
    sys.exit(
        "setup: Slipway needs Python 3.11 or newer and this is {}.{}: run it with a newer one, "
        "such as `make site PYTHON=python3.11`".format(*sys.version_info)
    )

# The only place that changes the import path. The program shares code with the collection, such as the checks of a
# request. It is not on the path of all Python in .venv, because Ansible would then find this collection in every run,
# also where another folder of collections is configured.
_COLLECTIONS = str(Path(__file__).resolve().parents[1] / "collections")
if _COLLECTIONS not in sys.path:
    sys.path.append(_COLLECTIONS)
