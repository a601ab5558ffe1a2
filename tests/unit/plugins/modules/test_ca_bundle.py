"""A CA bundle on a host, and its publisher's moods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.modules import ca_bundle

from tests.unit.plugins.module_utils.probes.servers import Authority, Reply, http_server
from tests.unit.plugins.running import Runner, six_steps


class Publisher:
    """Serves whatever `reply` is at the moment."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/bundle.pem"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "first")


@pytest.fixture
def publisher(authority: Authority) -> Iterator[Publisher]:
    found = Publisher(Reply(200, authority.bundle.read_bytes()))
    with http_server(lambda *_: found.reply, authority.context("localhost")) as found.port:
        yield found


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "rds-ca.pem"


@pytest.fixture
def runner(publisher: Publisher, authority: Authority, dest: Path) -> Runner:
    options: dict[str, Any] = {"url": publisher.url, "dest": str(dest), "timeout": 5}
    return Runner("ca_bundle", options, {"SSL_CERT_FILE": str(authority.bundle), "SSL_CERT_DIR": "/nonexistent"})


def test_six_steps(runner: Runner, publisher: Publisher, authority: Authority, dest: Path, tmp_path: Path) -> None:
    more = authority.bundle.read_bytes() + Authority(tmp_path, "second").bundle.read_bytes()

    def renew() -> None:
        publisher.reply = Reply(200, more)

    first = six_steps(runner, {"do": renew})
    assert first["certificates"] == 1
    assert dest.read_bytes() == more
    assert dest.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(404), "HTTP 404"),
        (Reply(200, b"<html>"), "not a bundle of certificates"),
        (Reply(200, b""), "not a bundle of certificates"),
        (Reply(200, b"x" * (5 << 20)), "larger than 4 MiB"),
    ],
)
def test_a_publisher_without_a_bundle(
    runner: Runner, publisher: Publisher, dest: Path, reply: Reply, words: str
) -> None:
    good, publisher.reply = publisher.reply, reply
    assert words in runner.fail()
    assert not dest.exists()

    publisher.reply = good
    runner.run()
    kept, publisher.reply = dest.read_bytes(), reply
    result = runner.run()
    assert (result["changed"], words in str(result["warnings"]), dest.read_bytes()) == (False, True, kept)


def test_a_publisher_that_is_not_trusted(runner: Runner, tmp_path: Path) -> None:
    runner.environment["SSL_CERT_FILE"] = str(Authority(tmp_path, "stranger").bundle)
    assert "cannot be reached" in runner.fail()


def test_a_publisher_over_plain_http_is_refused(runner: Runner) -> None:
    assert "is not an https URL" in runner.fail(url="http://localhost/bundle.pem")


def test_a_bundle_may_have_text_in_any_encoding_around_its_certificates(authority: Authority) -> None:
    content = "# Agència Catalana de Certificació\n".encode() + b"# T\xfcrktrust\n" + authority.bundle.read_bytes()
    assert ca_bundle.count(content) == 1
    with pytest.raises(ca_bundle.BundleError):
        ca_bundle.count(b"\x30\x82\xff no text at all")
