"""`make env-diff`: names of what differs, values never."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml
from moto import mock_aws

from slipway.operate import env_diff, hosts
from tests.unit.repo.helpers import own_plugin_loader

PARAMETER = "/slipway/test/shop/env"
MORE = "/slipway/test/shop/env-more"
AWS = {"region": "us-east-1", "access_key": "sandbox", "secret_key": "sandbox"}
STORED = "KEPT=canary-kept\nTURNED=canary-old\nGONE=canary-gone\n"


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Account and tags are those of tests/unit/slipway/operate/test_inventory.py."""
    monkeypatch.setattr(hosts, "account_problems", lambda _: [])
    monkeypatch.setattr(hosts, "tag_problems", lambda _: [])
    with own_plugin_loader():
        yield


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    """An inventory with one host of the application."""
    variables = {"slipway_app": "shop", "slipway_env_parameter": PARAMETER, "slipway_aws": AWS}
    variables["slipway_env_more_parameter"] = MORE
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump({"all": {"children": {"slipway": {"hosts": {"i-1": variables}}}}}), encoding="utf-8")
    return str(path)


@pytest.fixture
def store() -> Iterator[None]:
    """A parameter store that has the parameter."""
    with mock_aws():
        ssm = boto3.client("ssm", "us-east-1", aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
        ssm.put_parameter(Name=PARAMETER, Value=STORED, Type="SecureString")
        yield


def write(folder: Path, text: str) -> Path:
    """A file to compare."""
    path = folder / "local.env"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.usefixtures("store")
def test_what_differs_is_told_by_name(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "NEW=canary-new\nTURNED=canary-other\nKEPT=canary-kept\n")
    assert env_diff.compare(inventory, "shop", path) == env_diff.DIFFERENT
    shown = capsys.readouterr().out
    assert [line.split()[:2] for line in shown.splitlines()[1:]] == [["-", "GONE"], ["+", "NEW"], ["~", "TURNED"]]
    assert "canary" not in shown


@pytest.mark.usefixtures("store")
def test_order_and_comments_do_not_count(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "# keys\n" + "\n".join(reversed(STORED.splitlines())) + "\n")
    assert env_diff.compare(inventory, "shop", path) == env_diff.SAME
    assert "canary" not in capsys.readouterr().out


@pytest.mark.usefixtures("store")
def test_the_second_parameter_is_compared_where_it_is_asked_for(
    inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, STORED)
    assert env_diff.compare(inventory, "shop", path, env_diff.SECOND) == env_diff.DIFFERENT
    assert capsys.readouterr().out.startswith(f"{MORE}: differs")


@mock_aws
def test_what_is_not_stored_yet_is_all_new(inventory: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert env_diff.compare(inventory, "shop", write(tmp_path, "NEW=1\n")) == env_diff.DIFFERENT
    assert "+ NEW" in capsys.readouterr().out


def test_another_applications_hosts_do_not_count(inventory: str, tmp_path: Path) -> None:
    for variable, told in ((env_diff.FIRST, "its parameter"), (env_diff.SECOND, "env_more_parameter_name")):
        with pytest.raises(env_diff.CompareError, match=rf"No running host of other.*{told}"):
            env_diff.compare(inventory, "other", write(tmp_path, "NEW=1\n"), variable)


@pytest.mark.parametrize(
    ("text", "told"), [("NEW=canary\\\n", "line 1, NEW"), (None, "cannot be read")], ids=["grammar", "absent"]
)
def test_a_file_that_cannot_be_compared_is_an_error_without_a_value(
    tmp_path: Path, text: str | None, told: str
) -> None:
    path = write(tmp_path, text) if text else tmp_path / "absent"
    with pytest.raises(env_diff.CompareError, match=told) as caught:
        env_diff.local(path)
    assert "canary" not in str(caught.value)
