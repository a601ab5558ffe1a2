"""Runs the sandbox's services on given ports, without containers: ``python -m sandbox.tests.server.serve``.

It prints ``ready``, and then, for each line on its input, the world as one line of JSON. A process of its own, because
moto's state and the sandbox's changes to it belong to the whole process.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

from sandbox.server.aws import environment
from sandbox.settings import settings_for


def main() -> None:
    directory, api, imds, stubs = sys.argv[1:]
    settings = dataclasses.replace(
        settings_for("test"),
        directory=Path(directory),
        api_port=int(api),
        imds_port=int(imds),
        stub_port=int(stubs),
    )
    answers, sys.stdout = sys.stdout, sys.stderr  # moto prints, too.
    logging.basicConfig(level=logging.INFO)
    environment.prepare(settings)
    # Only now: moto reads its settings while it is imported.
    from sandbox.server import process  # noqa: PLC0415
    from sandbox.server.aws.state import MotoWorld  # noqa: PLC0415
    from sandbox.server.listeners import Listeners  # noqa: PLC0415

    lock = threading.RLock()
    Listeners(process.services(settings, lock)).listen_on("127.0.0.1")
    print("ready", file=answers, flush=True)
    world = MotoWorld(settings, lock)
    for line in sys.stdin:
        if line.startswith("console "):
            world.record_console(line.split()[1], "a console\n" * 10_000)
        if line.startswith("image "):
            world.record_image(line.split()[1])
        pictures: dict[str, list[Any]] = {
            "networks": world.networks(),
            "hosts": world.hosts(),
            "databases": world.databases(),
            "machine_images": world.machine_images(),
        }
        plain = {name: [dataclasses.asdict(each) for each in found] for name, found in pictures.items()}
        print(json.dumps(plain), file=answers, flush=True)


if __name__ == "__main__":
    main()
