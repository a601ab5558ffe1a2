"""Prepares a release beside the running one: everything that is in its directory, and nothing outside of it."""

from __future__ import annotations

import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.archive import (
    Limits,
    inspect,
    require_module,
    unpack,
)
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.fetch import Artifact, FetchError, fetch
from ansible_collections.slipway.fastapi.plugins.module_utils._release import manifest, tree
from ansible_collections.slipway.fastapi.plugins.module_utils._release.layout import ENV_MODE, read_environment
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.sandboxed_build import Account, Confinement
from ansible_collections.slipway.fastapi.plugins.module_utils._virtualenv.venv import Builder, BuildError, build


class PrepareError(Exception):
    """The host lacks what a release needs; the text says what, and what to do."""


def prepare(params: Mapping[str, Any], name: str, partial: Path, confinement: Confinement, s3: Any) -> None:
    """Make the whole release in a new directory, flushed to the disk.

    Args:
        params: the parameters of the module `release`.
        name: the release's id.
        partial: the directory to make, in the one of the releases.
        confinement: how steps are run that a package's code can be a part of.
        s3: boto3's client.

    Raises:
        PrepareError, ArchiveError, AwsError, BuildError, ConfineError, FetchError, TreeError, OSError: it cannot be
            made; what there is of it may be removed.
    """
    _Preparation(params, name, partial.parent).run(partial, confinement, s3)


class _Preparation:
    def __init__(self, params: Mapping[str, Any], name: str, releases: Path) -> None:
        self.params = params
        self.name = name
        self.releases = releases
        self.env_file = Path(params["env_file"]) if params["env_file"] else None
        self.limits = Limits(params["max_entries"], params["max_unpacked_mb"] << 20, params["max_ratio"])
        self.service = bool(params["app"])
        self.artifact = Artifact(*(params[name] for name in ("bucket", "key", "version_id", "sha256", "size")))

    def run(self, partial: Path, confinement: Confinement, s3: Any) -> None:
        account = self._account()
        # Before anything of the artifact's runs.
        environment = read_environment(self.env_file) if self.env_file else b""
        self.releases.mkdir(mode=0o755, exist_ok=True)
        self._require_space(self.artifact.size, "the archive")
        partial.mkdir(mode=0o755)
        archive = partial / "artifact"
        fetch(s3, self.artifact, archive)
        contents = inspect(archive, self.limits)
        if self.service:
            require_module(contents, self.params["app"])
        self._require_space(contents.size, "the files of the archive")
        self._require_inodes(len(contents.files) + len(contents.directories))
        code = partial / "code"
        digests = unpack(archive, code, self.limits)
        archive.unlink()
        if self.service:
            self._build_venv(partial, code, account, confinement)
        files.write_file(partial / ".env", environment, ENV_MODE, gid=account.gid)
        files.write_file(partial / "release.env", self._variables().encode(), 0o644)
        records = manifest.write(partial, self._about())
        strays = manifest.strays(partial, records)
        if strays:
            raise BuildError(f"{'; '.join(strays)}: a package of the application has put it there; do without it")
        written = {path[len("code/") :]: record["sha256"] for path, record in records.items() if _is_code(path, record)}
        if written != digests:
            raise FetchError(
                f"the files in {code} are not what the archive holds: check this host's disk and run again"
            )
        files.flush(partial)

    def _build_venv(self, partial: Path, code: Path, account: Account, confinement: Confinement) -> None:
        cache = Path(self.params["cache"])
        cache.mkdir(mode=0o755, parents=True, exist_ok=True)
        fallback = partial / "fallback.txt"
        files.write_file(fallback, self.params["fallback"].encode(), 0o644)
        own = cache / account.name
        work = partial / "work"
        for folder in (own, work):
            tree.give(folder, account.uid, account.gid)
        builder = Builder(
            str(Path(self.params["tools"], "bin", "uv")),
            self.params["python"],
            account,
            own,
            confinement,
            self.params["wheels_only"],
            self.params["build_timeout"],
        )
        venv = build(builder, code, work, fallback)
        tree.take_back(work)
        tree.require_folder(venv)
        venv.rename(partial / "venv")
        files.remove_tree(work)
        fallback.unlink()

    def _variables(self) -> str:
        """What the unit tells the service, and itself needs to start it."""
        app = f"SLIPWAY_APP={self.params['app']}\n" if self.service else ""
        return f"SLIPWAY_RELEASE={self.name}\n{app}"

    def _about(self) -> dict[str, Any]:
        names = ("bucket", "key", "version_id", "sha256", "size")
        return {
            "release": self.name,
            "app": self.params["app"],
            "artifact": {name: self.params[name] for name in names},
            "env_revision": self.params["env_revision"],
        }

    def _account(self) -> Account:
        try:
            entry = pwd.getpwnam(self.params["account"])
        except KeyError:
            raise PrepareError(
                f"the account {self.params['account']} does not exist: run the role base first, which makes it"
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def _require_space(self, size: int, what: str) -> None:
        needed, free = size + (self.params["margin_mb"] << 20), files.free_bytes(self.releases)
        if free < needed:
            raise PrepareError(
                f"{self.releases} has {free >> 20} MiB free and needs {(needed >> 20) + 1} MiB for {what} "
                "and the environment: free some space, make the volume larger, or keep fewer releases"
            )

    def _require_inodes(self, entries: int) -> None:
        needed, free = entries + self.params["margin_inodes"], files.free_inodes(self.releases)
        if free is not None and free < needed:
            raise PrepareError(
                f"{self.releases} has room for {free} more files and needs {needed} (inodes) for the "
                "archive and the environment: remove what is made of many small files (`df -i` says where they ran "
                "out), or keep fewer releases"
            )


def _is_code(path: str, record: dict[str, str]) -> bool:
    return path.startswith("code/") and "sha256" in record
