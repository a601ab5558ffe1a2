"""The figures that are told are those of the raw results that are kept."""

from __future__ import annotations

import pytest

from benchmarks.loss import report, results
from benchmarks.loss.figures import Summary, summary
from benchmarks.loss.mechanism import ROOT


@pytest.fixture(scope="module")
def summaries() -> list[Summary]:
    paths = sorted(results.FOLDER.glob("*.json.gz"))
    assert paths, "the raw results are in the repository"
    return [summary(measurement) for measurement in report.measured(paths)]


def test_the_table_is_that_of_the_raw_results(summaries: list[Summary]) -> None:
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert report.table(summaries) in readme


def test_the_picture_tells_the_same_losses(summaries: list[Summary]) -> None:
    picture = report.PICTURE.read_text(encoding="utf-8")
    for one in summaries:
        assert report.title(one) in picture
