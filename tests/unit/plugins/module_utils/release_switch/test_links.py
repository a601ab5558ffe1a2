"""The links of an application's directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release_switch.links import (
    LINKS,
    links_for,
    read_links,
    set_links,
)


def test_without_a_release_the_environment_is_the_shared_one() -> None:
    assert links_for(None) == {"current": None, ".env": "shared/.env", "venv": None}


def test_links_are_set_and_removed(tmp_path: Path) -> None:
    assert read_links(tmp_path) == dict.fromkeys(LINKS)
    set_links(tmp_path, links_for("r1"))
    assert read_links(tmp_path) == {**links_for("r1"), "previous": None}
    set_links(tmp_path, links_for(None))
    assert read_links(tmp_path) == {**links_for(None), "previous": None}


def test_a_file_in_the_place_of_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    with pytest.raises(FileExistsError, match="move it away"):
        read_links(tmp_path)
