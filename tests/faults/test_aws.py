"""AWS answers with errors or incompletely: the old release serves, and the next run succeeds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.apps import archive, service
from tests.faults.cells import Cell
from tests.faults.flow import converges, publish_next, told, untouched
from tests.faults.orders import denied, ordered


@pytest.fixture(scope="module")
def wanted(cell: Cell) -> Iterator[str]:
    """A version that the host cannot get during these faults. After the last one, one run installs it."""
    release = publish_next(cell)
    yield release
    converges(cell, release)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("500", ("s3:GetObject", "InternalError")),
        ("503", ("s3:GetObject", "SlowDown")),
        ("cut", ("s3:GetObject", "the connection was cut")),
        ("expired", ("s3:GetObject", "ExpiredToken", "does not accept the credentials")),
    ],
    ids=["500", "throttled", "cut", "expired credentials"],
)
def test_s3_fails(cell: Cell, wanted: str, answer: str, words: tuple[str, ...]) -> None:
    with untouched(cell):
        with ordered(cell, "s3", answer, "GetObject", cell.artifact[1]):
            done = cell.release()
        told(done, *words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("429", ("ssm:GetParameter", "ThrottlingException")),
        ("500", ("ssm:GetParameter", "InternalFailure")),
        ("expired", ("ssm:GetParameter", "ExpiredTokenException", "does not accept the credentials")),
    ],
    ids=["throttled", "500", "expired credentials"],
)
def test_ssm_fails(cell: Cell, wanted: str, answer: str, words: tuple[str, ...]) -> None:
    with untouched(cell):
        with ordered(cell, "ssm", answer, "GetParameter", cell.parameter):
            done = cell.release()
        told(done, *words, cell.parameter)


def test_s3_access_denied(cell: Cell, wanted: str) -> None:
    name, key = cell.artifact
    with untouched(cell):
        with denied(cell, f"arn:aws:s3:::{name}/{key}", "s3:GetObject", "s3:GetObjectVersion"):
            done = cell.release()
        told(done, "s3:GetObject", key, "Deny")


def test_ssm_access_denied(cell: Cell, wanted: str) -> None:
    with untouched(cell):
        with denied(cell, f"arn:aws:ssm:*:*:parameter{cell.parameter}", "ssm:GetParameter"):
            done = cell.release()
        told(done, "ssm:GetParameter", cell.parameter, "Deny")


def test_an_artifact_with_a_wrong_sha256(cell: Cell, wanted: str) -> None:
    name, key = cell.artifact
    s3 = cell.client("s3")
    good = s3.get_object(Bucket=name, Key=key)
    body = good["Body"].read()
    with untouched(cell):
        cell.publish(archive({"main.py": service("another")}), sha256="0" * 64)
        try:
            done = cell.release()
        finally:
            s3.put_object(Bucket=name, Key=key, Body=body, Metadata=good["Metadata"], ContentType="application/zip")
        told(done, "SHA-256", "publish")
