"""The order in which the control node reads, writes and lets the host work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.action import database
from ansible_collections.slipway.fastapi.plugins.module_utils._difference import Difference
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.dsn import Dsn
from ansible_collections.slipway.fastapi.plugins.plugin_utils import _postgres_admin as admin
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import (
    KEY,
    DatabaseError,
    Instance,
    Parameter,
    Wanted,
)

INSTANCE = Instance("db", "db.invalid", 5432, "arn:secret")
WANTED = Wanted("app", "app", "/ca.pem")
LOGIN = WANTED.url(INSTANCE, "service-password")
FINE = {"changed": False, "login": True, "needs_admin": False}
NEEDED = {"changed": False, "login": False, "needs_admin": True, "reason": "the role app does not exist"}
LOST = {"failed": True, "failure": "", "msg": "stage tcp: packets are dropped"}
RIGHT = admin.Found(None, changed=False)
MISSING = admin.Found(None, changed=True, reason="the role app does not exist")


class Scene:
    """A host and a server that answer as told, and an account whose secret may be rotated in between.

    `seen` has what was done, and `sent` what the host was given.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *host: dict[str, Any],
        found: admin.Found = MISSING,
        refusals: int = 0,
        check_mode: bool = False,
    ) -> None:
        self.seen: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self._host = list(host)
        self._found, self._refusals, self._check_mode = found, refusals, check_mode
        self._passwords = iter(["first", "second"])
        monkeypatch.setattr(database.time, "sleep", lambda seconds: self.seen.append("pause"))
        monkeypatch.setattr(database.admin, "look", self.look)
        monkeypatch.setattr(database.admin, "correct", self.correct)

    def master(self, _instance: Instance) -> tuple[str, str]:
        """Stands for Account.master."""
        self.seen.append("secret read")
        return "master", next(self._passwords)

    def look(self, _server: admin.Server, _login: Dsn) -> admin.Found:
        """Stands for the function of that name."""
        self.seen.append("server asked")
        return self._found

    def correct(
        self, _server: admin.Server, _login: Dsn, master: admin.Master, _found: admin.Found, check_mode: bool
    ) -> Difference:
        """Stands for the function of that name."""
        self.seen.append(f"{'compared' if check_mode else 'corrected'} as {master.password}")
        if self._refusals:
            self._refusals -= 1
            raise admin.RefusedError("stage auth: refused", "password")
        difference = Difference("Postgres")
        difference.compare("role app", None, "present")
        return difference

    def _execute_module(
        self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]
    ) -> dict[str, Any]:
        assert (module_name, task_vars["ansible_python_interpreter"]) == ("slipway.fastapi.postgres_role", "/py")
        self.seen.append("host tries")
        self.sent.append(module_args)
        return self._host.pop(0)

    @contextmanager
    def _server(self, instance: Instance, _job: database.Job) -> Iterator[object]:
        assert instance == INSTANCE, "the endpoint is what AWS says"
        self.seen.append("server proven")
        yield object()

    def prepare(self) -> dict[str, Any]:
        """Run what is tested."""
        action: Any = database.ActionModule.__new__(database.ActionModule)
        action._execute_module = self._execute_module
        action._server = self._server
        action._task = SimpleNamespace(check_mode=self._check_mode)
        account: Any = SimpleNamespace(master=self.master)
        variables = {"ansible_python_interpreter": "/py"}
        job = database.Job(LOGIN, 10, variables, "/rds.pem", lambda: self.seen.append("stored"))
        return dict(action._prepare(account, INSTANCE, job))


def test_a_login_that_works_reads_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, FINE)
    assert scene.prepare() == {"changed": False, "login": True}
    assert scene.seen == ["host tries", "stored"]


def test_the_parameter_is_stored_before_the_role_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, FINE)
    outcome = scene.prepare()
    assert (outcome["changed"], outcome["login"], outcome["reason"]) == (True, True, MISSING.reason)
    assert scene.seen == [
        *("host tries", "server proven", "server asked"),
        *("secret read", "stored", "corrected as first", "host tries"),
    ]


def test_a_host_is_never_given_more_than_the_services_own_url(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, FINE, refusals=1)
    scene.prepare()
    assert scene.sent == [{"url": LOGIN.url(), "timeout": 10}] * 2


def test_a_host_that_asks_for_an_administrator_without_need_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, NEEDED, found=RIGHT)
    with pytest.raises(DatabaseError, match=r"the role app is as it should be, and the host still cannot log in"):
        scene.prepare()
    assert "secret read" not in scene.seen


def test_a_host_that_cannot_log_in_after_all_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "it says\n\x1b[2J so"
    scene = Scene(monkeypatch, NEEDED, {**NEEDED, "reason": reason})
    with pytest.raises(DatabaseError, match=r"still cannot log in: it says .\[2J so; look at") as refused:
        scene.prepare()
    assert str(refused.value).isprintable()


def test_a_dry_run_compares_and_lets_the_host_try_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, check_mode=True)
    outcome = scene.prepare()
    assert (outcome["changed"], outcome["login"]) == (True, False)
    assert scene.seen[-1] == "compared as first"


def test_a_secret_that_is_being_rotated_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, FINE, refusals=1)
    assert scene.prepare()["changed"]
    assert scene.seen[5:] == ["corrected as first", "pause", "secret read", "corrected as second", "host tries"]


def test_a_secret_that_is_refused_twice_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, NEEDED, refusals=2)
    with pytest.raises(DatabaseError, match="stage auth: refused"):
        scene.prepare()


def test_nothing_is_stored_when_the_server_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, LOST)
    with pytest.raises(DatabaseError, match="stage tcp"):
        scene.prepare()
    assert scene.seen == ["host tries"]


@pytest.mark.parametrize(
    "answer",
    [
        {"failed": True, "msg": "\x1b]0;title\x07" + "x" * 5000},
        {"failed": True, "msg": {"deep": ["{{ lookup('pipe', 'id') }}"]}},
        {"failed": True},
        {"needs_admin": "yes", "reason": ["\x1b[2J"]},
    ],
)
def test_whatever_a_host_answers_is_text_of_bounded_length(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    scene = Scene(monkeypatch, answer, answer)
    with pytest.raises(DatabaseError) as refused:
        scene.prepare()
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 1200


def test_another_applications_database_is_not_touched() -> None:
    tagged = Instance("db", "db.invalid", 5432, "arn:secret", {"slipway:app": "shop", "slipway:env": "dev"})
    tagged.require_tags({"slipway:app": "shop", "slipway:env": "dev"})
    with pytest.raises(DatabaseError, match=r"has the tag slipway:app = 'shop', and not 'blog': it belongs to another"):
        tagged.require_tags({"slipway:app": "blog"})
    with pytest.raises(DatabaseError, match=r"has the tag slipway:app = '', and not 'blog'"):
        INSTANCE.require_tags({"slipway:app": "blog"})


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
