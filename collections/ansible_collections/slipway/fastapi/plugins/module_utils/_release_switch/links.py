"""The symbolic links of an application's directory that lead to its releases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._system import files

LINKS = ("current", "previous", ".env", "venv")


def links_for(release: str | None) -> dict[str, str | None]:
    """The links that make a release the current one; None: there is no release."""
    if release is None:
        return {"current": None, ".env": "shared/.env", "venv": None}
    return {"current": f"releases/{release}", ".env": "current/.env", "venv": "current/venv"}


def read_links(top: Path) -> dict[str, str | None]:
    """Each of the links with its text; None for a link that does not exist.

    Raises:
        FileExistsError: something else than a link has one of the names.
    """
    return {link: files.read_link(top / link) for link in LINKS}


def set_links(top: Path, links: Mapping[str, str | None]) -> None:
    """Sets links that differ, and waits until they are on the disk; None removes a link."""
    for link, target in links.items():
        path = top / link
        if files.read_link(path) != target:
            files.replace_link(path, target)
    files.flush_names(top)


def compare_links(
    difference: Difference, present: Mapping[str, str | None], release: str, previous: str | None
) -> None:
    """Adds the links to the difference of a host.

    Args:
        difference: what is added to.
        present: the links as they are.
        release: the release that is to be the current one.
        previous: the text of the link to the release before it.
    """
    for link, target in {**links_for(release), "previous": previous}.items():
        difference.compare(link, present.get(link), target)
