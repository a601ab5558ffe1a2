"""Packing an application: nothing but its content decides the archive, and no secret gets into it."""

from __future__ import annotations

import io
import os
import socket
import zipfile
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.package import PackageError, scan, write


def make(directory: Path, names: dict[str, str]) -> Path:
    for name, content in names.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return directory


def archive(directory: Path) -> tuple[bytes, str]:
    target = io.BytesIO()
    digest = write(directory, scan(directory, "main:app").files, target)
    return target.getvalue(), digest


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return make(tmp_path / "app", {"main.py": "app = None\n", "pkg/__init__.py": "", "data/é.txt": "x"})


def test_two_directories_with_the_same_content_give_the_same_bytes(app: Path, tmp_path: Path) -> None:
    twin = make(tmp_path / "twin", {"data/é.txt": "x", "pkg/__init__.py": "", "main.py": "app = None\n"})
    for path in (twin / "main.py", twin / "data"):
        os.utime(path, (1, 1))
    (twin / "main.py").chmod(0o600)
    assert archive(app) == archive(twin)


def test_the_archive_is_known_byte_by_byte(tmp_path: Path) -> None:
    """A digest that moves with Python or zlib would make every release look new."""
    directory = make(tmp_path, {"main.py": "app = None\n"})
    assert archive(directory)[1] == "1fdff2a1d5c0e030f3d91cd6de89388dd169d0a142938c459f9cb4224dc34d54"


def test_content_and_the_executable_bit_count(app: Path) -> None:
    digests = {archive(app)[1]}
    (app / "main.py").write_text("app = 1\n")
    digests.add(archive(app)[1])
    (app / "main.py").chmod(0o755)
    digests.add(archive(app)[1])
    assert len(digests) == 3


def test_entries_are_sorted_plain_files_with_fixed_modes_and_times(app: Path) -> None:
    (app / "main.py").chmod(0o775)
    entries = zipfile.ZipFile(io.BytesIO(archive(app)[0])).infolist()
    assert [entry.filename for entry in entries] == ["data/é.txt", "main.py", "pkg/__init__.py"]
    assert [oct(entry.external_attr >> 16) for entry in entries] == ["0o100644", "0o100755", "0o100644"]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_what_never_belongs_to_a_release_is_left_out_at_any_depth(app: Path) -> None:
    make(
        app,
        {
            ".env": "A=1",
            ".env.local": "A=1",
            ".git/config": "",
            ".venv/bin/python": "",
            "pkg/__pycache__/a.pyc": "",
            "pkg/b.pyc": "",
            "pkg/.env": "A=1",
            ".env.example": "A=",
        },
    )
    (app / ".venv" / "lib64").symlink_to("lib")
    contents = scan(app, "main:app")
    assert contents.files == (".env.example", "data/é.txt", "main.py", "pkg/__init__.py")
    assert contents.left_out == (
        ".env",
        ".env.local",
        ".git/",
        ".venv/",
        "pkg/.env",
        "pkg/__pycache__/",
        "pkg/b.pyc",
    )


def test_more_can_be_left_out_by_name_and_by_path(app: Path) -> None:
    contents = scan(app, "main:app", ["*.txt", "pkg/__init__.py"])
    assert contents.files == ("main.py",)


@pytest.mark.parametrize(
    "name",
    [
        "prod.env",
        "id_ed25519",
        "tls.key",
        "conf/server.p12",
        "terraform.tfstate",
        "dev.tfvars",
        ".aws/credentials",
        ".netrc",
    ],
)
def test_what_looks_like_a_secret_is_refused_unless_it_is_excluded(app: Path, name: str) -> None:
    make(app, {name: "secret"})
    with pytest.raises(PackageError, match=r"looks like a secret; move it away or exclude it"):
        scan(app, "main:app")
    assert name not in scan(app, "main:app", [name.split("/", maxsplit=1)[0]]).files


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_under_any_name_is_refused(app: Path, kind: str) -> None:
    make(app, {"pkg/notes.txt": f"hello\n-----BEGIN {kind}PRIVATE KEY-----\n"})
    with pytest.raises(PackageError, match=r"^pkg/notes.txt holds a private key; move it away"):
        scan(app, "main:app")


def test_a_certificate_is_no_secret(app: Path) -> None:
    make(app, {"ca.pem": "-----BEGIN CERTIFICATE-----\n"})
    assert "ca.pem" in scan(app, "main:app").files


@pytest.mark.parametrize("target", ["main.py", "/etc/passwd", "missing", "pkg"])
def test_a_link_is_refused(app: Path, target: str) -> None:
    (app / "link").symlink_to(target)
    with pytest.raises(PackageError, match=r"^link is a link, which hosts refuse"):
        scan(app, "main:app")


def test_a_socket_is_refused(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(app)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    with pytest.raises(PackageError, match=r"^socket is neither a file nor a folder"):
        scan(app, "main:app")


@pytest.mark.parametrize("folders", [["d"] * 65, ["d" * 250] * 5], ids=["65 levels", "1,250 bytes"])
def test_a_path_that_hosts_refuse_is_refused(app: Path, folders: list[str]) -> None:
    (app.joinpath(*folders)).mkdir(parents=True)
    with pytest.raises(PackageError, match=r"a path of more than 1024 bytes or 64 levels, which hosts refuse; move it"):
        scan(app, "main:app")


@pytest.mark.parametrize("name", [b"a\nb", b"a\\b", b"a\xff", b"a\x1b"])
def test_a_name_that_archives_do_not_carry_is_refused(app: Path, name: bytes) -> None:
    (app / os.fsdecode(name)).write_text("")
    with pytest.raises(PackageError, match=r"has a character that archives do not carry safely; rename it"):
        scan(app, "main:app")


@pytest.mark.parametrize(
    ("application", "message"),
    [
        ("server:app", r"has no server.py, which server:app needs"),
        ("a.b:app", r"has no a/b.py, which a.b:app needs"),
        ("main", r"'main' names no application; write MODULE:NAME"),
        ("main.py:app:x", r"names no application"),
        ("../main:app", r"names no application"),
        ("pkg:app", r"pkg/__init__.py is empty; pkg:app needs it to define app"),
    ],
)
def test_the_application_must_be_there(app: Path, application: str, message: str) -> None:
    with pytest.raises(PackageError, match=message):
        scan(app, application)


def test_an_application_that_is_left_out_is_not_there(app: Path) -> None:
    with pytest.raises(PackageError, match=r"has no main.py"):
        scan(app, "main:app", ["main.py"])


@pytest.mark.parametrize("missing", ["nowhere", "main.py"])
def test_what_is_no_directory(app: Path, missing: str) -> None:
    with pytest.raises(PackageError, match=r"is no directory; name the one that holds the application"):
        scan(app / missing, "main:app")
