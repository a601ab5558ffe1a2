"""Texts that Terraform sends to AWS: each has only characters, and a length, that the service takes.

The provider checks few of these rules when it plans, so a text that AWS refuses is noticed only by an apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.unit.repo.helpers import ROOT, text_of


class Rule(NamedTuple):
    """What AWS takes: a pattern of the whole text, and where AWS states it."""

    pattern: str
    source: str


EC2_TEXT = r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"
RULES = {
    ("aws_security_group", "description"): Rule(EC2_TEXT, "EC2 API reference, CreateSecurityGroup, GroupDescription"),
    ("aws_security_group", "name"): Rule(rf"(?!sg-){EC2_TEXT}", "EC2 API reference, CreateSecurityGroup, GroupName"),
    ("aws_vpc_security_group_ingress_rule", "description"): Rule(EC2_TEXT, "EC2 API reference, IpRange, Description"),
    ("aws_vpc_security_group_egress_rule", "description"): Rule(EC2_TEXT, "EC2 API reference, IpRange, Description"),
    ("aws_iam_role", "description"): Rule(
        r"[\t\n\r\x20-\x7e\xa1-\xff]{0,1000}", "IAM API reference, CreateRole, Description"
    ),
    ("aws_iam_role", "name"): Rule(r"[\w+=,.@-]{1,64}", "IAM API reference, CreateRole, RoleName"),
    ("aws_iam_role_policy", "name"): Rule(r"[\w+=,.@-]{1,128}", "IAM API reference, PutRolePolicy, PolicyName"),
    ("aws_iam_instance_profile", "name"): Rule(
        r"[\w+=,.@-]{1,128}", "IAM API reference, CreateInstanceProfile, InstanceProfileName"
    ),
    ("aws_db_subnet_group", "name"): Rule(
        r"(?!default$)[a-z][a-z0-9._ -]{0,254}", "RDS API reference, CreateDBSubnetGroup, DBSubnetGroupName"
    ),
    ("aws_db_subnet_group", "description"): Rule(r"[\x20-\x7e]{1,255}", "RDS API reference, CreateDBSubnetGroup"),
    ("aws_db_parameter_group", "name_prefix"): Rule(
        r"[a-z](-?[a-z0-9])*-?", "RDS API reference, CreateDBParameterGroup, DBParameterGroupName"
    ),
    ("aws_db_parameter_group", "description"): Rule(r"[\x20-\x7e]{1,255}", "RDS API reference, CreateDBParameterGroup"),
}
RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
TEXT = re.compile(r"^  (name|name_prefix|description)\s*=\s*(.+)$", re.MULTILINE)
# What a module's own variables may hold: shortest and longest, as its validations allow.
STAND_INS = ("slipway-dev-app", f"slipway-{'e' * 10}-{'a' * 19}")


class Text(NamedTuple):
    """One argument of a resource, as it is written."""

    where: str
    kind: str
    argument: str
    value: str


def texts() -> Iterator[Text]:
    """Every name and description that a resource of this project sends to AWS."""
    for path in sorted((ROOT / "terraform").rglob("*.tf")):
        if ".terraform" in path.parts:
            continue
        for kind, name, body in RESOURCE.findall(text_of(path)):
            for argument, value in TEXT.findall(body):
                yield Text(f"{path.relative_to(ROOT)}: {kind}.{name}", kind, argument, value)


def written(value: str, stand_in: str) -> str:
    """The text that an expression gives, with *stand_in* for each variable in it."""
    if not value.startswith('"'):
        return stand_in
    return re.sub(r"\$\{[^}]*\}", stand_in, value[1:-1])


def problems(text: Text) -> list[str]:
    """Why AWS refuses this text, or nothing."""
    if (rule := RULES.get((text.kind, text.argument))) is None:
        return [f"{text.where}: say in RULES what AWS takes as {text.argument} of {text.kind}, with the source"]
    values = [written(text.value, stand_in) for stand_in in STAND_INS]
    return [
        f"{text.where}: {text.argument} is {value!r}, and AWS takes {rule.pattern} ({rule.source})"
        for value in values
        if not re.fullmatch(rule.pattern, value)
    ]


def test_texts_are_found() -> None:
    found = list(texts())
    assert {text.kind for text in found} == {kind for kind, _ in RULES}
    assert len(found) >= 15


@pytest.mark.parametrize("text", list(texts()), ids=lambda text: f"{text.where}.{text.argument}")
def test_aws_takes_what_is_sent(text: Text) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("kind", "argument", "value"),
    [
        ("aws_security_group", "description", '"The application\'s hosts"'),
        ("aws_security_group", "description", '"Hosts – all"'),
        ("aws_security_group", "description", f'"{"x" * 256}"'),
        ("aws_security_group", "name", '"sg-app"'),
        ("aws_vpc_security_group_ingress_rule", "description", '"Who? Everybody"'),
        ("aws_vpc_security_group_egress_rule", "description", '"<any>"'),
        ("aws_iam_role", "description", '"Rolle für Hosts – alle"'),
        ("aws_iam_role", "name", '"${var.name}-and-something-that-makes-this-a-name-which-is-too-long"'),
        ("aws_db_subnet_group", "name", '"default"'),
        ("aws_db_parameter_group", "name_prefix", '"${var.identifier}--"'),
        ("aws_lb", "name", '"app"'),
    ],
)
def test_what_aws_refuses_is_named(kind: str, argument: str, value: str) -> None:
    assert problems(Text("main.tf", kind, argument, value))
