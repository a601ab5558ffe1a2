"""GetConsoleOutput: a host's console output."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.responses.general import General

from sandbox.server.aws.patching import replaces

#: EC2 keeps the last 64 KiB.
LIMIT = 64 * 1024

_outputs: dict[str, str] = {}


def record(instance_id: str, text: str) -> None:
    """Keep *text* as the console output of the instance."""
    _outputs[instance_id] = text[-LIMIT:]


def install() -> None:
    """Return the host's own output. moto returns a sample from 2006, without the host's SSH keys."""

    @replaces(General, "get_console_output")
    def get_console_output(original: Any, response: General) -> ActionResult:  # noqa: ARG001 - it returns the sample
        instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
        output = Base64EncodedString.from_raw_string(_outputs.get(instance.id, ""))
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})
