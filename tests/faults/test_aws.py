"""AWS answers with errors or incompletely: the old release serves, and the next run succeeds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.app_sources import archive, service
from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import converges, fails_with, publish_next, untouched
from tests.faults.injected_fault import denied, injected


@pytest.fixture(scope="module")
def wanted(app: DeployedApp) -> Iterator[str]:
    """A version that the host cannot get during these faults. After the last one, one run installs it."""
    release = publish_next(app)
    yield release
    converges(app, release)


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
def test_s3_fails(app: DeployedApp, wanted: str, answer: str, words: tuple[str, ...]) -> None:
    with untouched(app):
        with injected(app, "s3", answer, "GetObject", app.artifact[1]):
            done = app.release()
        fails_with(done, *words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("429", ("ssm:GetParameter", "ThrottlingException")),
        ("500", ("ssm:GetParameter", "InternalFailure")),
        ("expired", ("ssm:GetParameter", "ExpiredTokenException", "does not accept the credentials")),
    ],
    ids=["throttled", "500", "expired credentials"],
)
def test_ssm_fails(app: DeployedApp, wanted: str, answer: str, words: tuple[str, ...]) -> None:
    with untouched(app):
        with injected(app, "ssm", answer, "GetParameter", app.parameter):
            done = app.release()
        fails_with(done, *words, app.parameter)


def test_s3_access_denied(app: DeployedApp, wanted: str) -> None:
    name, key = app.artifact
    with untouched(app):
        with denied(app, f"arn:aws:s3:::{name}/{key}", "s3:GetObject", "s3:GetObjectVersion"):
            done = app.release()
        fails_with(done, "s3:GetObject", key, "Deny")


def test_ssm_access_denied(app: DeployedApp, wanted: str) -> None:
    with untouched(app):
        with denied(app, f"arn:aws:ssm:*:*:parameter{app.parameter}", "ssm:GetParameter"):
            done = app.release()
        fails_with(done, "ssm:GetParameter", app.parameter, "Deny")


def test_an_artifact_with_a_wrong_sha256(app: DeployedApp, wanted: str) -> None:
    name, key = app.artifact
    s3 = app.client("s3")
    good = s3.get_object(Bucket=name, Key=key)
    body = good["Body"].read()
    with untouched(app):
        app.publish(archive({"main.py": service("another")}), sha256="0" * 64)
        try:
            done = app.release()
        finally:
            s3.put_object(Bucket=name, Key=key, Body=body, Metadata=good["Metadata"], ContentType="application/zip")
        fails_with(done, "SHA-256", "publish")
