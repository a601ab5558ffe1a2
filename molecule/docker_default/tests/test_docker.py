"""The engine, as somebody on the host would use it."""

from __future__ import annotations

import json

from testinfra.host import Host


def test_engine_runs_now_and_at_every_start(host: Host) -> None:
    service = host.service("docker")
    assert service.is_running
    assert service.is_enabled


def test_engine_answers_on_its_socket(host: Host) -> None:
    assert host.socket("unix:///run/docker.sock").is_listening
    version = json.loads(host.check_output("docker version --format '{{json .}}'"))
    assert version["Server"]["Os"] == "linux"


def test_a_container_runs(host: Host) -> None:
    # No registry is asked: an image of one static program is enough to show that the engine starts containers.
    host.check_output("tar -C / -chf - usr/bin/docker-init | docker import - probe:test")
    assert "tini" in host.check_output("docker run --rm probe:test /usr/bin/docker-init --version")


def test_the_log_of_a_container_has_a_limit(host: Host) -> None:
    host.check_output("tar -C / -chf - usr/bin/docker-init | docker import - probe:logs")
    host.check_output(
        "docker rm -f probe-logs; docker create --name probe-logs probe:logs /usr/bin/docker-init --version"
    )
    configured = json.loads(host.check_output("docker inspect --format '{{json .HostConfig.LogConfig}}' probe-logs"))
    assert configured == {"Type": "json-file", "Config": {"max-size": "20m", "max-file": "5"}}


def test_service_account_may_not_use_the_engine(host: Host) -> None:
    assert host.file("/run/docker.sock").group == "docker"
    assert "docker" not in host.user("backend").groups
