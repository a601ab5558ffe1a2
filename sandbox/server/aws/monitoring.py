"""EC2's detailed monitoring."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.monitoring import Monitoring

from sandbox.server.aws.patching import replaces


def install() -> None:
    """Switch detailed monitoring on and off. Terraform calls MonitorInstances, which moto does not have."""

    def switch(action: str, state: str) -> None:
        @replaces(Monitoring, action)
        def change(original: Any, response: Monitoring) -> ActionResult:  # noqa: ARG001 - it only raises an error
            instances = [response.ec2_backend.get_instance(each) for each in response._get_param("InstanceIds", [])]
            for instance in instances:
                instance.monitoring_state = state
            monitored = [{"InstanceId": each.id, "Monitoring": {"State": state}} for each in instances]
            return ActionResult({"InstanceMonitorings": monitored})

    switch("monitor_instances", "enabled")
    switch("unmonitor_instances", "disabled")
