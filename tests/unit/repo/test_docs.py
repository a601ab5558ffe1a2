"""The documentation's form: width, length, links, and the picture of a run."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from docs.pictures import site
from tests.unit.repo.helpers import ROOT, text_of, tracked_files

WIDTH = 100
LINES = 400

PAGES = [path for path in tracked_files() if path.suffix == ".md"]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
FENCE = re.compile(r"^\s*```.*?^\s*```", re.MULTILINE | re.DOTALL)
LINK_TARGET = re.compile(r"\]\(([^)\s]+)\)")


def prose(page: Path) -> str:
    """A page without its code blocks; the numbers of its lines stay."""
    return FENCE.sub(lambda block: "\n" * block.group().count("\n"), text_of(page))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(page: Path, link: str) -> bool:
    """Whether a relative link names no file, or an anchor that its page lacks."""
    if re.match(r"[a-z]+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    return not target.exists() or bool(anchor and target.suffix == ".md" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_lines_outside_tables_and_code_fit_the_width(page: Path) -> None:
    long = [
        number
        for number, line in enumerate(prose(page).splitlines(), start=1)
        if len(LINK_TARGET.sub("]", line)) > WIDTH and not line.lstrip().startswith("|")
    ]
    assert long == [], f"lines longer than {WIDTH} characters"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_is_too_long(page: Path) -> None:
    assert len(text_of(page).splitlines()) <= LINES


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    assert [link for link in LINK_TARGET.findall(prose(page)) if is_broken(page, link)] == []


def test_broken_links_are_found() -> None:
    page = ROOT / "README.md"
    assert is_broken(page, "docs/no_such_page.md")
    assert is_broken(page, "docs/releases.md#no-such-heading")
    assert not is_broken(page, "docs/releases.md#https")


def test_the_picture_shows_the_newest_recording() -> None:
    picture = html.unescape(text_of(site.PICTURE)).replace("\N{NO-BREAK SPACE}", " ")
    assert [line for line in site.recording() if line not in picture] == []
    assert "@font-face" not in text_of(site.PICTURE), "the picture loads nothing"


def test_the_journey_of_a_release_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split("### A release, from the command to the traffic")[1].split("\n## ")[0]
    files = re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    assert len(files) > 5
    assert [file for file in files if not (ROOT / file).is_file()] == []
    playbook = (ROOT / "playbooks" / "release.yml").read_text(encoding="utf-8")
    steps = [file.split("/")[-1].removesuffix(".yml") for file in files if file.startswith("roles/")]
    assert [step for step in steps if step != "resolve" and f"tasks_from: {step}\n" not in playbook] == []
