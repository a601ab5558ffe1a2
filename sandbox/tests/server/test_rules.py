"""The table of rules, and the check by botocore's model, as pure functions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from moto.core.utils import get_service_model

from sandbox.server.aws.requests import checking, rules
from sandbox.server.aws.requests.rules import BYTES, CHARACTERS, COMPACT, DECODED, Rule
from sandbox.server.aws.requests.table import RULES, rules_of

_MODELS = {"elasticloadbalancing": "elbv2"}


def _shape_at(shape: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        shape = shape.members[part.removesuffix("[]")]
        shape = shape.member if part.endswith("[]") else shape
    return shape


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.service}-{rule.path}")
def test_a_rule_names_parameters_that_exist_and_its_source(rule: Rule) -> None:
    model = get_service_model(_MODELS.get(rule.service, rule.service))
    for operation in rule.operations:
        shape = model.operation_model(operation).input_shape
        found = _shape_at(shape, rule.path)
        for name in rule.together:
            assert name in found.members
        for name, _ in rule.when:
            assert name in shape.members
    assert len(rule.source) > 10
    assert any((rule.pattern, rule.refused, rule.reserved, rule.together)) or {
        rule.shortest,
        rule.longest,
        rule.low,
        rule.high,
    } != {None}


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        ({"pattern": "[a-c]+"}, "abc", "abcd"),
        ({"refused": "^sg-"}, "a-sg-", "sg-a"),
        ({"reserved": frozenset({"user"})}, "users", "USER"),
        ({"longest": 2}, "éé", "ééé"),
        ({"longest": 2, "unit": BYTES}, "é", "éé"),
        ({"longest": 2, "unit": DECODED}, "YWI=", "YWJj"),
        ({"longest": 7, "unit": COMPACT}, '{ "a" :  1 }', '{ "a" : 12 }'),
        ({"shortest": 1}, "a", ""),
        ({"low": 1, "high": 2}, 2, 3),
        ({"together": ("A", "B")}, {"A": 1, "C": 1}, {"A": 1, "B": 1}),
    ],
)
def test_values_that_violate_a_rule(rule: dict[str, Any], kept: Any, broken: Any) -> None:
    made = Rule("s", ("O",), "P", "Code", "message", "source", **rule)
    assert not made.breaks(kept)
    assert made.breaks(broken)


def test_a_rule_holds_for_each_entry_of_a_list_and_where_its_condition_is_met() -> None:
    made = Rule("s", ("O",), "L[].N", "C", "{last} of {Engine}: {value}", "s", longest=1, when=(("Engine", ("e",)),))
    assert rules.refusal([made], {"Engine": "e", "L": [{"N": "a"}, {}, {"N": "bb"}]}) == ("C", "N of e: bb")
    assert rules.refusal([made], {"Engine": "f", "L": [{"N": "bb"}]}) is None
    assert rules.refusal([made], {"Engine": "e"}) is None


def test_sizes() -> None:
    assert [rules.size("é", unit) for unit in (CHARACTERS, BYTES)] == [1, 2]
    assert rules.size("YQ", DECODED) == 2
    assert rules.size("no JSON", COMPACT) == 0


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateDBInstance", {"Engine": "postgres", "MasterUsername": "postgres", "DBName": "app_db"}),
        ("CreateDBInstance", {"Engine": "mysql", "MasterUsername": "admin"}),
        ("CreateDBInstance", {"DBInstanceIdentifier": "slipway-dev-location-content"}),
        ("CreateDBInstance", {"MasterUserPassword": "Pa$$w0rd!#%&()*+"}),
    ],
)
def test_values_that_rds_accepts(operation: str, parameters: dict[str, Any]) -> None:
    assert rules.refusal(rules_of("rds", operation), parameters) is None


def test_a_check_takes_milliseconds() -> None:
    shape = get_service_model("ec2").operation_model("RunInstances").input_shape
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    request = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1, "TagSpecifications": [{"Tags": tags}]}
    assert checking.violations(shape, request) == []
    before = time.process_time()
    for _ in range(10):
        checking.violations(shape, request)
    assert (time.process_time() - before) / 10 < 0.05
