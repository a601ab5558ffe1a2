"""EC2 instances."""

from __future__ import annotations

from typing import Any

from slipway.aws_rules.shapes import TAGS, Block, To, Type
from slipway.aws_rules.tables import placeholders


def _root_volume(volume: dict[str, Any]) -> list[dict[str, Any]]:
    """The root volume's device name is the image's. Of those in use, most have this one."""
    return [{"DeviceName": "/dev/xvda", "Ebs": volume}]


TYPES = {
    "aws_instance": Type(
        "AWS::EC2::Instance",
        {
            "ami": To("ImageId", unknown=placeholders.image),
            "instance_type": To("InstanceType"),
            "subnet_id": To("SubnetId", unknown=placeholders.subnet),
            "vpc_security_group_ids": To("SecurityGroupIds", unknown=placeholders.security_groups),
            "iam_instance_profile": To("IamInstanceProfile", unknown=placeholders.name),
            "key_name": To("KeyName"),
            "source_dest_check": To("SourceDestCheck"),
            "metadata_options": Block(
                "MetadataOptions",
                {
                    "http_endpoint": To("HttpEndpoint"),
                    "http_tokens": To("HttpTokens"),
                    "http_put_response_hop_limit": To("HttpPutResponseHopLimit"),
                    "http_protocol_ipv6": To("HttpProtocolIpv6"),
                    "instance_metadata_tags": To("InstanceMetadataTags"),
                },
            ),
            "root_block_device": Block(
                "BlockDeviceMappings",
                {
                    "volume_type": To("VolumeType"),
                    "volume_size": To("VolumeSize"),
                    "encrypted": To("Encrypted"),
                    "delete_on_termination": To("DeleteOnTermination"),
                    "iops": To("Iops"),
                },
                build=_root_volume,
            ),
            "tags_all": TAGS,
        },
    ),
}
