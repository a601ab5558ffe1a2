"""The order in which the control node reads, writes and lets the host work."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.action import database
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import (
    KEY,
    DatabaseError,
    Instance,
    Parameter,
    Wanted,
)

INSTANCE = Instance("db", "db.invalid", 5432, "arn:secret")
WANTED = Wanted("app", "app", "/ca.pem")
FINE = {"changed": False, "login": True, "needs_admin": False}
NEEDED = {"changed": False, "login": False, "needs_admin": True}
MADE = {"changed": True, "login": True, "needs_admin": False}
REFUSED = {"failed": True, "failure": "password", "msg": "stage auth: refused"}
LOST = {"failed": True, "failure": "", "msg": "stage tcp: packets are dropped"}


class Scene:
    """A host that answers as told, and an account whose secret may be rotated in between; `seen` has what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *outcomes: dict[str, Any]) -> None:
        self.seen: list[str] = []
        self._outcomes = list(outcomes)
        self._passwords = iter(["first", "second"])
        monkeypatch.setattr(database.time, "sleep", lambda seconds: self.seen.append("pause"))

    def master(self, _instance: Instance) -> tuple[str, str]:
        """Stands for Account.master."""
        self.seen.append("secret read")
        return "master", next(self._passwords)

    def _execute_module(
        self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        assert (module_name, task_vars["ansible_python_interpreter"]) == ("slipway.fastapi.postgres_role", "/py")
        self.seen.append(f"host as {module_args.get('admin_password', 'service')}")
        return self._outcomes.pop(0)

    def prepare(self) -> dict[str, Any]:
        """Run what is tested."""
        action = database.ActionModule.__new__(database.ActionModule)
        action._execute_module = self._execute_module
        hands = database.Hands("postgresql://…", 10, {"ansible_python_interpreter": "/py"})
        account: Any = SimpleNamespace(master=self.master)
        return action._prepare(account, INSTANCE, hands, lambda: self.seen.append("stored"))


def test_a_login_that_works_reads_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, FINE)
    assert scene.prepare() == FINE
    assert scene.seen == ["host as service", "stored"]


def test_the_parameter_is_stored_before_the_role_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, MADE)
    assert scene.prepare() == MADE
    assert scene.seen == ["host as service", "secret read", "stored", "host as first"]


def test_a_secret_that_is_being_rotated_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, REFUSED, MADE)
    assert scene.prepare() == MADE
    assert scene.seen[3:] == ["host as first", "pause", "secret read", "host as second"]


def test_a_secret_that_is_refused_twice_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, REFUSED, REFUSED)
    with pytest.raises(DatabaseError, match="stage auth: refused"):
        scene.prepare()


def test_another_failure_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, LOST)
    with pytest.raises(DatabaseError, match="stage tcp"):
        scene.prepare()
    assert "pause" not in scene.seen


def test_nothing_is_stored_when_the_server_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, LOST)
    with pytest.raises(DatabaseError, match="stage tcp"):
        scene.prepare()
    assert scene.seen == ["host as service"]


def test_a_new_parameter_differs_without_its_password() -> None:
    found, login = database.compare("/p", None, INSTANCE, WANTED)
    assert found.changed
    assert login.password not in str(found.as_diff())
    assert "postgresql://app:not-shown@db.invalid:5432/app" in found.as_diff()["after"]


def test_a_moved_instance_shows_both_addresses_and_keeps_the_password() -> None:
    old = WANTED.url(Instance("db", "old.invalid", 5432, None), "hunter2")
    found, login = database.compare("/p", Parameter("/p", 1, {KEY: old.url()}), INSTANCE, WANTED)
    shown = found.as_diff()
    assert ("old.invalid" in shown["before"], "db.invalid" in shown["after"], login.password) == (True, True, "hunter2")
    assert "hunter2" not in str(shown)


def test_a_parameter_that_is_right_does_not_differ() -> None:
    right = WANTED.url(INSTANCE, "hunter2")
    assert not database.compare("/p", Parameter("/p", 1, {KEY: right.url()}), INSTANCE, WANTED)[0].changed


@pytest.mark.parametrize("new", [True, False])
def test_a_dry_run_on_a_clean_host_promises_only_what_is_certain(new: bool) -> None:
    outcome = database.certain("app", new)
    assert (outcome["changed"], outcome["login"]) == (new, False)
