"""The strict `.env` grammar: what is written here, every common reader reads alike.

systemd's `EnvironmentFile=`, python-dotenv and `docker --env-file` give the same file different meanings. A file is
therefore parsed once, here. What a person can only have meant in one way is normalised (spaces around `=`, `export`,
quotes around plain text, a byte order mark, CRLF, comments on lines of their own). Everything else that the three would
read differently is refused with its line and its key, never with its value. `docs/dotenv.md` has the whole table.

Only the standard library is used, and Python 3.9 is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv import names

MAX_LINE_BYTES = 64 * 1024 - 1
"""Longest `KEY=VALUE` that is accepted: docker's scanner refuses a line of 64 KiB (Go's `bufio.MaxScanTokenSize`)."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PRINTABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")
# Anchored: "export" after the start of a line is part of a value or of a wrong name.
_EXPORT = re.compile(r"\Aexport[ \t]+(?=[A-Za-z_])")
_BLANKS = " \t"
_QUOTES = ("'", '"')
_QUOTED = re.compile(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*\"""")
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")

_ENCODE = "store it base64-encoded and decode it in the application"
_SEVERAL_LINES = f"a value stands on one line: {_ENCODE}, or ship it as a file"
_SAVE = "save the file as UTF-8 with LF at the end of lines"
_OWN_LINE = "put a comment on a line of its own; if it is part of the value, " + _ENCODE


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a file. It never holds any part of a value."""

    why: str
    fix: str
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.key or "") if part)
        return f"{place}: {self.why}; {self.fix}" if place else f"{self.why}; {self.fix}"


class DotenvError(ValueError):
    """A file or a mapping that the readers would not read alike; `problems` lists every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def parse(content: bytes) -> dict[str, str]:
    """Read the text of a `.env` file into its variables, in the order of the file.

    Raises DotenvError with all problems of the file. After a value whose end cannot be told (an open quote, a PEM key)
    nothing more is read: what follows could be the rest of a secret.
    """
    values: dict[str, str] = {}
    first_lines: dict[str, int] = {}
    problems: list[Problem] = []
    try:
        for number, key, value in _assignments(_decoded(content), problems):
            if key in values:
                why = f"is set twice, first on line {first_lines[key]}"
                problems.append(Problem(why, "keep one of the two", number, key))
                continue
            values[key] = value
            first_lines[key] = number
    except DotenvError as error:
        problems.extend(error.problems)
    if problems:
        raise DotenvError(problems)
    return values


def check(values: Mapping[str, str]) -> list[Problem]:
    """Every reason why these variables cannot be written so that all readers agree; an empty list when they can."""
    problems = []
    for key, value in values.items():
        found = _key_problem(key) or _value_problem(key, value)
        if found:
            problems.append(Problem(found.why, found.fix, key=key if _PRINTABLE_NAME.match(key) else None))
    return problems


def render(values: Mapping[str, str]) -> bytes:
    """Write variables in the one form that all readers read alike.

    That is sorted `KEY=VALUE` lines in UTF-8, without quotes and comments.
    Raises DotenvError when a key or a value has no such form.
    """
    problems = check(values)
    if problems:
        raise DotenvError(problems)
    return "".join(f"{key}={values[key]}\n" for key in sorted(values)).encode("utf-8")


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF16_BOMS):
        raise DotenvError([Problem("is UTF-16 text", _SAVE, 1)])
    if content.startswith(_UTF8_BOM):
        content = content[len(_UTF8_BOM) :]
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        start = content.rfind(b"\n", 0, error.start) + 1
        name = content[start : error.start].decode("utf-8", "replace").partition("=")[0]
        raise DotenvError([Problem("is not UTF-8 text", _SAVE, number, _shown(name))]) from None


def _assignments(text: str, problems: list[Problem]) -> Iterator[tuple[int, str, str]]:
    """Yield (line, key, value) of each sound line and append what is wrong with the others to `problems`."""
    for number, raw_line in enumerate(text.split("\n"), start=1):
        line = (raw_line[:-1] if raw_line.endswith("\r") else raw_line).strip(_BLANKS)
        if line.startswith("#") and "\r" in line:
            problems.append(Problem("has a carriage return, which ends a comment for some readers", _SAVE, number))
        elif line.startswith(";"):
            problems.append(Problem("';' starts a comment for systemd only", "start a comment with '#'", number))
        if not line or line.startswith(("#", ";")):
            continue
        name, equals, rest = _EXPORT.sub("", line).partition("=")
        name = name.rstrip(_BLANKS)
        if not equals:
            raise DotenvError([Problem("has no '='", f"write KEY=value; {_SEVERAL_LINES}", number)])
        found = _key_problem(name)
        if found:
            problems.append(Problem(found.why, found.fix, number, _shown(name)))
            continue
        outcome = _plain_value(rest)
        if isinstance(outcome, _OpenEnd):
            raise DotenvError([Problem(outcome.why, outcome.fix, number, name)])
        if isinstance(outcome, str):
            found = _value_problem(name, outcome)
            if not found:
                yield number, name, outcome
                continue
            outcome = found
        problems.append(Problem(outcome.why, outcome.fix, number, name))


class _OpenEnd(Problem):
    """A value that seems to go on on the next line, so that nothing after it can be trusted to be an assignment."""


def _plain_value(rest: str) -> str | Problem:
    """The value that a person meant by what follows `=`, or the reason why that cannot be told."""
    value = rest.strip(_BLANKS)
    if value.startswith("#") and rest.startswith(tuple(_BLANKS)):
        return _COMMENT
    if value.endswith("\\"):
        return _OpenEnd("ends in a backslash, which continues the line for systemd only", _SEVERAL_LINES)
    if "-----BEGIN " in value and "-----END " not in value:
        return _OpenEnd("starts a value of several lines", _SEVERAL_LINES)
    return _unquoted(value) if value.startswith(_QUOTES) else value


def _unquoted(value: str) -> str | Problem:
    """What is between the quotes that `value` starts with, or the reason why that cannot be told."""
    found = _QUOTED.match(value)
    if not found:
        why = _BACKSLASH.why if "\\" in value else "starts with a quote that is not closed on its line"
        return _OpenEnd(why, f"close or drop the quote; {_SEVERAL_LINES}")
    tail = value[found.end() :].lstrip(_BLANKS)
    if tail.startswith("#"):
        return Problem("a comment after a quoted value becomes part of it for systemd and docker", _OWN_LINE)
    if tail:
        return Problem("has text after the closing quote", f"write the value without quotes, or {_ENCODE}")
    return found.group()[1:-1]


def _key_problem(key: str) -> Problem | None:
    if _KEY.match(key):
        refusal = names.refusal(key)
        return Problem(*refusal) if refusal else None
    return Problem("is no name that all readers accept", "use letters, digits and '_', and start with no digit")


def _value_problem(key: str, value: str) -> Problem | None:
    """Why `key=value`, written without quotes, would not be read back alike by all three; None when it would."""
    for breaks, problem in _RULES:
        if breaks(value):
            return problem
    if len(f"{key}={value}".encode()) > MAX_LINE_BYTES:
        return Problem(f"is longer than the {MAX_LINE_BYTES} bytes that docker reads of a line", "ship it as a file")
    return None


def _is_no_text(code: int) -> bool:
    """Surrogates and Unicode's noncharacters, which systemd's `unichar_is_valid()` rejects."""
    return 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _shown(name: str) -> str | None:
    """The name when it surely is one; any other text before `=` may be part of a secret and stays out of messages."""
    bare = _EXPORT.sub("", name.strip(_BLANKS))
    return bare if _PRINTABLE_NAME.match(bare) else None


_BACKSLASH = Problem("has a backslash, which systemd drops and others keep or translate", _ENCODE)
_COMMENT = Problem("has '#' after a space, a comment for some readers and part of the value for others", _OWN_LINE)

_RULES: tuple[tuple[Callable[[str], object], Problem], ...] = (
    (lambda value: "\n" in value or "\r" in value, Problem("has a line break", _SEVERAL_LINES)),
    (
        re.compile(r"[\x00-\x08\x0b-\x1f\x7f]").search,
        Problem("has a control character, which nobody sees and some readers choke on", f"remove it, or {_ENCODE}"),
    ),
    (
        lambda value: any(_is_no_text(ord(character)) for character in value),
        Problem("has a code point that is no character, at which systemd refuses the file", f"remove it, or {_ENCODE}"),
    ),
    (
        lambda value: value != value.strip(),
        Problem("starts or ends with a space, which some readers drop", f"remove the space, or {_ENCODE}"),
    ),
    (
        lambda value: value.startswith(_QUOTES),
        Problem("starts with a quote that belongs to the value, which some readers drop", _ENCODE),
    ),
    (lambda value: "\\" in value, _BACKSLASH),
    (re.compile(r"\s#").search, _COMMENT),
    (
        lambda value: "${" in value,
        Problem(
            "has '${', which python-dotenv replaces even in single quotes", f"write out what it means, or {_ENCODE}"
        ),
    ),
)
"""What makes a value, written without quotes, mean different things to different readers, and why."""
