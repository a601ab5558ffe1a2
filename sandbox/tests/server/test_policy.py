"""IAM's evaluation of policies."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server.aws.authorization.policy import Access, Decision, decide, decide_all

PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter/slipway/sandbox/app/env"


def statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": PARAMETER, **changes}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([], Decision.IMPLICIT_DENY, id="nothing says anything"),
        pytest.param([statement()], Decision.ALLOW, id="exact"),
        pytest.param([statement(Action="SSM:getparameter")], Decision.ALLOW, id="actions ignore case"),
        pytest.param([statement(Resource=PARAMETER.upper())], Decision.IMPLICIT_DENY, id="resources do not"),
        pytest.param([statement(Action="ssm:Get*")], Decision.ALLOW, id="star in an action"),
        pytest.param([statement(Action=["s3:*", "ssm:GetParamete?"])], Decision.ALLOW, id="one of several actions"),
        pytest.param([statement(Action="ssm:GetParameters")], Decision.IMPLICIT_DENY, id="another action"),
        pytest.param([statement(Resource="*")], Decision.ALLOW, id="all resources"),
        pytest.param([statement(Resource=PARAMETER[:-3] + "*")], Decision.ALLOW, id="star in a resource"),
        pytest.param([statement(Resource=PARAMETER + "-other")], Decision.IMPLICIT_DENY, id="another resource"),
        pytest.param([statement(Resource=PARAMETER.replace(".", "?"))], Decision.ALLOW, id="no regular expression"),
        pytest.param(
            [statement(), statement(Effect="Deny", Action="ssm:*", Resource="*")],
            Decision.EXPLICIT_DENY,
            id="a deny wins, later",
        ),
        pytest.param(
            [statement(Effect="Deny", Action="ssm:*", Resource="*"), statement()],
            Decision.EXPLICIT_DENY,
            id="a deny wins, earlier",
        ),
        pytest.param(
            [statement(Effect="Deny", Action="s3:*"), statement()], Decision.ALLOW, id="a deny of other things"
        ),
    ],
)
def test_decision(statements: list[dict[str, Any]], expected: Decision) -> None:
    assert decide([document(*statements)], Access("ssm:GetParameter", PARAMETER)) is expected


def test_a_single_statement_needs_no_list() -> None:
    assert decide([{"Statement": statement()}], Access("ssm:GetParameter", PARAMETER)) is Decision.ALLOW


def test_documents_add_up() -> None:
    documents = [document(statement(Resource="arn:aws:ssm:::other")), document(statement())]
    assert decide(documents, Access("ssm:GetParameter", PARAMETER)) is Decision.ALLOW


def test_not_action_and_not_resource_select_the_rest() -> None:
    allowed = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::*"}
    assert decide([document(allowed)], Access("ssm:GetParameter", PARAMETER)) is Decision.ALLOW
    assert decide([document(allowed)], Access("s3:GetObject", PARAMETER)) is Decision.IMPLICIT_DENY


def test_a_policy_variable_takes_the_context() -> None:
    allowed = statement(Action="s3:GetObject", Resource="arn:aws:s3:::content/${aws:PrincipalAccount}/*")
    wanted = Access("s3:GetObject", "arn:aws:s3:::content/1/a", {"aws:principalaccount": ("1",)})
    assert decide([document(allowed)], wanted) is Decision.ALLOW
    without = Access("s3:GetObject", "arn:aws:s3:::content//a")
    assert decide([document(allowed)], without) is Decision.IMPLICIT_DENY


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"s3:prefix": "a/"}}, True),
        ({"StringEquals": {"S3:Prefix": ["b/", "a/"]}}, True),
        ({"StringEquals": {"s3:prefix": "b/"}}, False),
        ({"StringEquals": {"s3:prefix": "a/", "aws:absent": "x"}}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A/"}}, True),
        ({"StringLike": {"s3:prefix": "a*"}}, True),
        ({"StringNotLike": {"s3:prefix": "a*"}}, False),
        ({"StringNotEquals": {"s3:prefix": "b/"}}, True),
        ({"StringNotEquals": {"aws:absent": "b/"}}, True),
        ({"StringEqualsIfExists": {"aws:absent": "x"}}, True),
        ({"StringEqualsIfExists": {"s3:prefix": "x"}}, False),
        ({"Null": {"aws:absent": "true"}}, True),
        ({"Null": {"s3:prefix": True}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": 10}}, True),
        ({"NumericGreaterThan": {"s3:max-keys": "10"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/host"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["b", "z"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["b", "z"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:absent": "x"}}, True),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}, True),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": "a"}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:absent": "x"}}, False),
        ({"StringEquals": {"s3:ResourceAccount": "${aws:PrincipalAccount}"}}, True),
        ({"StringNotEquals": {"s3:ResourceAccount": "${aws:PrincipalAccount}"}}, False),
        ({"StringEquals": {"s3:prefix": "${aws:absent}"}}, False),
        ({"StringNotEquals": {"s3:prefix": "${aws:absent}"}}, True),
    ],
)
def test_condition(condition: dict[str, Any], allowed: bool) -> None:
    context = {
        "s3:prefix": ("a/",),
        "s3:max-keys": ("10",),
        "aws:securetransport": ("true",),
        "aws:sourceip": ("10.1.2.3",),
        "aws:principalarn": ("arn:aws:iam::000000000000:role/host",),
        "aws:tagkeys": ("a", "b"),
        "aws:principalaccount": ("000000000000",),
        "s3:resourceaccount": ("000000000000",),
    }
    judged = decide([document(statement(Condition=condition))], Access("ssm:GetParameter", PARAMETER, context))
    assert (judged is Decision.ALLOW) == allowed


def test_an_unknown_operator_never_allows_a_request() -> None:
    condition = {"BinaryEquals": {"aws:x": "eA=="}}
    access = Access("ssm:GetParameter", PARAMETER)
    assert decide([document(statement(Condition=condition))], access) is Decision.IMPLICIT_DENY
    denied = [statement(), statement(Effect="Deny", Condition=condition)]
    assert decide([document(*denied)], access) is Decision.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("principal", "applies"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::1:role/other", "arn:aws:iam::0:role/host"]}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::1:role/other"}}, False),
        ({"Principal": {"Service": "logging.s3.amazonaws.com"}}, False),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::0:role/host"}}, False),
    ],
)
def test_a_statement_applies_to_its_principals_only(principal: dict[str, Any], applies: bool) -> None:
    judged = decide(
        [document(statement(**principal))],
        Access("ssm:GetParameter", PARAMETER),
        frozenset({"*", "arn:aws:iam::0:role/host"}),
    )
    assert (judged is Decision.ALLOW) == applies


ROLE, SESSION = "arn:aws:iam::0:role/host", "arn:aws:sts::0:assumed-role/host/i-1"
ALLOWS, SILENT = [document(statement())], [document()]
DENIES = [document(statement(Effect="Deny"))]


def granted_to(principal: str) -> list[dict[str, Any]]:
    """A resource's policy that allows it to *principal*."""
    return [document(statement(Principal={"AWS": principal}))]


# IAM User Guide: "Permissions boundaries for IAM entities", "Policy evaluation for requests within a single account".
@pytest.mark.parametrize(
    ("own", "boundary", "resource", "expected"),
    [
        pytest.param(ALLOWS, ALLOWS, [], Decision.ALLOW, id="both allow"),
        pytest.param(ALLOWS, SILENT, [], Decision.IMPLICIT_DENY, id="the boundary limits"),
        pytest.param(SILENT, ALLOWS, [], Decision.IMPLICIT_DENY, id="the boundary gives nothing"),
        pytest.param(ALLOWS, DENIES, [], Decision.EXPLICIT_DENY, id="the boundary denies"),
        pytest.param(DENIES, ALLOWS, granted_to(SESSION), Decision.EXPLICIT_DENY, id="a deny wins over all"),
        pytest.param(SILENT, ALLOWS, granted_to(ROLE), Decision.ALLOW, id="the resource's policy gives it to the role"),
        pytest.param(SILENT, SILENT, granted_to(ROLE), Decision.IMPLICIT_DENY, id="the boundary limits that, too"),
        pytest.param(SILENT, SILENT, granted_to("*"), Decision.IMPLICIT_DENY, id="and what everybody is given"),
        pytest.param(
            SILENT, SILENT, granted_to(SESSION), Decision.ALLOW, id="but not what the session itself is given"
        ),
    ],
)
def test_a_boundary(own: Any, boundary: Any, resource: Any, expected: Decision) -> None:
    access = Access("ssm:GetParameter", PARAMETER)
    assert decide_all([own, boundary], resource, access, frozenset({"*", ROLE}), SESSION) is expected


def test_without_a_boundary_one_allow_is_enough() -> None:
    access = Access("ssm:GetParameter", PARAMETER)
    assert decide_all([SILENT], granted_to(ROLE), access, frozenset({ROLE}), SESSION) is Decision.ALLOW
    assert decide_all([SILENT], [], access, frozenset({ROLE}), SESSION) is Decision.IMPLICIT_DENY
