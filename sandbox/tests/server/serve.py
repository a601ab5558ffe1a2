"""Runs the sandbox's services on given ports, without containers: ``serve.py DIRECTORY API IMDS STUBS``.

It prints ``ready``. Then, for each line on its input, it prints what the API says exists, as one line of JSON. It is a
separate process because moto's state and the sandbox's changes to moto belong to the whole process.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import threading
from pathlib import Path
from typing import Any

from sandbox.project import load
from sandbox.server.aws import environment
from sandbox.settings import settings_for

#: The project of the tests: its stubs and policies.
PROJECT = load(Path(__file__).resolve().parents[1] / "project")


def main() -> None:
    directory, api, imds, stubs = sys.argv[1:]
    settings = dataclasses.replace(
        settings_for("test", PROJECT),
        directory=Path(directory),
        api_port=int(api),
        imds_port=int(imds),
        stub_port=int(stubs),
    )
    answers, sys.stdout = sys.stdout, sys.stderr  # moto prints to it as well.
    logging.basicConfig(level=logging.INFO)
    environment.prepare(settings)
    # Only after prepare: moto reads its settings while it is imported.
    from sandbox.server import process  # noqa: PLC0415
    from sandbox.server.aws.state import MotoState  # noqa: PLC0415
    from sandbox.server.listeners import Listeners  # noqa: PLC0415

    lock = threading.RLock()
    Listeners(process.services(settings, lock)).listen_on("127.0.0.1")
    print("ready", file=answers, flush=True)
    state = MotoState(settings, lock)
    for line in sys.stdin:
        if line.startswith("console "):
            state.record_console(line.split()[1], "a console\n" * 10_000)
        if line.startswith("image "):
            state.record_image(line.split()[1])
        found: dict[str, list[Any]] = {
            "vpcs": state.vpcs(),
            "instances": state.instances(),
            "databases": state.databases(),
            "machine_images": state.machine_images(),
        }
        plain = {name: [dataclasses.asdict(each) for each in items] for name, items in found.items()}
        print(json.dumps(plain), file=answers, flush=True)


if __name__ == "__main__":
    main()
