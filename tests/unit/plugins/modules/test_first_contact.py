"""The module slipway.fastapi.first_contact, and its action."""

from __future__ import annotations

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.fastapi.plugins.action import first_contact as action
from ansible_collections.slipway.fastapi.plugins.modules.first_contact import BootError, ended_well, facts, wait


def cloud_init(folder: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `cloud-init` that ends with a code; returns the file that says whether it was asked."""
    asked, program = folder / "asked", folder / "cloud-init"
    program.write_text(f"#!/bin/sh\n: >{asked}\necho status: error\nexit {code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return asked


def test_a_boot_that_ended_well_is_known_without_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, result = cloud_init(tmp_path, 0, monkeypatch), tmp_path / "result.json"
    result.write_text('{"v1": {"datasource": "DataSourceEc2", "errors": []}}')
    wait(result)
    assert not asked.exists()


@pytest.mark.parametrize("text", [None, "", "{}", '{"v1": null}', '{"v1": {"errors": ["x"]}}'])
def test_everything_else_is_asked(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, result = cloud_init(tmp_path, 2, monkeypatch), tmp_path / "result.json"
    if text is not None:
        result.write_text(text)
    assert not ended_well(result)
    wait(result)
    assert asked.exists(), "a boot with warnings (2) is a boot"


def test_a_boot_that_failed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud_init(tmp_path, 1, monkeypatch)
    with pytest.raises(BootError, match=r"the first boot failed \(status: error\)"):
        wait(tmp_path / "none")


def test_a_host_without_cloud_init_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BootError, match="cloud-init cannot be asked"):
        wait(tmp_path / "none")


def test_the_facts_are_those_that_roles_use() -> None:
    module = SimpleNamespace(
        run_command=lambda *_args, **_options: (1, "", ""), get_bin_path=lambda *_args, **_options: None, params={}
    )
    names = {"distribution", "distribution_major_version", "os_family", "pkg_mgr", "service_mgr"}
    assert facts(module).keys() >= {f"ansible_{name}" for name in (*names, "virtualization_tech_guest")}


def contact(answers: list[dict[str, Any] | Exception], monkeypatch: pytest.MonkeyPatch, timeout: int = 60) -> Any:
    """The action's result where the host answers like this, and how often it was asked."""
    clock, asked = iter(range(0, 1000, 10)), []

    def execute(self: Any, **_options: Any) -> dict[str, Any]:
        asked.append(1)
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(action, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _seconds: None))
    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(ActionBase, "_execute_module", execute)
    module = action.ActionModule.__new__(action.ActionModule)
    module._task = SimpleNamespace(args={"timeout": timeout})
    module._connection = SimpleNamespace(reset=lambda: None)
    monkeypatch.setattr(module, "validate_argument_spec", lambda **_options: (None, {"timeout": timeout}))
    return module.run(), len(asked)


def test_a_host_that_does_not_answer_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    silent, well = AnsibleConnectionFailure("refused"), {"ansible_facts": {}, "time": 1.0}
    result, asked = contact([silent, {"failed": True, "msg": "no python3 yet"}, well], monkeypatch)
    assert (result["answered"], result["time"], asked) == (True, 1.0, 3)


def test_a_host_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = contact([AnsibleConnectionFailure("refused")], monkeypatch, timeout=15)
    assert (result["failed"], result["answered"], "refused" in result["msg"]) == (True, False, True)


def test_a_boot_that_failed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    result, asked = contact([{"failed": True, "boot_failed": True, "msg": "failed"}], monkeypatch)
    assert (result["msg"], asked) == ("failed", 1)
