"""One commit of a Git repository as a folder: the very bytes that the commit names, and nothing that runs.

Files are read as objects and written by this module. A checkout would run what the repository's attributes and this
machine's Git configuration ask for (filters, line ends, hooks), and one commit has to give one archive everywhere.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = 300
"""For each call of git."""
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_SCP = re.compile(r"(?P<user>[\w.-]+@)?[A-Za-z0-9][\w.-]*:(?!//)[^\s]+\Z")
_FORMS = "write https://HOST/PATH, ssh://git@HOST/PATH, git@HOST:PATH or the path of a local repository"
_LFS = b"version https://git-lfs.github.com/spec/"
_LINK, _SUBMODULE = "120000", "160000"
_KEPT_OUT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_COMMON_DIR")
"""Variables that point git to another repository; set in hooks, for instance."""


class GitError(Exception):
    """The commit cannot be had; the text says why and what to do, and holds no credentials."""


@dataclass(frozen=True)
class Entry:
    """One file of a commit."""

    mode: str
    name: str
    """Its object's id."""
    path: str


def secret_in(repository: str) -> str:
    """What stands before the @ of a URL and must be shown nowhere; empty where there is none."""
    try:
        parts = urlsplit(repository)
    except ValueError:
        return ""
    if parts.scheme == "ssh":
        return parts.password or ""
    return parts.netloc.rpartition("@")[0] if parts.scheme else ""


def check(repository: str, commit: str) -> None:
    """Raises GitError for an address with credentials or of an unknown form, and for anything but a whole commit."""
    if secret_in(repository):
        raise GitError(
            "the repository's URL holds a user name or a password, which would be shown in lists of processes and in "
            "logs: take it out, and give git the credentials itself (an SSH key, or a credential helper: "
            "git help credentials)"
        )
    scheme = urlsplit(repository).scheme if "://" in repository else ""
    known = scheme in ("https", "ssh", "file") if scheme else repository.startswith("/") or _SCP.match(repository)
    if not known or any(letter.isspace() for letter in repository.strip(" ")) or repository != repository.strip():
        raise GitError(f"'{repository}' is no address of a repository that can be fetched safely; {_FORMS}")
    if not _COMMIT.match(commit):
        raise GitError(
            f"'{commit}' is no whole commit (40 hexadecimal digits). A branch or a tag can move, and a release has to "
            f"stay what it is. This prints the commit: git ls-remote {repository} '{commit or 'HEAD'}'"
        )


def export(repository: str, commit: str, target: Path, work: Path, left_out: Callable[[str], bool]) -> None:
    """Write the files of a commit into `target`, a new folder, by way of a repository in `work`.

    `left_out` tells of a path whether it is excluded: what cannot be exported does not matter there.
    Raises GitError.
    """
    check(repository, commit)
    git = Git(work)
    git.run("init", "--quiet", "--bare", ".")
    fetch(git, repository, commit)
    entries = [entry for entry in listed(git, commit) if not left_out(entry.path)]
    for entry in entries:
        if entry.mode == _SUBMODULE:
            raise GitError(
                f"{entry.path} is a submodule, whose files are not in this repository: exclude it, or publish a folder "
                "in which `git submodule update --init` was run (make publish APP=./dir)"
            )
    target.mkdir()
    # Links last, so that no file is ever written through one.
    ordered = sorted(entries, key=lambda entry: entry.mode == _LINK)
    for entry, content in zip(ordered, git.contents(ordered), strict=True):
        _write(target, entry, content)


class Git:
    """git in a bare repository of its own, without prompts, hooks and helpers for strange addresses."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {name: value for name, value in os.environ.items() if name not in _KEPT_OUT}
        self.environment.update(GIT_TERMINAL_PROMPT="0", GIT_ALLOW_PROTOCOL="https:ssh:file", LC_ALL="C.UTF-8")
        self.environment.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git and return what it printed. Raises GitError with git's own words."""
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=self.directory,
                env=self.environment,
                input=given,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed on this machine: install it (apt install git)") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git {arguments[0]} took more than {SECONDS} s: check the network") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise GitError(f"git {arguments[0]}: {said}")
        return done.stdout

    def contents(self, entries: Sequence[Entry]) -> Iterator[bytes]:
        """The bytes of each entry, in order."""
        output = self.run("cat-file", "--batch", given="".join(f"{entry.name}\n" for entry in entries).encode())
        position = 0
        for _ in entries:
            end = output.index(b"\n", position)
            size = int(output[position:end].rpartition(b" ")[2])
            yield output[end + 1 : end + 1 + size]
            position = end + size + 2


def fetch(git: Git, repository: str, commit: str) -> None:
    """Bring one commit here. Raises GitError when it is not in the repository or the repository cannot be read."""
    shallow = ("fetch", "--quiet", "--no-tags", "--depth=1", "--no-recurse-submodules", "--", repository)
    try:
        git.run(*shallow, commit)
    except GitError as refused:
        # Some servers give no commit by its id alone: then by what leads to it.
        try:
            git.run(*shallow[:3], *shallow[4:], "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        except GitError as error:
            raise GitError(
                f"{repository} cannot be fetched: {error}. Can this account read it? git ls-remote {repository}"
            ) from refused
    try:
        git.run("cat-file", "-e", f"{commit}^{{commit}}")
    except GitError as error:
        raise GitError(
            f"{repository} has no commit {commit} on any branch or tag: push it first, or see that the address is right"
        ) from error


def listed(git: Git, commit: str) -> list[Entry]:
    """Every file of a commit. Raises GitError for a path that leads out of the folder."""
    found = []
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        if not line:
            continue
        about, _, path = line.partition(b"\t")
        mode, _, name = about.decode().split(" ")
        entry = Entry(mode, name, os.fsdecode(path))
        if entry.path.startswith("/") or {"", ".", ".."} & set(entry.path.split("/")):
            raise GitError(f"the commit holds {entry.path!r}, which leads out of its folder: do not use it")
        found.append(entry)
    return found


def _write(target: Path, entry: Entry, content: bytes) -> None:
    path = target / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.mode == _LINK:
        path.symlink_to(os.fsdecode(content))
        return
    if content.startswith(_LFS):
        raise GitError(
            f"{entry.path} is kept in Git LFS, and the repository holds only a pointer to it: exclude it, or publish a "
            "folder in which `git lfs pull` was run (make publish APP=./dir)"
        )
    path.write_bytes(content)
    path.chmod(0o755 if entry.mode == "100755" else 0o644)
