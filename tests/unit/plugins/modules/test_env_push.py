"""Storing a `.env` file: equal files are left alone, refused files change nothing, and no value is ever shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.refused_env import REFUSED
from tests.unit.plugins.running import Runner, six_steps

NAME = "/slipway/sandbox/app/env"
SECRET = "hunter2"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(f"# keys\nB={SECRET}\nexport A = 'x y'\n")
    return path


@pytest.fixture
def runner(aws: dict[str, Any], file: Path) -> Runner:
    return Runner("env_push", {"aws": aws, "file": str(file), "parameter": NAME})


def stored(ssm: Any) -> dict[str, Any]:
    found: dict[str, Any] = ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]
    return found


def test_six_steps(runner: Runner, file: Path, ssm: Any) -> None:
    first = six_steps(runner, {"do": lambda: file.write_text(f"A=x y\nC={SECRET}\n")})
    assert (first["keys"], first["version"], first["size"]) == (["A", "B"], 1, len("A=x y\nB=hunter2\n"))
    assert stored(ssm)["Value"] == f"A=x y\nC={SECRET}\n"
    assert (stored(ssm)["Type"], stored(ssm)["Version"]) == ("SecureString", 2)


def test_without_leave_to_replace_what_is_there_stays(runner: Runner, file: Path) -> None:
    version = runner.run(replace=False)["version"]
    file.write_text("OTHER=1\n")
    kept = runner.run(replace=False)
    assert (kept["changed"], kept["version"]) == (False, version)


def test_check_mode_writes_nothing(runner: Runner, ssm: Any) -> None:
    assert runner.check()["version"] == 0
    assert ssm.describe_parameters()["Parameters"] == []


def test_the_diff_names_keys_and_no_result_holds_a_value(runner: Runner, file: Path) -> None:
    results = [runner.run()]
    file.write_text("A=overwritten\nC=new\n")
    results.append(runner.run())
    diff = results[1]["diff"]
    assert diff["before"] == "A: (a value, not shown)\nB: (a value, not shown)\n"
    assert diff["after"] == "A: (another value, not shown)\nC: (a value, not shown)\n"
    for text in (SECRET, "x y", "overwritten"):
        assert text not in json.dumps(results)


@pytest.mark.parametrize("same", ["A='x y'\r\nB=hunter2\r\n", "\ufeffB=hunter2\n\n# later\nA=x y"])
def test_a_file_that_means_the_same_is_not_stored_again(runner: Runner, file: Path, same: str) -> None:
    runner.run()
    file.write_bytes(same.encode())
    assert runner.run()["changed"] is False


def test_a_parameter_that_a_person_wrote_with_comments_is_left_alone(runner: Runner, ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Type="SecureString", Value=f"# mine\nB={SECRET}\nA=x y\n")
    assert runner.run()["changed"] is False


def test_a_parameter_outside_the_grammar_is_replaced(runner: Runner, ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Type="SecureString", Value="A=p # c")
    assert runner.run()["changed"] is True
    assert stored(ssm)["Value"] == f"A=x y\nB={SECRET}\n"


def test_a_refused_file_changes_nothing_and_the_message_has_line_and_key(runner: Runner, file: Path, ssm: Any) -> None:
    runner.run()
    file.write_text(f"A=1\nB={SECRET} # c\nC=${{{SECRET}}}\n")
    message = runner.fail()
    assert message.startswith(f"{file} is not a strict .env file:\nline 2, B: has '#'")
    assert "\nline 3, C: has '${'" in message
    assert SECRET not in message
    assert stored(ssm)["Version"] == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("# nothing\n", "sets no variable"),
        ("A={{hunter2}}\n", "A: has '{{', which the parameter store refuses"),
        (
            "A=" + "é" * 2048 + "\n",
            "4099 bytes of variables, and a parameter of tier Standard holds 4096; shorten it, ",
        ),
    ],
)
def test_what_the_parameter_store_would_refuse(runner: Runner, file: Path, content: str, expected: str) -> None:
    file.write_text(content)
    message = runner.fail()
    assert expected in message
    assert SECRET not in message


def sized(size: int) -> str:
    """One variable that makes a parameter of `size` bytes."""
    return "A=" + "x" * (size - len("A=\n")) + "\n"


def test_the_limit_counts_bytes_and_the_advanced_tier_must_be_allowed(runner: Runner, file: Path, ssm: Any) -> None:
    def tier() -> str:
        return str(ssm.describe_parameters()["Parameters"][0]["Tier"])

    file.write_text(sized(4096))
    assert runner.run(tier="Advanced")["size"] == 4096
    assert tier() == "Standard", "what costs is used only where it is needed"
    file.write_text(sized(4097))
    message = runner.fail()
    for words in ("has 4097 bytes", "Standard holds 4096", "shorten", "Advanced with its 8192", "slipway_env_tier"):
        assert words in message
    file.write_text(sized(8192))
    assert runner.run(tier="Advanced")["size"] == 8192
    assert tier() == "Advanced"
    file.write_text(sized(8193))
    message = runner.fail(tier="Advanced")
    for words in ("has 8193 bytes", "Advanced holds 8192", "no larger one"):
        assert words in message
    file.write_text("A=small\n")
    assert runner.run()["changed"] is True
    assert tier() == "Advanced", "AWS takes no parameter back"


def test_another_key_is_a_change_and_an_unnamed_one_stays(runner: Runner, file: Path, ssm: Any) -> None:
    runner.run()
    assert runner.check(key_id="alias/mine")["diff"]["after"] == "key: alias/mine\n"
    assert runner.run(key_id="alias/mine")["changed"] is True
    assert runner.run(key_id="alias/mine")["changed"] is False
    file.write_text("A=2\n")
    runner.run()
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == "alias/mine"


def test_a_plain_string_is_not_accepted_for_a_secret(runner: Runner, ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Type="String", Value="A=hunter2")
    message = runner.fail()
    assert "is a String, which AWS keeps in plain text" in message
    assert "delete it" in message
    assert SECRET not in message


def test_a_missing_file(runner: Runner) -> None:
    assert runner.fail(file="/nonexistent/.env") == "/nonexistent/.env cannot be read: No such file or directory"


def test_a_refusal_names_action_and_parameter(runner: Runner, enforced_iam: dict[str, Any]) -> None:
    assert runner.fail(aws=enforced_iam).startswith(f"AWS refused ssm:GetParameter on parameter {NAME} (")


CANARY = "canary-value-7f3a"


@pytest.mark.parametrize("row", REFUSED)
def test_a_file_outside_the_grammar_is_refused_by_its_line_and_stores_nothing(
    runner: Runner, file: Path, ssm: Any, row: str
) -> None:
    content, line = REFUSED[row]
    file.write_bytes(content.replace(b"%s", CANARY.encode()))
    message = runner.fail()
    assert line in message
    assert CANARY not in message
    assert ssm.describe_parameters()["Parameters"] == []
