"""Publishing a commit: what the repository's history says, and nothing that moves or runs."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.running import Runner, six_steps

BUCKET = "location-content-sandbox-artifacts"
KEY = "releases/app.zip"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody, whatever this machine's settings are."""
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "A", f"GIT_{role}_EMAIL": "a@example.com"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **who}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> str:
    """Commit whatever is in the folder and return the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A checkout with an application in a folder and a hook that would be seen."""
    path = tmp_path / "work"
    (path / "backend").mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "backend" / "main.py").write_bytes(b"app = None\n")
    (path / "backend" / "start.sh").write_text("#!/bin/sh\n")
    (path / "backend" / "start.sh").chmod(0o755)
    (path / ".gitattributes").write_text("*.py text eol=crlf\nstart.sh export-ignore\n")
    return path


@pytest.fixture
def runner(aws: dict[str, Any], s3: Any, work: Path) -> Runner:
    s3.create_bucket(Bucket=BUCKET)
    options = {"aws": aws, "repository": str(work), "commit": commit(work), "directory": "backend"}
    return Runner("publish", {**options, "artifact": f"s3://{BUCKET}/{KEY}"})


def stored(s3: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()))


def test_six_steps(runner: Runner, work: Path, s3: Any) -> None:
    def change() -> None:
        (work / "backend" / "more.py").write_text("")
        runner.options["commit"] = commit(work)

    six_steps(runner, {"do": change})
    assert stored(s3).namelist() == ["main.py", "more.py", "start.sh"]


def test_a_commit_gives_the_archive_that_its_folder_gives(runner: Runner, work: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    digests = {
        runner.check()["sha256"],
        runner.check(repository=f"file://{bare}")["sha256"],
        Runner("publish", {**runner.options, "repository": None, "commit": None}).check(
            directory=str(work / "backend")
        )["sha256"],
    }
    assert len(digests) == 1


def test_nothing_of_the_repository_runs(runner: Runner, work: Path, s3: Any, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(work, "config", "filter.evil.smudge", f"touch {ran}; cat")
    (work / ".gitattributes").write_text("*.py filter=evil\n")
    (work / ".git" / "hooks" / "post-checkout").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (work / ".git" / "hooks" / "post-checkout").chmod(0o755)
    runner.run(commit=commit(work))
    assert not ran.exists()
    assert stored(s3).getinfo("start.sh").external_attr >> 16 & 0o777 == 0o755


@pytest.mark.parametrize("name", ["main", "v1.0", "HEAD", "5d0c3f1c", "A" * 40, ""])
def test_what_can_move_is_refused_with_the_way_to_the_commit(runner: Runner, name: str) -> None:
    message = runner.fail(commit=name)
    assert f"'{name}' is no whole commit (40 hexadecimal digits)" in message
    assert "git ls-remote" in message


@pytest.mark.parametrize(
    "url",
    [
        "https://someone:hunter2@git.example.com/x.git",
        "https://hunter2@git.example.com/x.git",
        "ssh://git:hunter2@git.example.com/x.git",
    ],
)
def test_credentials_in_the_address_are_refused_and_not_repeated(runner: Runner, url: str) -> None:
    message = runner.fail(repository=url)
    assert "take it out, and give git the credentials itself" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    "url", ["http://example.com/x.git", "git://example.com/x", "ext::sh -c x", "../x", "--upload-pack=x", " /x"]
)
def test_addresses_that_are_not_safe_are_refused(runner: Runner, url: str) -> None:
    assert "is no address of a repository that can be fetched safely" in runner.fail(repository=url)


def test_a_commit_that_was_not_pushed(runner: Runner) -> None:
    assert "has no commit " + "0" * 40 in runner.fail(commit="0" * 40)


def test_a_repository_that_is_not_there(runner: Runner, tmp_path: Path) -> None:
    assert "cannot be fetched" in runner.fail(repository=str(tmp_path / "none"))


def test_a_folder_that_the_commit_lacks(runner: Runner) -> None:
    assert "has no files in a folder frontend" in runner.fail(directory="frontend")
    assert "is no folder in a repository" in runner.fail(directory="../backend")


def test_a_submodule_is_said(runner: Runner, work: Path) -> None:
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{runner.options['commit']},backend/vendored")
    git(work, "commit", "--quiet", "--message", "x")
    moved = git(work, "rev-parse", "HEAD")
    assert "backend/vendored is a submodule" in runner.fail(commit=moved)
    assert runner.check(commit=moved, exclude=["vendored"])["files"] == 2


def test_a_file_in_lfs_is_said(runner: Runner, work: Path) -> None:
    (work / "backend" / "model.bin").write_text(POINTER)
    (work / "elsewhere.bin").write_text(POINTER)
    moved = commit(work)
    assert "backend/model.bin is kept in Git LFS" in runner.fail(commit=moved)
    assert runner.check(commit=moved, exclude=["*.bin"])["files"] == 2


def test_a_link_is_refused_and_nothing_is_written_through_it(runner: Runner, work: Path) -> None:
    (work / "backend" / "link").symlink_to("/etc")
    assert "link is a link, which hosts refuse" in runner.fail(commit=commit(work))
