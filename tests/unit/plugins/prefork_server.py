"""Forks a process for each module that a test runs (prefork.py), after the imports that modules have in common."""

from __future__ import annotations

import array
import atexit
import gc
import importlib.util
import io
import json
import os
import runpy
import socket
import sys
import traceback
from pathlib import Path

# What a module would import itself.
import ansible.module_utils.basic  # noqa: F401
import boto3  # noqa: F401
import botocore.httpsession  # noqa: F401

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
#: Folders on PYTHONPATH whose sitecustomize.py replaces attributes, and so may be imported after other modules.
LATE = (HERE / "redirect_metadata", HERE / "redirect_run")
#: The largest request.
MESSAGE_BYTES = 1 << 20


def serve(requests: socket.socket) -> None:
    """Fork a process for each request until the client has closed its end."""
    gc.freeze()
    while True:
        request, ancillary, _, _ = requests.recvmsg(MESSAGE_BYTES, socket.CMSG_SPACE(4 * 4))
        if not request:
            return
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data)
        if os.fork() == 0:
            # Forked once more, so that the server has no child to wait for.
            pid = os.fork()
            if pid == 0:
                requests.close()
                os.close(descriptors[3])
                _become(json.loads(request), descriptors[:3])
            os.write(descriptors[3], str(pid).encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        os.wait()


def _become(request: dict[str, object], descriptors: array.array[int]) -> None:
    """Be the module's process; does not return."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)))
    sys.stderr = io.TextIOWrapper(io.BufferedWriter(io.FileIO(2, "w", closefd=False)), line_buffering=True)
    environment = request["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    # Ansible takes a word on the command line for a module's options.
    sys.argv = [str(request["module"])]
    code = 0
    try:
        for folder in LATE:
            if str(folder) in environment.get("PYTHONPATH", "").split(os.pathsep):
                _import_file(folder / "sitecustomize.py")
        runpy.run_module(str(request["module"]), run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    # What an interpreter does at its end.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _import_file(path: Path) -> None:
    spec = importlib.util.spec_from_file_location("sitecustomize", path)
    assert spec and spec.loader
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given_socket:
        serve(given_socket)
