"""Archives that are small on the wire and large to whoever reads them: refused before they take memory or time."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive import (
    ArchiveError,
    Limits,
    inspect,
    unpack,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_entries import DEEPEST, LONGEST_PATH
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive_readers import (
    LARGEST_TAR_HEADER,
    MOST_TAR_HEADERS,
    SMALLEST_DIRECTORY,
)

from tests.unit.plugins.artifacts import tar_entry, tarred, tarred_as, zip_entry, zipped, zipped_as

Pack = Callable[[Mapping[str, bytes | str]], bytes]
MEMORY = 24 << 20
"""Bytes that an archive of this file may take while it is judged."""


def refusal(folder: Path, content: bytes, limits: Limits | None = None) -> str:
    """The message with which an archive is refused, in bounded memory."""
    path = folder / "artifact"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError) as refused:
            inspect(path, limits or Limits())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    return str(refused.value)


def nested(levels: int) -> str:
    return "/".join("d" * levels) + "/main.py"


def zip_of_directory(entries: int, size: int | None = None, zip64: bool = False) -> bytes:
    """A zip archive of nothing but a directory at its end, with records of one letter each."""
    record = zipfile.ZipInfo("x")
    row = struct.pack(
        zipfile.structCentralDir,  # type: ignore[attr-defined]
        zipfile.stringCentralDir,  # type: ignore[attr-defined]
        *(20, 3, 20, 0, 0, 0, 0, 0x21, 0, 0, 0, 1, 0, 0, 0, 0, record.external_attr, 0),
    )
    rows = entries * (row + b"x")
    size = len(rows) if size is None else size
    if not zip64:
        return rows + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, size, 0, 0)
    record64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(rows), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return rows + record64 + locator + end


def pax_tar(*headers: tuple[bytes, bytes], mode: str = "w:gz") -> bytes:
    """A tar archive of extended headers (type, content) and one file behind them."""
    return tarred_as(
        *((tar_entry("PaxHeader", kind), content) for kind, content in headers),
        (tar_entry("main.py"), b"app = 1\n"),
        mode=mode,
    )


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])
def test_a_path_of_thousands_of_levels_is_refused(tmp_path: Path, pack: Pack) -> None:
    assert f"more than {LONGEST_PATH} bytes" in refusal(tmp_path, pack({nested(16_000): "x"}))


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])
def test_the_levels_of_a_path_are_limited(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(pack({nested(DEEPEST - 1): "x"}))
    inspect(path, Limits())
    unpack(path, tmp_path / "code", Limits())
    assert f"more than {DEEPEST} levels" in refusal(tmp_path, pack({nested(DEEPEST): "x"}))


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])
def test_the_length_of_a_path_is_limited_as_a_disk_limits_it(tmp_path: Path, pack: Pack) -> None:
    name = "/".join(["x" * 250] * 4) + "/"
    longest = name + "y" * (LONGEST_PATH - len(name))
    path = tmp_path / "artifact"
    path.write_bytes(pack({longest: "x"}))
    inspect(path, Limits())
    unpack(path, tmp_path / "code", Limits())
    assert f"more than {LONGEST_PATH} bytes" in refusal(tmp_path, pack({longest + "y": "x"}))
    # Bytes, and not letters, are what a disk counts.
    assert f"more than {LONGEST_PATH} bytes" in refusal(tmp_path, pack({"/".join(["\u00e9" * 120] * 5): "x"}))


@pytest.mark.parametrize("pack", [zipped, tarred], ids=["zip", "tar.gz"])
def test_directories_count_as_entries(tmp_path: Path, pack: Pack) -> None:
    content = pack({f"{number}/b/c/main.py": "x" for number in range(3)})
    path = tmp_path / "artifact"
    path.write_bytes(content)
    assert len(inspect(path, Limits(entries=12)).directories) == 9
    assert "more than 11 entries" in refusal(tmp_path, content, Limits(entries=11))


def test_one_directory_many_times_counts_each_time(tmp_path: Path) -> None:
    content = zipped_as(*[(zip_entry("d/", 0o040755), b"")] * 11)
    assert "more than 10 entries" in refusal(tmp_path, content, Limits(entries=10))


@pytest.mark.parametrize("name", [".", "./.", "main.py/.", "pkg/./."])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_file_with_the_name_of_a_directory_is_refused(tmp_path: Path, name: str, kind: str) -> None:
    content = zipped_as((zip_entry(name), b"x")) if kind == "zip" else tarred_as((tar_entry(name), b"x"))
    assert "a file with the name of a directory" in refusal(tmp_path, content)


def test_a_tars_file_that_ends_in_a_slash_is_refused(tmp_path: Path) -> None:
    assert "a file with the name of a directory" in refusal(tmp_path, tarred_as((tar_entry("pkg/"), b"x")))


def test_the_top_itself_may_be_an_entry(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    for content in (
        zipped_as((zip_entry("./", 0o040755), b""), (zip_entry("main.py"), b"x")),
        zipped_as((zip_entry(".", 0o040755), b""), (zip_entry("main.py"), b"x")),
        tarred_as((tar_entry(".", tarfile.DIRTYPE), b""), (tar_entry("./main.py"), b"x")),
    ):
        path.write_bytes(content)
        assert inspect(path, Limits()).files == {"main.py"}
        assert list(unpack(path, tmp_path / f"code{len(content)}", Limits())) == ["main.py"]


@pytest.mark.parametrize("zip64", [False, True], ids=["zip", "zip64"])
def test_the_directory_of_a_zip_is_not_read_when_it_is_larger_than_the_limits_need(tmp_path: Path, zip64: bool) -> None:
    content = zip_of_directory(30_000, zip64=zip64)
    assert "its directory of" in refusal(tmp_path, content, Limits(entries=10))
    # 940 KB would do for 20,000 entries, but these are 20,001.
    assert "its directory has 20001" in refusal(tmp_path, zip_of_directory(20_001, zip64=zip64))


def test_a_stated_size_of_a_directory_is_not_believed(tmp_path: Path) -> None:
    for size in (SMALLEST_DIRECTORY + 1, 1 << 62):
        refusal(tmp_path, zip_of_directory(1, size, zip64=True))


def test_an_archive_with_wheels_near_its_end_is_no_large_directory(tmp_path: Path) -> None:
    wheel = zipped({f"{number}": "" for number in range(400)})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("wheels/a.whl", wheel)
        archive.comment = b"a comment makes the reader search for the end"
    path = tmp_path / "artifact"
    path.write_bytes(buffer.getvalue())
    assert inspect(path, Limits(entries=10)).files == {"wheels/a.whl"}


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2], ids=["lzma", "bzip2"])
def test_methods_whose_memory_the_archive_chooses_are_refused(tmp_path: Path, method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("main.py", "x")
    assert f"compressed by method {method}" in refusal(tmp_path, buffer.getvalue())


def test_extended_headers_of_a_tar_are_not_collected(tmp_path: Path) -> None:
    note = b"%d comment=%s\n" % (60_000, b"x" * (60_000 - 15))
    members = [(tar_entry("PaxHeader", tarfile.XHDTYPE), note), (tar_entry("f"), b"")]
    entries = []
    for number in range(200):
        members[1] = (tar_entry(f"f{number}"), b"")
        entries += members
    path = tmp_path / "artifact"
    path.write_bytes(tarred_as(*entries, mode="w"))
    tracemalloc.start()
    try:
        inspect(path, Limits())
        assert tracemalloc.get_traced_memory()[1] < MEMORY / 4, "12 MB of headers were kept"
    finally:
        tracemalloc.stop()


def test_global_headers_of_a_tar_are_limited_together(tmp_path: Path) -> None:
    note = b"%d a=%s\n" % (40_000, b"x" * (40_000 - 9))
    assert "extended headers" in refusal(tmp_path, pax_tar((tarfile.XGLTYPE, note), (tarfile.XGLTYPE, note)))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_chain_of_extended_headers_is_refused(tmp_path: Path, kind: bytes) -> None:
    record = b"main.py\0" if kind == tarfile.GNUTYPE_LONGNAME else b"7 a=b\n\0"
    content = pax_tar(*[(kind, record)] * 2_000)
    assert f"{MOST_TAR_HEADERS + 1} extended headers" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "record",
    [b"10 size=0\n", b"22 GNU.sparse.major=1\n", b"6 a=b\n19 GNU.sparse.size=9\n"],
    ids=["size", "sparse 1.0", "sparse 0.0 behind another"],
)
def test_a_header_that_changes_an_entrys_size_is_refused(tmp_path: Path, record: bytes) -> None:
    assert "changes a size" in refusal(tmp_path, pax_tar((tarfile.XHDTYPE, record)))


def test_a_directory_with_content_hides_nothing(tmp_path: Path) -> None:
    """Python's reader takes the content of a directory for headers, where others skip it."""
    inner = tarred_as((tar_entry("hidden"), b"x"), mode="w")[:1024]
    content = bytearray(tarred_as((tar_entry("d"), inner), mode="w"))
    header = tarfile.TarInfo("d")
    header.type, header.size = tarfile.DIRTYPE, len(inner)
    content[:512] = header.tobuf()
    assert "has content" in refusal(tmp_path, bytes(content))


def test_what_git_archive_and_other_tools_write_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(
        pax_tar((tarfile.XGLTYPE, b"52 comment=" + b"a" * 40 + b"\n"), (tarfile.XHDTYPE, b"20 mtime=1700000000\n"))
    )
    assert inspect(path, Limits()).files == {"main.py"}
    assert LARGEST_TAR_HEADER > 10 * LONGEST_PATH


def test_random_archives_end_in_a_refusal_or_in_files_below_the_directory(tmp_path: Path) -> None:
    """Names of awkward parts, and damage to the bytes that describe them."""
    dice = random.Random(20261127)
    parts = [".", "..", "", "a", "A", "x" * 255, "\u00e9", "e\u0301", "main.py", "d", " ", "-", "~", "C:"]
    path = tmp_path / "artifact"
    (tmp_path / "codes").mkdir()
    accepted = 0
    for attempt in range(300):
        names = ["/".join(dice.choice(parts) for _ in range(dice.randrange(1, 5))) for _ in range(dice.randrange(1, 4))]
        if dice.random() < 0.5:
            modes = (0o100644, 0o040755, 0)
            content = bytearray(zipped_as(*((zip_entry(name, dice.choice(modes)), b"x") for name in names)))
        else:
            kinds = (tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE)
            content = bytearray(tarred_as(*((tar_entry(name, dice.choice(kinds)), b"") for name in names), mode="w"))
        if dice.random() < 0.3:
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        path.write_bytes(bytes(content) if dice.random() < 0.9 else gzip.compress(bytes(content)))
        try:
            inspect(path, Limits(entries=50))
        except ArchiveError:
            continue
        accepted += 1
        unpack(path, tmp_path / "codes" / str(attempt), Limits(entries=50))
    assert {file.name for file in tmp_path.iterdir()} == {"artifact", "codes"}
    assert accepted > 30, "the generator must make enough archives that are accepted"
