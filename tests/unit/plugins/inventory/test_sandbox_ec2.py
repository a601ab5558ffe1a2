"""When the sandbox's inventory asks, and what it never asks."""

from __future__ import annotations

import http.server
import os
import socket
import threading

import pytest
from ansible.errors import AnsibleParserError
from ansible_collections.slipway.fastapi.plugins.inventory import sandbox_ec2

from sandbox.settings import FAULTS_PATH


def test_the_question_is_one_that_the_sandbox_answers_at_once() -> None:
    assert sandbox_ec2.QUESTION == FAULTS_PATH


def test_who_speaks_http_answers() -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert sandbox_ec2.answers(("127.0.0.1", server.server_port))


def test_who_only_listens_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_ec2, "ANSWER_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not sandbox_ec2.answers(silent.getsockname())
    assert not sandbox_ec2.answers(("127.0.0.1", 1))


@pytest.mark.parametrize("url", [None, "", "http://127.0.0.1", "https://ec2.us-east-1.amazonaws.com:443"])
def test_another_endpoint_than_one_on_this_machine_is_refused(url: str | None) -> None:
    with pytest.raises(AnsibleParserError, match="inventories/dev"):
        sandbox_ec2.loopback_address(url)


def test_nothing_of_the_shell_reaches_the_sdk() -> None:
    environ = {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL_EC2": "https://elsewhere", "PATH": "/bin"}
    sandbox_ec2.forget_aws_environment(environ)
    assert environ == {
        "PATH": "/bin",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
