"""Terraform's log, read for a person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._terraform_log import Reader


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def reader(shown: list[str]) -> Reader:
    return Reader(shown.append)


def diagnostic(severity: str, summary: str, **more: Any) -> str:
    return json.dumps({"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, **more}})


def test_each_finished_resource_is_one_line(reader: Reader, shown: list[str]) -> None:
    hook = {"resource": {"addr": "module.database.aws_db_instance.this"}, "action": "create", "elapsed_seconds": 81}
    reader.line(json.dumps({"type": "apply_complete", "hook": hook}))
    assert shown == ["    + module.database.aws_db_instance.this  81s"]


def test_reading_a_data_source_is_no_news(reader: Reader, shown: list[str]) -> None:
    hook = {"resource": {"addr": "data.aws_ami.this"}, "action": "read", "elapsed_seconds": 0}
    reader.line(json.dumps({"type": "apply_complete", "hook": hook}))
    assert shown == []


@pytest.mark.parametrize(("seconds", "lines"), [(10, 0), (30, 1), (40, 0), (60, 1)])
def test_a_long_wait_shows_a_sign_of_life(reader: Reader, shown: list[str], seconds: int, lines: int) -> None:
    hook = {"resource": {"addr": "aws_lb.this"}, "action": "create", "elapsed_seconds": seconds}
    reader.line(json.dumps({"type": "apply_progress", "hook": hook}))
    assert len(shown) == lines


def test_an_error_says_what_where_and_why(reader: Reader) -> None:
    location = {"filename": "network.tf", "start": {"line": 7}}
    reader.line(diagnostic("error", "Invalid value", detail="Give a\n  CIDR.", range=location))
    assert reader.errors == ["Invalid value (network.tf:7): Give a CIDR."]


@pytest.mark.parametrize("summary", ["Value for undeclared variable", "Values for undeclared variables"])
def test_a_misspelt_variable_is_an_error(reader: Reader, summary: str) -> None:
    reader.line(diagnostic("warning", summary, detail="The root has no variable named x"))
    assert len(reader.errors) == 1


def test_other_warnings_are_kept_apart(reader: Reader) -> None:
    reader.line(diagnostic("warning", "Deprecated", detail="Soon gone"))
    assert (reader.errors, reader.warnings) == ([], ["Deprecated: Soon gone"])


def test_what_is_not_json_is_terraforms_own_error(reader: Reader) -> None:
    reader.line("")
    reader.line("Error: no configuration files")
    assert reader.errors == ["Error: no configuration files"]


def test_outputs_leave_sensitive_values_out(reader: Reader) -> None:
    outputs = {"app_url": {"value": "http://x", "sensitive": False}, "secret": {"sensitive": True}}
    reader.line(json.dumps({"type": "outputs", "outputs": outputs}))
    assert reader.outputs == {"app_url": "http://x"}


def test_the_counts_at_the_end_are_kept(reader: Reader) -> None:
    reader.line(json.dumps({"type": "change_summary", "changes": {"add": 2, "change": 0, "remove": 1, "import": 0}}))
    assert reader.counts == {"add": 2, "change": 0, "remove": 1, "import": 0}
