"""`slipway aws-rules` tells a person what is wrong, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slipway.aws_rules.report import report


def plan(**arguments: Any) -> str:
    """A plan with one security group, as `terraform show -json` prints it."""
    after = {"name": "app", "description": "Hosts", "vpc_id": "vpc-0123456789abcdef0"} | arguments
    change = {"actions": ["create"], "after": after, "after_unknown": {"id": True}, "after_sensitive": {}}
    group = {"address": "aws_security_group.app", "mode": "managed", "type": "aws_security_group", "change": change}
    return json.dumps({"variables": {"region": {"value": "eu-central-1"}}, "resource_changes": [group]})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


def test_a_refused_plan_names_the_value_the_rule_and_its_source(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(plan(description="The application's hosts"), encoding="utf-8")
    assert report(str(file), None) == 1
    said = capsys.readouterr().out
    assert 'aws_security_group.app: description = "The application\'s hosts"' in said
    assert "The characters ' are not allowed" in said
    assert "Rule cfn-lint E3031: AWS's own schema of AWS::EC2::SecurityGroup.GroupDescription" in said


def test_a_plan_without_fault(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(plan(), encoding="utf-8")
    assert report(str(file), None) == 0
    assert "Nothing found" in capsys.readouterr().out


def test_a_sensitive_value_is_not_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(plan(description="it's secret"))
    content["resource_changes"][0]["change"]["after_sensitive"] = {"description": True}
    file.write_text(json.dumps(content), encoding="utf-8")
    assert report(str(file), None) == 1
    said = capsys.readouterr().out
    assert "secret" not in said
    assert "(sensitive value)" in said


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, "cannot be read: No such file or directory. Write one with `terraform plan -out=FILE`"),
        ("not JSON", "This is no Terraform plan in JSON."),
        ("[]", "This is no Terraform plan in JSON."),
        ('{"resource_changes": []}', "name the region of its provider with --region"),
    ],
)
def test_what_is_no_plan(content: str | None, wanted: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert report(str(file), None) == 2
    assert wanted in capsys.readouterr().err
