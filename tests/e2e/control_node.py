"""A Debian 13 control node in a container: the same checkout and Docker engine, and the Python of Debian 13."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.types import Mount

from sandbox.machine import engine, images
from sandbox.report import Report
from slipway.launch import packages, provider
from tests import deprecations
from tests.e2e.run import LOGS, ROOT, Run

#: What a shell may say of proxies and package indexes.
_NETWORK_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "UV_DEFAULT_INDEX")
_TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
_SOCKET = "/var/run/docker.sock"


class ControlNode:
    """A container in which commands run as on this machine, at the same path."""

    def __init__(self, container: Any) -> None:
        self._container = container

    def run(self, *argv: str) -> Run:
        """Run a command in the checkout; its log is kept with those of the other commands."""
        code, output = self._container.exec_run(list(argv), workdir=str(ROOT), environment=deprecations.ENVIRONMENT)
        text = output.decode(errors="replace")
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / "commands.log").open("a") as log:
            log.write(f"debian 13 $ {' '.join(argv)}\n{text}\n[exit code {code}]\n\n")
        assert deprecations.unknown(text) == []
        return Run(code, text)


@contextmanager
def debian_13(packages_of: str) -> Iterator[ControlNode]:
    """A control node without an environment yet; `packages_of` is for SLIPWAY_PACKAGES: runtime or all."""
    client = engine.connect()
    image = images.ensure(client, "host-13", ROOT / ".sandbox", print)
    given = {name: os.environ[name] for name in _NETWORK_VARIABLES if name in os.environ}
    mirrors = _provider_mirrors()
    container = client.containers.run(
        image,
        ["infinity"],
        entrypoint="sleep",
        name=f"slipway-test-control-node-{os.getpid()}",
        # The sandbox's API is on loopback, its hosts are reached by this machine's bridges, and its server is
        # recognised by its process id.
        network_mode="host",
        pid_mode="host",
        working_dir=str(ROOT),
        environment={
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            packages.PACKAGES_VARIABLE: packages_of,
            **({provider.MIRROR_VARIABLE: mirrors[0]} if mirrors else {}),
            **given,
        },
        mounts=list(_mounts(mirrors)),
        detach=True,
    )
    try:
        yield ControlNode(container)
    finally:
        if os.getuid():
            # Root in the container wrote there, and the account that runs the tests must be able to.
            owner = f"{os.getuid()}:{os.getgid()}"
            container.exec_run(
                ["chown", "-R", "--from=root", owner, ".ansible", ".cache", ".slipway"], workdir=str(ROOT)
            )
        container.remove(force=True, v=True)
        client.close()


def _mounts(mirrors: list[str]) -> Iterator[Mount]:
    yield Mount(str(ROOT), str(ROOT), type="bind")
    # The container's own, because an environment belongs to one Python.
    yield Mount(str(ROOT / ".venv"), None)
    yield Mount(_SOCKET, _SOCKET, type="bind")
    terraform = shutil.which("terraform")
    assert terraform is not None
    yield Mount("/usr/local/bin/terraform", str(Path(terraform).resolve()), type="bind", read_only=True)
    for folder in mirrors:
        yield Mount(folder, folder, type="bind", read_only=True)
    bundle = next((path for path in packages.SYSTEM_BUNDLES if path.exists()), None)
    if bundle is not None:
        yield Mount(_TRUSTED, str(bundle.resolve()), type="bind", read_only=True)


def _provider_mirrors() -> list[str]:
    """The folders of this machine from which Terraform takes the provider, outside the checkout."""
    configuration = provider.ensure(ROOT, Report(), os.environ).read_text(encoding="utf-8")
    named = re.findall(r'path\s*=\s*"([^"]+)"', configuration)
    return [folder for folder in named if not Path(folder).is_relative_to(ROOT)]
