"""docs/seeds.md and docs/seeds/ are true: each row has a status, each named place exists, and the counts are right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT, text_of

OVERVIEW = ROOT / "docs" / "seeds.md"
FOLDER = ROOT / "docs" / "seeds"
DOCUMENTS = ("gap-fill", "location-content", "ai-predictor", "knowledge-platform", "docu-cr")
STATUSES = ("done", "differs", "not yet")
HEAD = ["The document says", "Status", "Here"]

PLACE = re.compile(r"`([a-z]+):([^`]+)`")
COUNTS = re.compile(r"^\| \[([\w-]+)\]\(seeds/\1\.md\) \|.*\| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
WORD = re.compile(r"\w{2,}")
# A reason in fewer words than these explains nothing.
REASON_WORDS = 3


@dataclass(frozen=True)
class Row:
    """One claim of a document."""

    document: str
    line: int
    claim: str
    status: str
    here: str

    @property
    def places(self) -> list[tuple[str, str]]:
        """The places that it names: kind and name."""
        return PLACE.findall(self.here)

    @property
    def where(self) -> str:
        """The row's page and line."""
        return f"docs/seeds/{self.document}.md:{self.line}"

    @property
    def reason(self) -> str:
        """What it says beside the places."""
        return PLACE.sub("", self.here)


def table_lines(page: Path) -> list[tuple[int, list[str]]]:
    """The lines of a page's tables, as line number and cells."""
    return [
        (number, [cell.strip() for cell in line.strip().removesuffix("|")[1:].split("|")])
        for number, line in enumerate(text_of(page).splitlines(), start=1)
        if line.startswith("|")
    ]


PAGES = {page.stem: page for page in sorted(FOLDER.glob("*.md"))}
TABLES = {document: table_lines(page) for document, page in PAGES.items()}


def rows(document: str) -> list[Row]:
    """The claims of a document. Lines of another shape are left out; a test finds them."""
    lines = TABLES.get(document, [])
    return [
        Row(document, number, *cells)
        for number, cells in lines
        if len(cells) == len(HEAD) and cells != HEAD and set(cells[0]) != {"-"}
    ]


EVERY_ROW = [row for document in DOCUMENTS for row in rows(document)]


def path_exists(name: str) -> bool:
    """A file or a folder, or, after the first "#", a text in a file."""
    path, _, text = name.partition("#")
    place = ROOT / path
    return place.is_file() and text in text_of(place) if text else place.exists()


def declared(block: str) -> Callable[[str], bool]:
    """Whether a Terraform root, the name's first part, declares the block of its second."""

    def exists(name: str) -> bool:
        stack, _, wanted = name.partition("/")
        return any(
            re.search(rf'^{block} "{re.escape(wanted)}"', text_of(path), re.MULTILINE)
            for path in (ROOT / "terraform" / "stacks" / stack).glob("*.tf")
        )

    return exists


def target_exists(name: str) -> bool:
    """A target of the Makefile that its help shows."""
    return re.search(rf"^{re.escape(name)}:.*## ", text_of(ROOT / "Makefile"), re.MULTILINE) is not None


def role_exists(name: str) -> bool:
    """A role that has tasks."""
    return (ROOT / "roles" / name / "tasks" / "main.yml").is_file()


KINDS: dict[str, Callable[[str], bool]] = {
    "path": path_exists,
    "variable": declared("variable"),
    "output": declared("output"),
    "target": target_exists,
    "role": role_exists,
}


def places() -> Iterator[tuple[str, str, str]]:
    """Every place that the pages name, in a row's last column or in prose: page and line, kind, name."""
    for page in (OVERVIEW, *PAGES.values()):
        for number, line in enumerate(text_of(page).splitlines(), start=1):
            for kind, name in PLACE.findall(line.removesuffix("|").rpartition("|")[2]):
                yield f"{page.relative_to(ROOT)}:{number}", kind, name


def test_each_document_has_a_page_and_no_other_page_exists() -> None:
    assert set(PAGES) == set(DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_document_has_its_tables(document: str) -> None:
    lines = TABLES[document]
    assert len(rows(document)) >= 40
    misshapen = [number for number, cells in lines if len(cells) != len(HEAD)]
    assert misshapen == [], "lines of tables without exactly three columns"


def test_each_row_has_a_claim_and_a_status() -> None:
    assert [row.where for row in EVERY_ROW if not row.claim or row.status not in STATUSES] == []


def test_what_is_done_names_its_place() -> None:
    # A reference such as "as above" is not a place.
    assert [row.where for row in EVERY_ROW if row.status == "done" and not row.places] == []


def test_what_differs_says_why() -> None:
    short = [row.where for row in EVERY_ROW if row.status == "differs" and len(WORD.findall(row.reason)) < REASON_WORDS]
    assert short == [], "rows that differ without a reason"


def test_each_place_exists() -> None:
    missing = [
        f"{where}: {kind}:{name}" for where, kind, name in places() if kind not in KINDS or not KINDS[kind](name)
    ]
    assert missing == []


def test_a_place_that_is_not_there_would_be_found() -> None:
    """Each way of looking finds something and does not find everything."""
    assert {kind for _, kind, _ in places()} == set(KINDS)
    for kind, name in {
        "path": "Makefile#no such text in it",
        "variable": "ec2/app_url",
        "output": "ec2/existing_vpc_id",
        "target": "checked",
        "role": "no_such_role",
    }.items():
        assert not KINDS[kind](name)


def test_the_overview_counts_right() -> None:
    counted = {document: Counter(row.status for row in rows(document)) for document in DOCUMENTS}
    written = {name: tuple(map(int, numbers)) for name, *numbers in COUNTS.findall(text_of(OVERVIEW))}
    assert written == {name: tuple(counts[status] for status in STATUSES) for name, counts in counted.items()}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_with_a_blueprint_is_not_all_to_come(document: str) -> None:
    """So that a new blueprint leads to a change of the overview."""
    blueprint = ROOT / "terraform" / "blueprints" / f"{document}.tfvars"
    overview = next(line for line in text_of(OVERVIEW).splitlines() if line.startswith(f"| [{document}]"))
    assert ("none yet" in overview) != blueprint.is_file()
