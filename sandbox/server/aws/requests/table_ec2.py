"""Rules of Amazon EC2."""

from __future__ import annotations

from sandbox.server.aws.requests.rules import CHARACTERS, DECODED, Rule

_SET = "a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
_DESCRIPTION = r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*"
_AUTHORIZE = ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
_UPDATE = ("UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress")
_RULE_ARGUMENTS = (
    "aws_vpc_security_group_ingress_rule.description",
    "aws_vpc_security_group_egress_rule.description",
    "aws_security_group.ingress.description",
    "aws_security_group.egress.description",
    "aws_security_group_rule.description",
)


def _rule_description(operations: tuple[str, ...], path: str) -> Rule:
    return Rule(
        "ec2",
        operations,
        path,
        "InvalidParameterValue",
        "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  "
        + _SET,
        "aws-cloudformation/cfn-lint#173; hashicorp/terraform-provider-aws#18874",
        pattern=_DESCRIPTION,
        longest=255,
        terraform=_RULE_ARGUMENTS,
    )


def _ports(path: str) -> Rule:
    return Rule(
        "ec2",
        _AUTHORIZE,
        path,
        "InvalidParameterValue",
        "Invalid value '{value}' for portRange. Must be between -1 and 65535",
        "Amazon EC2 API Reference, IpPermission (FromPort, ToPort)",
        low=-1,
        high=65535,
        terraform=(f"aws_vpc_security_group_ingress_rule.{'from' if 'From' in path else 'to'}_port",),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "ec2",
        ("CreateSecurityGroup",),
        "Description",
        "InvalidParameterValue",
        "Value ({value}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.",
        "hashicorp/terraform-provider-aws#43854",
        refused=r"[^\x00-\x7f]",
        terraform=("aws_security_group.description",),
    ),
    Rule(
        "ec2",
        ("CreateSecurityGroup",),
        "Description",
        "InvalidParameterValue",
        "Invalid security group description. Valid descriptions are strings less than 256 characters from the "
        f"following set: {_SET}",
        "hashicorp/terraform-provider-aws#18874; Amazon EC2 API Reference, CreateSecurityGroup; cfn-lint E3031",
        pattern=_DESCRIPTION,
        longest=255,
        terraform=("aws_security_group.description",),
    ),
    Rule(
        "ec2",
        ("CreateSecurityGroup",),
        "GroupName",
        "InvalidParameterValue",
        "Value ({value}) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
        "pulumi/pulumi-awsx#328; Amazon EC2 API Reference, CreateSecurityGroup",
        refused=r"^sg-",
        terraform=("aws_security_group.name",),
    ),
    Rule(
        "ec2",
        ("CreateSecurityGroup",),
        "GroupName",
        "InvalidParameterValue",
        f"Value ({{value}}) for parameter GroupName is invalid. Valid names have up to 255 characters from: {_SET}",
        "Amazon EC2 API Reference, CreateSecurityGroup (GroupName, Constraints)",
        pattern=_DESCRIPTION,
        longest=255,
        terraform=("aws_security_group.name",),
    ),
    *(
        _rule_description((*_AUTHORIZE, *_UPDATE), f"IpPermissions[].{source}[].Description")
        for source in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    ),
    _rule_description(("ModifySecurityGroupRules",), "SecurityGroupRules[].SecurityGroupRule.Description"),
    _ports("IpPermissions[].FromPort"),
    _ports("IpPermissions[].ToPort"),
    Rule(
        "ec2",
        ("RunInstances",),
        "UserData",
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
        'Amazon EC2 User Guide, "Run commands when you launch an EC2 instance with user data input"',
        longest=16384,
        unit=DECODED,
        terraform=("aws_instance.user_data",),
    ),
    Rule(
        "ec2",
        ("RunInstances",),
        "MetadataOptions.HttpPutResponseHopLimit",
        "InvalidParameterValue",
        "Value ({value}) for parameter HttpPutResponseHopLimit is invalid. It must be between 1 and 64",
        "Amazon EC2 API Reference, InstanceMetadataOptionsRequest",
        low=1,
        high=64,
        terraform=("aws_instance.metadata_options.http_put_response_hop_limit",),
    ),
    Rule(
        "ec2",
        ("CreateKeyPair", "ImportKeyPair"),
        "KeyName",
        "InvalidParameterValue",
        "Value ({value}) for parameter KeyName is invalid. Character sets beyond ASCII are not supported.",
        "Amazon EC2 API Reference, CreateKeyPair (KeyName, Constraints: up to 255 ASCII characters)",
        pattern=r"[\x20-\x7e]+",
        longest=255,
        unit=CHARACTERS,
        terraform=("aws_key_pair.key_name",),
    ),
)
