"""The strict `.env` grammar: what readers disagree on is normalised or refused; what is written, all read alike."""

from __future__ import annotations

import os
import random

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import (
    MAX_LINE_BYTES,
    DotenvError,
    check,
    parse,
    render,
)

from tests.unit.plugins.module_utils.dotenv.dotenv_readers import (
    ALPHABET,
    RefusedError,
    read_by_docker,
    read_by_python_dotenv,
    read_by_systemd,
)

SECRET = "hunter2"


def meanings(content: bytes) -> list[object]:
    """What each reader makes of a file; None where it takes nothing."""
    found: list[object] = []
    for read in (read_by_systemd, read_by_python_dotenv, read_by_docker):
        try:
            found.append(read(content))
        except (RefusedError, UnicodeDecodeError):
            found.append(None)
    return found


def assert_read_alike(content: bytes, expected: dict[str, str]) -> None:
    assert meanings(content) == [expected, expected, expected]


NORMALISED = {
    "plain": (b"A=b\n", {"A": "b"}),
    "double quotes": (b'A="a b"\n', {"A": "a b"}),
    "single quotes": (b"A='a b'\n", {"A": "a b"}),
    "a quoted number sign": (b'A="p#s"\n', {"A": "p#s"}),
    "a quoted apostrophe": (b'A="it\'s"\n', {"A": "it's"}),
    "quoted, with spaces after it": (b'A="b"  \n', {"A": "b"}),
    "an apostrophe inside": (b"A=it's\n", {"A": "it's"}),
    "spaces inside": (b"A=a  b\tc\n", {"A": "a  b\tc"}),
    "trailing spaces": (b"A=b \t \n", {"A": "b"}),
    "spaces around the equals sign": (b"A = b\n", {"A": "b"}),
    "leading spaces": (b"  A=b\n", {"A": "b"}),
    "export": (b"export A=b\nexport\t B = c\n", {"A": "b", "B": "c"}),
    "a variable named export": (b"export=b\nexport A=c\n", {"export": "b", "A": "c"}),
    "an exported variable named export": (b"export export=b\n", {"export": "b"}),
    "export in a prompt": (
        b"SYSTEM_PROMPT=You summarise documents and export the result as JSON\n",
        {"SYSTEM_PROMPT": "You summarise documents and export the result as JSON"},
    ),
    "export in a quoted value": (b'GREETING="Please export your data"\n', {"GREETING": "Please export your data"}),
    "export several times in a value": (b"X=export a export b export c\n", {"X": "export a export b export c"}),
    "export before and in a value": (b"export X=export a export b\n", {"X": "export a export b"}),
    "byte order mark": (b"\xef\xbb\xbfA=b\n", {"A": "b"}),
    "CRLF": (b'A=b\r\nB="c d"\r\n\r\n', {"A": "b", "B": "c d"}),
    "no newline at the end": (b"A=b", {"A": "b"}),
    "comments and empty lines": (b"# one\n\n  # two\\\nA=b\n", {"A": "b"}),
    "empty values": (b'A=\nB=""\nC=   \n', {"A": "", "B": "", "C": ""}),
    "dollar without braces": (b"A=$X $(id) $\n", {"A": "$X $(id) $"}),
    "backquotes": (b"A=`id`\n", {"A": "`id`"}),
    "a number sign without a space": (b"A=p#c\nB=#c\n", {"A": "p#c", "B": "#c"}),
    "a semicolon": (b"A=;b;\n", {"A": ";b;"}),
    "equals signs": (b"A=b=c==\nB==\n", {"A": "b=c==", "B": "="}),
    "JSON": (b'A={"k": ["v"]}\n', {"A": '{"k": ["v"]}'}),
    "a URL": (b"A=postgresql://u:p%40@h:5432/d?sslmode=x&y=$z\n", {"A": "postgresql://u:p%40@h:5432/d?sslmode=x&y=$z"}),
    "other letters": ("A=é€\u2028ü\n".encode(), {"A": "é€\u2028ü"}),
    "a key on one line": (
        b"A=-----BEGIN X-----abc=-----END X-----\n",
        {"A": "-----BEGIN X-----abc=-----END X-----"},
    ),
    "nothing": (b"", {}),
}

REFUSED = {
    "comment after a value": (b"A=hunter2 # c\n", "line 1, A: has '#' after a space"),
    "comment after a tab": (b"A=hunter2\t# c\n", "line 1, A: has '#' after a space"),
    "comment after another kind of space": ("A=hunter2\u00a0# c\n".encode(), "line 1, A: has '#' after a space"),
    "comment instead of a value": (b"A= # hunter2\n", "line 1, A: has '#' after a space"),
    "quoted number sign after a space": (b'A="hunter2 # c"\n', "line 1, A: has '#' after a space"),
    "comment after quotes": (b'A="p#hunter2" # c\n', "line 1, A: a comment after a quoted value"),
    "text after quotes": (b'A="hunter2"x\n', "line 1, A: has text after the closing quote"),
    "two quoted parts": (b"A='hunter2''x'\n", "line 1, A: has text after the closing quote"),
    "braces": (b"A=${hunter2}\n", "line 1, A: has '${'"),
    "braces in single quotes": (b"A='${hunter2}'\n", "line 1, A: has '${'"),
    "backslash": (b"A=hunter2\\nb\n", "line 1, A: has a backslash"),
    "backslash in double quotes": (b'A="hunter2\\nb"\n', "line 1, A: has a backslash"),
    "backslash in single quotes": (b"A='hunter2\\nb'\n", "line 1, A: has a backslash"),
    "escaped quote": (b'A="hunter2\\"b"\n', "line 1, A: has a backslash"),
    "backslash before the closing quote": (b"A='hunter2\\'\nhunter2=x\n", "line 1, A: has a backslash"),
    "continued line": (b"A=hunter2\\\nB-=hunter2\n", "line 1, A: ends in a backslash"),
    "quoted spaces at the ends": (b'A=" hunter2"\n', "line 1, A: starts or ends with a space"),
    "quoted quote": (b"A='\"hunter2\"'\n", "line 1, A: starts with a quote that belongs to the value"),
    "other space at the end": ("A=hunter2\u00a0\n".encode(), "line 1, A: starts or ends with a space"),
    "other space after equals": ("A=\u2003hunter2\n".encode(), "line 1, A: starts or ends with a space"),
    "open quote": (b'A="hunter2\nhunter2=x"\n', "line 1, A: starts with a quote that is not closed"),
    "lone apostrophe": (b"A='\n", "line 1, A: starts with a quote that is not closed"),
    "quoted PEM": (
        b'A="-----BEGIN PRIVATE KEY-----\nhunter2=\n-----END PRIVATE KEY-----"\n',
        "line 1, A: starts a value",
    ),
    "bare PEM": (b"A=-----BEGIN PRIVATE KEY-----\nhunter2=\n", "line 1, A: starts a value of several lines"),
    "no equals sign": (b"B=c\nhunter2\n", "line 2: has no '='"),
    "hyphen in the key": (b"A-B=hunter2\n", "line 1, A-B: is no name"),
    "dot in the key": (b"A.B=hunter2\n", "line 1, A.B: is no name"),
    "digit at the start of the key": (b"1A=hunter2\n", "line 1: is no name"),
    "space in the key": (b"hunter2 B=c\n", "line 1: is no name"),
    "export in the middle of the key": (b"noexport FOO=hunter2\n", "line 1: is no name"),
    "export after a word": (b"hunter2 export FOO=c\n", "line 1: is no name"),
    "export twice": (b"export export FOO=hunter2\n", "line 1, FOO: is no name"),
    "no key": (b"=hunter2\n", "line 1: is no name"),
    "quoted key": (b"'A'=hunter2\n", "line 1: is no name"),
    "key in other letters": ("É=hunter2\n".encode(), "line 1: is no name"),
    "byte order mark inside": ("B=c\n\ufeffA=hunter2\n".encode(), "line 2: is no name"),
    "twice": (b"A=hunter2\nB=c\nA=hunter2\n", "line 3, A: is set twice, first on line 1"),
    "semicolon comment": (b"B=c\n; hunter2\n", "line 2: ';' starts a comment for systemd only"),
    "Latin-1": (b"B=c\nA=hunter2\xe9\n", "line 2, A: is not UTF-8 text"),
    "UTF-16": ("A=hunter2\n".encode("utf-16"), "line 1: is UTF-16 text"),
    "NUL": (b"A=hunter2\0b\n", "line 1, A: has a control character"),
    "bell": (b"A=hunter2\ab\n", "line 1, A: has a control character"),
    "delete": (b"A=hunter2\x7f\n", "line 1, A: has a control character"),
    "carriage return inside": (b"A=hunter2\rB=c\n", "line 1, A: has a line break"),
    "carriage return in a comment": (b"# c\rA=hunter2\n", "line 1: has a carriage return"),
    "noncharacter": ("A=hunter2\ufdd0\n".encode(), "line 1, A: has a code point that is no character"),
    "too long": (b"A=hunter2" + b"x" * MAX_LINE_BYTES + b"\n", "line 1, A: is longer than"),
}


@pytest.mark.parametrize(("content", "values"), NORMALISED.values(), ids=NORMALISED.keys())
def test_what_can_mean_only_one_thing_is_written_so_that_all_readers_agree(
    content: bytes, values: dict[str, str]
) -> None:
    assert parse(content) == values
    assert_read_alike(render(values), values)


@pytest.mark.parametrize(("content", "beginning"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_disagree_on_is_refused_with_line_and_key_and_never_the_value(
    content: bytes, beginning: str
) -> None:
    with pytest.raises(DotenvError) as refused:
        parse(content)
    message = str(refused.value)
    assert message.startswith(beginning)
    assert "; " in message, "the fix is missing"
    assert SECRET not in message
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'A="a b"\n',
        b"A=p # c\n",
        b'A="p#s" # c\n',
        b"A=${X}\n",
        b"A=a\\nb\n",
        b'A="a\\nb"\n',
        b"A=b  \n",
        b"A = b\n",
        b"export A=b\n",
        b'A="-----BEGIN X-----\nabc\n-----END X-----"\n',
        b"\xef\xbb\xbfA=b\n",
        b'A="b"\r\n',
        b"A=a\0b\n",
        b"A-B=c\n",
        b"A\n",
    ],
)
def test_these_rows_are_read_differently_as_they_stand(content: bytes) -> None:
    """The control of this file: the readers used here do disagree on what the grammar normalises or refuses."""
    systemd, dotenv, docker = meanings(content)
    assert not systemd == dotenv == docker


def test_all_problems_of_a_file_are_told_at_once() -> None:
    with pytest.raises(DotenvError) as refused:
        parse(b"A=${X}\nOK=1\nB-C=1\nD=a\\b\n")
    assert [(problem.line, problem.key) for problem in refused.value.problems] == [(1, "A"), (3, "B-C"), (4, "D")]


def test_nothing_is_read_after_a_value_whose_end_is_unknown() -> None:
    with pytest.raises(DotenvError) as refused:
        parse(b"A=${X}\nB='open\nhunter2-x=1\n")
    assert [(problem.line, problem.key) for problem in refused.value.problems] == [(1, "A"), (2, "B")]
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "\ud800", " a", "a ", "'a", '"', "a\\", "a #b", "${", "\0", "\uffff"]
)
def test_a_value_without_a_common_form_is_not_rendered(value: str) -> None:
    with pytest.raises(DotenvError, match=r"^KEY: "):
        render({"KEY": value})


def test_rendering_is_sorted_and_does_not_depend_on_the_order_of_the_mapping() -> None:
    assert render({"B": "2", "A": "1"}) == render({"A": "1", "B": "2"}) == b"A=1\nB=2\n"


def test_the_longest_line_is_read_by_all() -> None:
    values = {"A": "x" * (MAX_LINE_BYTES - len("A="))}
    assert_read_alike(render(values), values)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_accepted_is_read_alike(seed: int) -> None:
    generator = random.Random(seed)
    accepted = 0
    for _ in range(500):
        values = {
            f"KEY_{number}": "".join(generator.choice(ALPHABET) for _ in range(generator.randrange(12)))
            for number in range(generator.randrange(1, 4))
        }
        if check(values):
            with pytest.raises(DotenvError):
                render(values)
            continue
        accepted += 1
        content = render(values)
        assert_read_alike(content, values)
        assert parse(content) == values
    assert accepted > 50, "the generator must make enough values that are accepted"


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_are_parsed_or_refused_and_what_is_parsed_can_be_written(seed: int) -> None:
    generator = random.Random(seed)
    parsed = 0
    for _ in range(500):
        text = "".join(generator.choice(ALPHABET + "====\n\n") for _ in range(generator.randrange(30)))
        content = text.encode() if generator.random() < 0.9 else bytes(generator.randrange(256) for _ in range(20))
        try:
            values = parse(content)
        except DotenvError as error:
            assert error.problems
            continue
        parsed += 1
        assert_read_alike(render(values), values)
        systemd, dotenv, docker = meanings(content)
        assert values == systemd or not systemd == dotenv == docker
    assert parsed > 5, "the generator must make enough files that are accepted"


@pytest.mark.parametrize("seed", range(10))
def test_where_all_readers_agree_on_a_file_as_it_stands_parsing_it_agrees_with_them(seed: int) -> None:
    generator = random.Random(seed)
    rounds = 20_000 if os.environ.get("SLIPWAY_LONG") else 500
    agreed = 0
    for _ in range(rounds):
        content = _random_file(generator).encode()
        systemd, dotenv, docker = meanings(content)
        if not systemd == dotenv == docker:
            continue
        try:
            values = parse(content)
        except DotenvError:
            continue
        agreed += 1
        assert values == systemd, content
        assert parse(render(values)) == systemd, "the host reads again what was stored"
    assert agreed > rounds / 20, "the generator must make enough files on which the readers agree"


def _random_file(generator: random.Random) -> str:
    """Lines of words and of characters that mean something to a reader; most of them look like an assignment."""
    pieces = (*ALPHABET, *WORDS)
    lines = []
    for _ in range(generator.randrange(1, 4)):
        beginning = generator.choice(("", "A=", "B = ", "FOO=", "export A=", "export=", "noexport A="))
        lines.append(beginning + "".join(generator.choice(pieces) for _ in range(generator.randrange(6))))
    return generator.choice(("\n", "\n", "\n", "\r\n")).join(lines) + "\n"


WORDS = 4 * ("export", "export ", " export ", "export a", "EXPORT ", "word", " of ", "#", " # ", "A=", "-----BEGIN ")
"""Text that a grammar may take for more than it is, often enough to meet beside ALPHABET."""
