"""An inventory that could not be read is told from an environment without a host."""

from __future__ import annotations

from typing import Any

import boto3

from tests.unit.plugins.running import Runner


def _launch(aws: dict[str, Any], environment: str) -> str:
    factory: Any = boto3.client
    ec2 = factory(
        "ec2",
        region_name=aws["region"],
        endpoint_url=aws["endpoint_url"],
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
    )
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "slipway:env", "Value": environment}]}]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags)
    instance: str = made["Instances"][0]["InstanceId"]
    return instance


def test_only_the_running_hosts_of_the_environment_are_named(aws: dict[str, Any]) -> None:
    runner = Runner("fleet", {"aws": aws, "environment_name": "dev"})
    assert runner.run()["instances"] == []
    mine = _launch(aws, "dev")
    _launch(aws, "prod")
    for result in (runner.check(), runner.run()):
        assert (result["changed"], result["instances"]) == (False, [mine])


def test_a_refusal_is_told_with_its_fix(enforced_iam: dict[str, Any]) -> None:
    message = Runner("fleet", {"aws": enforced_iam, "environment_name": "dev"}).fail()
    assert "AWS refused ec2:DescribeInstances (AccessDenied)" in message
    assert "allow it in the policy" in message
