"""checkov finds nothing in the Terraform code that is not suppressed, with its reason, beside the resource."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.checkov.environment import ROOT, ensure, scan

#: The names of the two folders that are scanned.
CODE, FAULTS = "code", "planted"
#: Faults of different kinds: an open group, a bucket without a public access block, a policy and a disk.
PLANTED = """
resource "aws_security_group" "open" {
  name        = "open"
  description = "Everybody"

  ingress {
    description = "SSH"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_s3_bucket" "open" {
  bucket = "open"
}

resource "aws_iam_policy" "administrator" {
  name   = "administrator"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}

resource "aws_ebs_volume" "plain" {
  availability_zone = "eu-central-1a"
  size              = 1
  encrypted         = false
}
"""
FOUND = {
    "CKV_AWS_24": "aws_security_group.open",
    "CKV2_AWS_6": "aws_s3_bucket.open",
    "CKV_AWS_62": "aws_iam_policy.administrator",
    "CKV_AWS_3": "aws_ebs_volume.plain",
}

Results = Mapping[str, list[dict[str, Any]]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code and the planted faults beside each other, because most of a scan is checkov's own start."""
    folder = tmp_path_factory.mktemp("scanned")
    shutil.copytree(ROOT / "terraform", folder / CODE, ignore=shutil.ignore_patterns(".terraform", "tests"))
    (folder / FAULTS).mkdir()
    (folder / FAULTS / "main.tf").write_text(PLANTED, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def results(folder: Path) -> Results:
    ensure()
    return scan(folder)


def within(results: Results, kind: str, name: str) -> list[dict[str, Any]]:
    return [each for each in results[kind] if each["file_path"].startswith(f"/{name}/")]


def test_the_code_has_no_finding_without_a_reason(results: Results) -> None:
    found = within(results, "failed_checks", CODE)
    assert {
        f"{each['check_id']} {each['file_path']} {each['resource']}: {each['check_name']}" for each in found
    } == set()
    assert len(within(results, "passed_checks", CODE)) > 100, "the code was scanned"


def test_each_suppression_has_its_reason_and_is_needed(results: Results, folder: Path) -> None:
    """A comment that suppresses nothing any more would hide a later fault."""
    skipped = within(results, "skipped_checks", CODE)
    used = {(each["file_path"], each["check_id"]) for each in skipped}
    written, without_reason = set(), []
    for path in (folder / CODE).rglob("*.tf"):
        for check, reason in re.findall(r"(?m)#checkov:skip=(\w+)(?::(.*))?$", path.read_text(encoding="utf-8")):
            written.add((f"/{path.relative_to(folder)}", check))
            if len(reason.split()) < 3:
                without_reason.append(check)
    assert without_reason == []
    assert used == written


def test_planted_faults_are_found(results: Results) -> None:
    found = {(each["check_id"], each["resource"]) for each in within(results, "failed_checks", FAULTS)}
    assert set(FOUND.items()) <= found
