"""Makes the archives and packages that the tests of releases are about."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

APPLICATION = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of files by name, which ends with a slash for a directory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zip_entry(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def zip_entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """An entry with a Unix mode, its file type included, and a fixed time."""
    info = zipfile.ZipInfo("placeholder", (2020, 1, 1, 0, 0, 0))
    info.filename = info.orig_filename = name
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def zipped_as(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A zip archive of exactly these entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        # Python warns of what is wanted here: one name twice.
        warnings.simplefilter("ignore", UserWarning)
        for info, content in entries:
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes | str], mode: str = "w:gz") -> bytes:
    """A tar archive of files by name."""
    entries = []
    for name, content in files.items():
        info = tarfile.TarInfo(name)
        entries.append((info, content.encode() if isinstance(content, str) else content))
    return tarred_as(*entries, mode=mode)


def tarred_as(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> bytes:
    """A tar archive of exactly these entries, whose size is that of their content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """An entry of a kind, with the target of a link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def wheel(name: str = "uvicorn", version: str = "1.0", code: str = "") -> tuple[str, bytes]:
    """The file name and the bytes of a pure Python wheel with one package and no dependencies."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": code,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    return f"{name}-{version}-py3-none-any.whl", zipped({**files, f"{about}/RECORD": record})


def application(**more: bytes | str) -> dict[str, bytes | str]:
    """The files of an application that needs no package index: it brings a uvicorn of its own as a wheel."""
    file, content = wheel()
    files: dict[str, bytes | str] = {"main.py": APPLICATION, "requirements.txt": "uvicorn\n", f"wheels/{file}": content}
    return {**files, **more}


def tree(top: Path) -> list[str]:
    """Every path below a directory."""
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*"))
