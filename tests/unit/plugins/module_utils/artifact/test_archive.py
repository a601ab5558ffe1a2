"""Archives, good ones and each hostile kind: judged whole, and nothing written of those that are refused."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive import (
    ArchiveError,
    Limits,
    inspect,
    require_module,
    unpack,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_readers import LARGEST_TAR_HEADER

from tests.unit.plugins.artifacts import tar_entry, tarred, tarred_as, tree, zip_entry, zipped, zipped_as

FILES: dict[str, bytes | str] = {"main.py": "app = 1\n", "pkg/__init__.py": "", "pkg/data.bin": bytes(range(256)) * 40}
MAIN = (zip_entry("main.py"), b"app = 1\n")
TAR_MAIN = (tar_entry("main.py"), b"app = 1\n")
DIRECTORY = 0o040755


def save(folder: Path, content: bytes) -> Path:
    path = folder / "artifact"
    path.write_bytes(content)
    return path


def refusal(folder: Path, content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArchiveError) as refused:
        inspect(save(folder, content), limits or Limits())
    message = str(refused.value)
    assert "\n" not in message
    assert ": " in message, "a refusal names the fix after a colon"
    return message


@pytest.mark.parametrize(
    "content",
    [zipped(FILES), tarred(FILES), tarred(FILES, "w"), tarred({f"./{name}": data for name, data in FILES.items()})],
    ids=["zip", "tar.gz", "tar", "tar of a dot"],
)
def test_a_good_archive_is_unpacked_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = save(tmp_path, content)
    contents = inspect(path, Limits())
    assert contents.files == set(FILES)
    assert contents.directories == {"pkg"}
    assert contents.size == sum(len(data) for data in FILES.values())
    digests = unpack(path, tmp_path / "code", Limits())
    assert tree(tmp_path / "code") == ["main.py", "pkg", "pkg/__init__.py", "pkg/data.bin"]
    for name, data in FILES.items():
        raw = data.encode() if isinstance(data, str) else data
        assert (tmp_path / "code" / name).read_bytes() == raw
        assert digests[name] == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_of_an_entrys_mode_only_execution_is_kept(tmp_path: Path, kind: str) -> None:
    if kind == "zip":
        content = zipped_as(
            (zip_entry("run", 0o104777), b"#!"),
            (zip_entry("main.py", 0o100666), b""),
            (zip_entry("d/", DIRECTORY), b""),
        )
    else:
        content = tarred_as(
            (tar_entry("run", mode=0o4777), b"#!"),
            (tar_entry("main.py", mode=0o666), b""),
            (tar_entry("d", tarfile.DIRTYPE, mode=0o777), b""),
        )
    unpack(save(tmp_path, content), tmp_path / "code", Limits())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "code").iterdir()}
    assert modes == {"run": 0o755, "main.py": 0o644, "d": 0o755}


def zip_symlink() -> bytes:
    return zipped_as(MAIN, (zip_entry("link", stat.S_IFLNK | 0o777), b"/etc"))


def zip_encrypted() -> bytes:
    content = bytearray(zipped_as(MAIN))
    # The flag stands in the entry's own header and in the directory at the end.
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (zipped_as(MAIN, (zip_entry("../evil"), b"x")), "'../evil'"),
    "parent within": (zipped_as(MAIN, (zip_entry("pkg/../../evil"), b"x")), "'pkg/../../evil'"),
    "absolute": (zipped_as(MAIN, (zip_entry("/etc/cron.d/evil"), b"x")), "'/etc/cron.d/evil'"),
    "drive": (zipped_as(MAIN, (zip_entry("C:/evil"), b"x")), "'C:/evil'"),
    "backslash": (zipped_as(MAIN, (zip_entry("..\\evil"), b"x")), "backslash"),
    "control character": (zipped_as(MAIN, (zip_entry("a\nb"), b"x")), "control character"),
    "NUL": (zipped_as(MAIN, (zip_entry("a\0b"), b"x")), "control character"),
    "long name": (zipped_as(MAIN, (zip_entry("x" * 256), b"x")), "255 bytes"),
    "link": (zip_symlink(), "'link' is a symbolic link"),
    "device": (zipped_as(MAIN, (zip_entry("dev", stat.S_IFBLK | 0o666), b"")), "'dev' is a device"),
    "pipe": (zipped_as(MAIN, (zip_entry("pipe", stat.S_IFIFO | 0o666), b"")), "'pipe' is a device"),
    "same name": (zipped_as(MAIN, MAIN), "'main.py' is there more than once"),
    "same name by a dot": (zipped_as(MAIN, (zip_entry("./main.py"), b"x")), "more than once"),
    "case": (zipped_as(MAIN, (zip_entry("Main.py"), b"x")), "only in case"),
    "case of a directory": (zipped({"Pkg/a.py": "", "pkg/b.py": ""}), "only in case"),
    "accents": (zipped({"caf\u00e9.py": "", "cafe\u0301.py": ""}), "accents"),
    "file and directory": (zipped({"pkg": "", "pkg/a.py": ""}), "a directory, which is a file"),
    "directory and file": (zipped({"pkg/a.py": "", "pkg": ""}), "more than once"),
    "encrypted": (zip_encrypted(), "encrypted"),
    "tar parent": (tarred_as(TAR_MAIN, (tar_entry("../evil"), b"x")), "'../evil'"),
    "tar absolute": (tarred_as(TAR_MAIN, (tar_entry("/evil"), b"x")), "'/evil'"),
    "tar symbolic link": (tarred_as(TAR_MAIN, (tar_entry("link", tarfile.SYMTYPE, "/etc"), b"")), "'link' is a link"),
    "tar hard link": (tarred_as(TAR_MAIN, (tar_entry("link", tarfile.LNKTYPE, "main.py"), b"")), "'link' is a link"),
    "tar device": (tarred_as(TAR_MAIN, (tar_entry("dev", tarfile.CHRTYPE), b"")), "'dev' is a device"),
    "tar pipe": (tarred_as(TAR_MAIN, (tar_entry("pipe", tarfile.FIFOTYPE), b"")), "'pipe' is a device"),
    "tar same name": (tarred_as(TAR_MAIN, TAR_MAIN), "'main.py' is there more than once"),
    "tar case": (tarred_as(TAR_MAIN, (tar_entry("MAIN.PY"), b"x")), "only in case"),
    "tar name in Latin-1": (
        tarred_as(TAR_MAIN, (tar_entry("caf\udce9"), b"x")),
        "not UTF-8",
    ),
    "neither": (b"#!/bin/sh\necho hello\n", "neither a zip nor a tar"),
    "empty": (b"", "neither a zip nor a tar"),
}


@pytest.mark.parametrize(("content", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_archives_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    content = bytearray(tarred_as((tar_entry("sparse", tarfile.GNUTYPE_SPARSE), b""), mode="w"))
    assert "sparse file" in refusal(tmp_path, bytes(content))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(unpacked=16 << 20), "more than 16 MiB"),
        (Limits(ratio=100), "100 times its size"),
    ],
    ids=["size", "ratio"],
)
def test_a_bomb_is_refused_without_unpacking_it(tmp_path: Path, kind: str, limits: Limits, words: str) -> None:
    files: dict[str, bytes | str] = {"main.py": "", **{f"zeros{number}": bytes(8 << 20) for number in range(4)}}
    assert words in refusal(tmp_path, zipped(files) if kind == "zip" else tarred(files), limits)


def test_a_bomb_behind_the_end_of_a_tar_is_refused(tmp_path: Path) -> None:
    content = gzip.compress(tarred(FILES, "w") + bytes(64 << 20))
    assert "bomb" in refusal(tmp_path, content)


def test_a_giant_extended_header_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("main.py")
        info.pax_headers = {"comment": "x" * (LARGEST_TAR_HEADER + 1)}
        archive.addfile(info)
    assert "extended header" in refusal(tmp_path, buffer.getvalue())


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])
def test_the_number_of_entries_is_limited(tmp_path: Path, pack: Callable[[dict[str, bytes | str]], bytes]) -> None:
    content = pack({f"file{number}": "" for number in range(11)})
    inspect(save(tmp_path, content), Limits(entries=11))
    assert "more than 10 entries" in refusal(tmp_path, content, Limits(entries=10))


@pytest.mark.parametrize("content", [zipped(FILES), tarred(FILES), tarred(FILES, "w")], ids=["zip", "tar.gz", "tar"])
def test_a_truncated_archive_is_refused_wherever_it_ends(tmp_path: Path, content: bytes) -> None:
    # A tar is padded to a multiple of 10 KiB behind its end mark, which takes two blocks; the rest of it means nothing.
    last = len(content.rstrip(b"\0")) if content.startswith(b"main.py") else len(content)
    for length in range(1, last, 37):
        refusal(tmp_path, content[:length])


@pytest.mark.parametrize("content", [zipped(FILES), tarred(FILES), tarred(FILES, "w")], ids=["zip", "tar.gz", "tar"])
def test_a_flipped_bit_never_ends_in_a_traceback_or_in_another_place(tmp_path: Path, content: bytes) -> None:
    dice = random.Random(20261120)
    for attempt in range(300):
        damaged = bytearray(content)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        path = save(tmp_path, bytes(damaged))
        try:
            inspect(path, Limits())
        except ArchiveError:
            continue
        unpack(path, tmp_path / f"code{attempt}", Limits())
    assert all(path.name == "artifact" or path.name.startswith("code") for path in tmp_path.iterdir())


def test_a_flipped_bit_in_a_files_bytes_is_found(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("main.py", "answer = 42\n")
    assert "damaged" in refusal(tmp_path, buffer.getvalue().replace(b"42", b"43", 1))


@pytest.mark.parametrize(
    ("files", "application"),
    [({"main.py": ""}, "main:app"), ({"main/__init__.py": ""}, "main:app"), ({"shop/api.py": ""}, "shop.api:service")],
)
def test_the_module_is_found(tmp_path: Path, files: dict[str, bytes | str], application: str) -> None:
    require_module(inspect(save(tmp_path, zipped(files)), Limits()), application)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"app.py": ""}, "has no main.py"),
        ({"service/main.py": "", "service/x.py": ""}, "inside the directory 'service'"),
        ({"service/main.py": "", "other.py": ""}, "has no main.py"),
        (
            {"service/main.py": "", "__MACOSX/service/._main.py": "", "__MACOSX/._service": ""},
            "inside the directory 'service'",
        ),
        ({"service/main.py": "", ".DS_Store": "", "._service": ""}, "inside the directory 'service'"),
        ({"service/main.py": "", "Thumbs.db": "", "desktop.ini": ""}, "inside the directory 'service'"),
    ],
    ids=["another name", "one level too deep", "one of several directories", "macOS zip", "macOS tar", "Windows"],
)
def test_a_missing_module_is_refused(tmp_path: Path, files: dict[str, bytes | str], words: str) -> None:
    contents = inspect(save(tmp_path, zipped(files)), Limits())
    with pytest.raises(ArchiveError, match=words):
        require_module(contents, "main:app")
