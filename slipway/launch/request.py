"""What a person asks for, checked before anything is started.

The Makefile passes each value of its command line in the environment, unread: neither make nor a shell takes a part of
it for code. Options of ``.venv/bin/slipway`` become the same values.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils import _application
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact import git, package
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse
from ansible_collections.slipway.fastapi.plugins.module_utils._release import release_log

from slipway.launch.checkout import ROOT

GIVEN = "SLIPWAY_GIVEN"
"""Environment variable: names of the variables that make's command line sets."""
PREFIX = "SLIPWAY_GIVEN_"
"""What precedes a variable's name in the environment."""
INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
NO_SERVICE = "none"
"""The MODULE of an artifact in which nothing is to run."""
DEFAULT = "main:app"
"""What runs in an artifact of which nothing else is said."""


class RequestError(Exception):
    """The request is refused; the message says why, and what to write instead."""


@dataclass(frozen=True)
class Request:
    """The values of one call, by the names that they have on make's command line."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Request:
        """Take what the Makefile has handed on. Raises RequestError for a value that is no text."""
        return cls.of({name: environment.get(PREFIX + name, "") for name in environment.get(GIVEN, "").split()})

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Request:
        """Take values as they are. Raises RequestError for a value that is no text."""
        for name, value in values.items():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise RequestError(f"{name} is no text in UTF-8: write it anew") from None
        return cls(values)

    def get(self, name: str, default: str = "") -> str:
        """A variable's value; the default where make's command line does not have it."""
        return self.values.get(name, default)

    @property
    def environment(self) -> str:
        """Which environment is meant. Raises RequestError for one that does not exist."""
        return self._among("ENV", "sandbox", environments(), "environment")

    @property
    def blueprint(self) -> str:
        """Which blueprint is meant. Raises RequestError for one that does not exist."""
        return self._among("BLUEPRINT", "location-content", blueprints(), "blueprint")

    @property
    def inventory(self) -> str:
        """The environment's inventory, relative to the checkout."""
        return f"inventories/{self.environment}"

    def arguments(self) -> list[str]:
        """ARGS in words, as a shell would part them; nothing in it is expanded. Raises RequestError."""
        try:
            return shlex.split(self.get("ARGS"))
        except ValueError as error:
            raise RequestError(
                f"ARGS cannot be parted into words ({error}): close each quotation mark, or write a backslash before it"
            ) from error

    def host(self) -> list[str]:
        """HOST as an option of the program. Raises RequestError for what is no instance's id."""
        name = self.get("HOST")
        if name and not INSTANCE.fullmatch(name):
            raise RequestError(f"HOST is '{name}'. Write an instance's id as `make status` shows it: HOST=i-…")
        return [f"--host={name}"] if name else []

    def file(self) -> Path:
        """FILE, a strict `.env`. Raises RequestError."""
        path = Path(self.get("FILE", ".env"))
        try:
            parse(path.read_bytes())
        except OSError as error:
            raise RequestError(f"{path} cannot be read: {error.strerror}. Name another with FILE=…") from error
        except DotenvError as error:
            raise RequestError(f"{path} is not a strict .env file:\n{error}") from None
        return path.resolve()

    def source(self) -> dict[str, str]:
        """What is published, in the playbooks' words; nothing where nothing is named. Raises RequestError."""
        application, repository, commit = self.get("APP"), self.get("GIT"), self.get("COMMIT")
        runs = {"publish_app": self.module()} if self.get("MODULE") else {}
        if repository:
            where = str(Path(repository).resolve()) if Path(repository).is_dir() else repository
            try:
                git.check(where, commit)
            except git.GitError as error:
                raise RequestError(str(error)) from error
            return {"artifact_repository": where, "artifact_commit": commit, "artifact_path": application, **runs}
        if commit:
            raise RequestError("COMMIT is of a repository, and GIT is missing: make publish GIT=url COMMIT=sha")
        if not application:
            return runs
        directory = Path(application).resolve()
        try:
            package.scan(directory, self._runs_in(runs.get("publish_app", "")))
        except package.PackageError as error:
            raise RequestError(str(error)) from error
        except OSError as error:
            raise RequestError(f"{error.filename} cannot be read: {error.strerror}") from error
        return {"dir": str(directory), **runs}

    def _runs_in(self, module: str) -> str:
        """What the folder must hold; empty where it is a mere folder, or where a variable of Ansible may say."""
        if module:
            return "" if module == NO_SERVICE else module
        said = [self.get("ARGS"), *(path.read_text("utf-8") for path in (ROOT / self.inventory).rglob("*.yml"))]
        return "" if any(re.search(r"\b(service_app|publish_app)\b|@", text) for text in said) else DEFAULT

    def module(self) -> str:
        """MODULE. Raises RequestError for what uvicorn would not take."""
        name = self.get("MODULE")
        if name != NO_SERVICE and not _application.is_application(name):
            raise RequestError(
                f"MODULE is '{name}'. Write MODULE=module:name, such as MODULE=main:app, or MODULE={NO_SERVICE} for "
                "files of which nothing is started"
            )
        return name

    def target(self) -> dict[str, str]:
        """Where a rollback leads, in its playbook's words. Raises RequestError for what can be no release."""
        wanted = self.get("TO").strip()
        try:
            release_log.check(wanted)
        except release_log.NoReleaseError as error:
            raise RequestError(f"There is nothing to go back to, and nothing was changed: {error}") from error
        return {"to": wanted} if wanted else {}

    def maintenance(self, goals: Iterable[str]) -> str:
        """Whether it begins or ends. Raises RequestError."""
        words = [self.get("STATE")] if "STATE" in self.values else list(goals)
        if len(words) != 1 or words[0].lower() not in ("on", "off"):
            raise RequestError("Say on or off: make maintenance ON, or make maintenance OFF")
        return words[0].lower()

    def _among(self, name: str, default: str, known: list[str], what: str) -> str:
        value = self.get(name, default)
        if value not in known:
            raise RequestError(f"There is no {what} '{value}'. Choose one: make … {name}=<{' '.join(known)}>")
        return value


def environments() -> list[str]:
    """The environments that have an inventory."""
    return sorted(path.name for path in (ROOT / "inventories").iterdir() if path.is_dir())


def blueprints() -> list[str]:
    """The blueprints that Terraform has variables for."""
    return sorted(path.stem for path in (ROOT / "terraform/blueprints").glob("*.tfvars"))


def unused(request: Request, environment: Mapping[str, str]) -> str:
    """A note where the shell has an ENV that looks as if it were meant; empty otherwise."""
    name = environment.get("ENV", "")
    if "ENV" in request.values or name == request.environment or name not in environments():
        return ""
    return f"ENV={name} of the shell's environment is not used; for {name} write: make … ENV={name}"


def extra_vars(values: Mapping[str, str]) -> list[str]:
    """Variables as options of ansible-playbook that neither YAML nor Jinja takes for anything but texts."""
    texts = ", ".join(f"{json.dumps(name)}: !unsafe {quoted(value)}" for name, value in values.items())
    return ["-e", f"{{{texts}}}"] if values else []


def quoted(text: str) -> str:
    """A text as YAML's double-quoted scalar, in printable ASCII (YAML 1.1, 5.6 "Escape sequences")."""
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if " " <= letter <= "~":
        return letter
    return f"\\U{ord(letter):08x}"
