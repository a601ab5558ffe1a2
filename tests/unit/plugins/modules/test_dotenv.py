"""Writing a service's `.env`: merged, strict, atomic, private, and silent about values."""

from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.running import Runner, six_steps

ENV = "/slipway/sandbox/app/env"
DATABASE = "/slipway/sandbox/app/database-url"
SECRET = "hunter2"
ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name


def put(ssm: Any, name: str, value: str) -> None:
    ssm.put_parameter(Name=name, Type="SecureString", Value=value, Overwrite=True)


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "shared.env"


@pytest.fixture
def runner(aws: dict[str, Any], ssm: Any, dest: Path, instance_role: dict[str, str]) -> Runner:
    put(ssm, ENV, f"# from a person\nexport B = '{SECRET}'\nA=param\n")
    options = {
        "dest": str(dest),
        "owner": ME,
        "group": MY_GROUP,
        "parameters": [{"name": ENV}, {"name": DATABASE, "required": False}],
        "provided": {"A": "provided", "PORT": 8000, "FLAG": True, "EMPTY": None},
        "region": aws["region"],
        "endpoint_url": aws["endpoint_url"],
    }
    return Runner("dotenv", options, instance_role)


def test_six_steps(runner: Runner, dest: Path, ssm: Any) -> None:
    first = six_steps(runner, {"do": lambda: put(ssm, DATABASE, "DATABASE_URL=postgresql://app:hunter2@db/app\n")})
    assert first["keys"] == ["A", "B", "EMPTY", "FLAG", "PORT"]
    assert first["parameters"] == [{"name": ENV, "version": 1}]
    assert dest.read_text() == (
        f"A=param\nB={SECRET}\nDATABASE_URL=postgresql://app:hunter2@db/app\nEMPTY=\nFLAG=true\nPORT=8000\n"
    )


def test_the_file_is_private_and_nothing_is_left_beside_it(runner: Runner, dest: Path) -> None:
    runner.run()
    status = dest.stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o640, os.geteuid(), os.getegid())
    assert list(dest.parent.iterdir()) == [dest]


@pytest.mark.parametrize("check", [True, False])
def test_a_directory_that_others_can_change_is_refused(runner: Runner, dest: Path, check: bool) -> None:
    dest.parent.chmod(0o770)
    result = runner.result(check=check)
    assert f"another account can change {dest.parent}" in result["msg"]
    assert "run the role base" in result["msg"]
    assert not dest.exists()


def test_a_variable_that_loads_code_is_refused_with_its_line(runner: Runner, dest: Path, ssm: Any) -> None:
    put(ssm, ENV, f"A=1\nLD_PRELOAD={SECRET}\n")
    message = runner.fail()
    assert "line 2, LD_PRELOAD: decides what the dynamic loader" in message
    assert SECRET not in message
    assert not dest.exists()


def test_check_mode_writes_nothing_and_needs_neither_directory_nor_account(runner: Runner, tmp_path: Path) -> None:
    assert runner.check(dest=str(tmp_path / "missing" / ".env"), owner="nobody-yet")["changed"] is True
    assert list(tmp_path.iterdir()) == []


def test_later_parameters_win_over_earlier_ones_and_all_win_over_what_is_provided(
    runner: Runner, dest: Path, ssm: Any
) -> None:
    put(ssm, DATABASE, "B=second")
    runner.run()
    assert dest.read_text().startswith("A=param\nB=second\n")


@pytest.mark.parametrize(
    ("break_it", "before", "after"),
    [
        (lambda path: path.chmod(0o644), "mode: 0644\n", "mode: 0640\n"),
        (lambda path: path.write_text(path.read_text() + "C=1\n"), "C: (a value, not shown)\n", ""),
        (
            lambda path: path.write_text("# mine\n" + path.read_text()),
            "form: other\n",
            "form: written by this module\n",
        ),
        (
            lambda path: path.write_text(path.read_text().replace(SECRET, "other")),
            "B: (a value, not shown)\n",
            "B: (another value, not shown)\n",
        ),
    ],
    ids=["mode", "extra key", "comment", "value"],
)
def test_drift_is_named_and_repaired(runner: Runner, dest: Path, break_it: Any, before: str, after: str) -> None:
    runner.run()
    good = dest.read_bytes()
    break_it(dest)
    result = runner.run()
    assert (result["changed"], result["diff"]["before"], result["diff"]["after"]) == (True, before, after)
    assert (dest.read_bytes(), dest.stat().st_mode & 0o777) == (good, 0o640)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_restored(runner: Runner, dest: Path) -> None:
    runner.run(owner="nobody", group=None)
    os.chown(dest, 0, 0)
    result = runner.run(owner="nobody", group=None)
    assert (result["diff"]["before"], result["diff"]["after"]) == ("owner: root\n", "owner: nobody\n")
    assert dest.owner() == "nobody"


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(
    runner: Runner, dest: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    dest.symlink_to(elsewhere)
    assert "file: link\n" in runner.run()["diff"]["before"]
    assert not dest.is_symlink()
    assert elsewhere.read_text() == "precious"


def test_no_result_holds_a_value(runner: Runner, dest: Path) -> None:
    results = [runner.check(), runner.run()]
    dest.write_text(f"OLD={SECRET}2\nB={SECRET}3\n")
    results.append(runner.run())
    assert SECRET not in json.dumps(results)


def test_the_revision_follows_versions_and_provided_values(runner: Runner, ssm: Any) -> None:
    first = runner.run()["revision"]
    assert runner.run()["revision"] == first
    assert runner.run(provided={"A": "other"})["revision"] != first
    put(ssm, ENV, "A=same name, next version\n")
    second = runner.run()["revision"]
    assert second != first
    put(ssm, DATABASE, "D=1")
    assert runner.run()["revision"] not in (first, second)


def test_a_parameter_that_was_deleted_and_made_again_is_another_revision(runner: Runner, ssm: Any) -> None:
    first = runner.run()
    ssm.delete_parameter(Name=ENV)
    put(ssm, ENV, "A=new\n")
    second = runner.run()
    assert second["parameters"] == first["parameters"], "both are version 1"
    assert second["revision"] != first["revision"]


def test_a_required_parameter_that_does_not_exist(runner: Runner, dest: Path) -> None:
    message = runner.fail(parameters=[{"name": "/slipway/sandbox/app/missing"}])
    assert message.startswith("parameter /slipway/sandbox/app/missing does not exist; create it with `make env-push")
    assert not dest.exists()


def test_without_any_parameter_the_provided_variables_are_written(runner: Runner, dest: Path) -> None:
    result = runner.run(parameters=[{"name": "/missing", "required": False}])
    assert (result["keys"], result["parameters"]) == (["A", "EMPTY", "FLAG", "PORT"], [])
    assert dest.read_text() == "A=provided\nEMPTY=\nFLAG=true\nPORT=8000\n"


def test_a_refused_parameter_leaves_the_file_as_it_was(runner: Runner, dest: Path, ssm: Any) -> None:
    runner.run()
    good = dest.read_bytes()
    put(ssm, ENV, f"A=1\nB={SECRET}\\n\n")
    message = runner.fail()
    assert message.startswith(f"parameter {ENV} is not a strict .env file:\nline 2, B: has a backslash")
    assert SECRET not in message
    assert dest.read_bytes() == good


def test_a_provided_value_without_a_common_form_is_refused(runner: Runner) -> None:
    message = runner.fail(provided={"A-B": "x", "C": "a\\b"}, parameters=[])
    assert message.startswith("`provided` cannot be written so that all readers agree:\nA-B: is no name")
    assert "\nC: has a backslash" in message


def test_a_missing_account(runner: Runner, dest: Path) -> None:
    assert "account nobody-yet or group None does not exist; the `base` role" in runner.fail(
        owner="nobody-yet", group=None
    )
    assert list(dest.parent.iterdir()) == []


def test_a_missing_directory(runner: Runner, tmp_path: Path) -> None:
    message = runner.fail(dest=str(tmp_path / "missing" / ".env"))
    assert f"{tmp_path}/missing does not exist; the `base` role makes it" in message


def test_a_directory_in_the_place_of_the_file(runner: Runner, tmp_path: Path) -> None:
    assert runner.fail(dest=str(tmp_path)).startswith(f"{tmp_path} is a directory; remove it")


def test_an_api_that_does_not_answer(runner: Runner) -> None:
    message = runner.fail(endpoint_url="http://127.0.0.1:1")
    assert message.startswith(f"ssm:GetParameter on parameter {ENV} failed: Could not connect to the endpoint URL")


def test_an_instance_without_a_role(runner: Runner) -> None:
    runner.environment = {**runner.environment, "TEST_METADATA_URL": "http://127.0.0.1:1/"}
    assert "Unable to locate credentials; give the instance a role" in runner.fail()


def test_a_release_that_was_overtaken_writes_nothing(runner: Runner, dest: Path, ssm: Any, tmp_path: Path) -> None:
    fenced: dict[str, Any] = {"dir": str(tmp_path)}
    runner.check(generation=2, **fenced)
    assert not (tmp_path / ".generation").exists()
    runner.run(generation=2, **fenced)
    assert runner.run(generation=3, **fenced)["changed"] is False
    before = dest.read_bytes()
    put(ssm, DATABASE, "C=late")
    assert "another release has begun on this host" in runner.fail(generation=2, **fenced)
    assert runner.result(check=True, generation=2, **fenced)["failed"]
    assert dest.read_bytes() == before
    assert (tmp_path / ".generation").read_text() == "3\n"
    assert runner.run()["changed"] is True


def test_a_generation_needs_the_directory_that_remembers_it(runner: Runner) -> None:
    assert "`generation` needs `dir`" in runner.fail(generation=2)
