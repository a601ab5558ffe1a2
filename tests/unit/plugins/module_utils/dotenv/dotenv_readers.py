"""The three readers of a `.env` file: python-dotenv itself, and the other two as they behave.

The systemd reader follows `parse_env_file_internal()` of systemd 252 (src/basic/env-file.c) and the cleaning that
`exec_context_load_environment()` does after it. The docker reader follows `parseKeyValueFile()` of docker's command
line (opts/file.go). Both were compared with the real programs on some hundred random files.
"""

from __future__ import annotations

import io
import re
import string

from dotenv import dotenv_values


class RefusedError(Exception):
    """The reader takes nothing of the file."""


def read_by_python_dotenv(content: bytes) -> dict[str, str | None]:
    """What python-dotenv gives an application."""
    return dict(dotenv_values(stream=io.StringIO(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read())))


def read_by_docker(content: bytes) -> dict[str, str]:
    """What `docker run --env-file` gives a container."""
    values: dict[str, str] = {}
    for number, raw in enumerate(content.split(b"\n")):
        if len(raw) >= 64 * 1024:
            raise RefusedError("line too long")
        scanned = raw[:-1] if raw.endswith(b"\r") else raw
        try:
            text = scanned.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RefusedError("not UTF-8") from error
        if number == 0:
            text = text.removeprefix("\ufeff")
        line = text.lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not name or " " in name or "\t" in name:
            raise RefusedError("bad name")
        if equals:
            values[name] = value
    return values


def read_by_systemd(content: bytes) -> dict[str, str]:
    """What `EnvironmentFile=` gives a unit."""
    values: dict[str, str] = {}
    for name, value in _systemd_pairs(content):
        try:
            key, text = name.decode("utf-8"), value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RefusedError("not UTF-8") from error
        if any(_is_noncharacter(ord(character)) for character in key + text):
            raise RefusedError("no valid character")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
            continue
        values[key] = text
    return values


def _is_noncharacter(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


class _SystemdParser:
    """The state machine of systemd, one method for each state; a state returns the next one."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.key = bytearray()
        self.value = bytearray()
        self.value_end: int | None = None

    def push(self) -> None:
        end = len(self.value) if self.value_end is None else self.value_end
        self.pairs.append((bytes(self.key).rstrip(b" \t\n\r"), bytes(self.value[:end])))
        self.key, self.value, self.value_end = bytearray(), bytearray(), None

    def pre_key(self, char: int) -> str:
        if char in b"#;":
            return "comment"
        if char in b" \t\n\r":
            return "pre_key"
        self.key.append(char)
        return "in_key"

    def in_key(self, char: int) -> str:
        if char in b"\n\r":
            self.key = bytearray()
            return "pre_key"
        if char == ord("="):
            return "pre_value"
        self.key.append(char)
        return "in_key"

    def pre_value(self, char: int) -> str:
        if char in b"\n\r":
            self.push()
            return "pre_key"
        if char in b" \t":
            return "pre_value"
        quoted = {ord("'"): "single", ord('"'): "double", ord("\\"): "escape"}
        if char in quoted:
            return quoted[char]
        self.value.append(char)
        return "in_value"

    def in_value(self, char: int) -> str:
        if char in b"\n\r":
            self.push()
            return "pre_key"
        if char == ord("\\"):
            self.value_end = None
            return "escape"
        if char not in b" \t":
            self.value_end = None
        elif self.value_end is None:
            self.value_end = len(self.value)
        self.value.append(char)
        return "in_value"

    def escape(self, char: int) -> str:
        if char not in b"\n\r":
            self.value.append(char)
        return "in_value"

    def single(self, char: int) -> str:
        if char == ord("'"):
            return "pre_value"
        self.value.append(char)
        return "single"

    def double(self, char: int) -> str:
        if char == ord('"'):
            return "pre_value"
        if char == ord("\\"):
            return "double_escape"
        self.value.append(char)
        return "double"

    def double_escape(self, char: int) -> str:
        if char in b'"\\`$':
            self.value.append(char)
        elif char != ord("\n"):
            self.value += bytes((ord("\\"), char))
        return "double"

    def comment(self, char: int) -> str:
        if char == ord("\\"):
            return "comment_escape"
        return "pre_key" if char in b"\n\r" else "comment"

    def comment_escape(self, char: int) -> str:
        return "comment"


def _systemd_pairs(content: bytes) -> list[tuple[bytes, bytes]]:
    if b"\0" in content:
        raise RefusedError("NUL")
    parser = _SystemdParser()
    state = "pre_key"
    for char in content:
        state = getattr(parser, state)(char)
    if state in ("pre_value", "in_value", "escape", "single", "double", "double_escape"):
        parser.push()
    return parser.pairs


ALPHABET = string.ascii_letters[:4] + "Z_09" + " \t\n\r=#;'\"\\$`{}()!%&|<>~*?[]-.,:/@+^" + "é€\u00a0\u0085\u2028\ufeff"
"""Characters that one reader or another gives a meaning, and a few that none does."""
