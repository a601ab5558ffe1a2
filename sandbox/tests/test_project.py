"""The project file: what it says, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import project
from sandbox.project import Key, Policy, Project, ProjectError, Stub, load
from sandbox.settings import TRUSTSTORE_NAME, settings_for

STUB = '[[stub]]\nname = "mail"\nhostname = "mail.example.com"\nhandler = "mail.py"\n'


def written(folder: Path, text: str) -> Path:
    for name in ("mail.py", "policy.json"):
        (folder / name).write_text("")
    (folder / project.FILE_NAME).write_text(text)
    return folder


def test_stubs_and_policies_are_read(tmp_path: Path) -> None:
    text = STUB + 'key = { variable = "MAIL_KEY", prefix = "m-" }\n[[policy]]\nname = "p"\ndocument = "policy.json"\n'
    assert load(written(tmp_path, text)) == Project(
        tmp_path,
        (Stub("mail", "mail.example.com", tmp_path / "mail.py", Key("MAIL_KEY", "m-", 32)),),
        (Policy("p", tmp_path / "policy.json"),),
    )


def test_an_empty_file_adds_nothing(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Project(tmp_path)


def test_the_settings_serve_the_projects_host_names(tmp_path: Path) -> None:
    settings = settings_for("test", load(written(tmp_path, STUB)))
    assert settings.stub_names == ("mail.example.com", TRUSTSTORE_NAME)
    assert settings.directory == tmp_path / ".sandbox" / "test"


def test_the_file_is_found_from_a_folder_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = written(tmp_path, STUB) / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "sandbox" / "project.py"))
    monkeypatch.chdir(below)
    assert project.find().root == tmp_path


def test_without_a_file_the_working_directory_is_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "__file__", str(tmp_path / "site-packages" / "sandbox" / "project.py"))
    monkeypatch.chdir(tmp_path)
    assert project.find() == Project(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stub = ", "cannot be read"),
        ("stubs = 1", "no setting 'stubs': choose from policy, stub"),
        ("stub = 1", r"write each stub as \[\[stub\]\]"),
        (STUB.replace("\nname =", "\nnmae ="), "no setting 'nmae': choose from handler, hostname, key, name"),
        (STUB.replace('"mail"', '"Mail!"'), "name of stub 'Mail!' must be a text that matches"),
        (STUB.replace("mail.example.com", "mail"), "hostname of stub 'mail'"),
        (STUB.replace("mail.py", "none.py"), "handler of stub 'mail' must name a file below"),
        (STUB + "key = 1\n", "key of stub 'mail' must be a table"),
        (STUB + 'key = { variable = "mail key" }\n', "variable of key of stub 'mail'"),
        (
            STUB + 'key = { variable = "K", length = 5 }\n',
            "length of key of stub 'mail' must be a number from 16 to 256",
        ),
        (STUB + 'key = { variable = "K", prefix = "a b" }\n', "prefix of key of stub 'mail'"),
        (STUB + STUB, "the name mail occurs twice"),
        ('[[policy]]\nname = "p"\ndocument = "none.json"\n', "document of policy 'p' must name a file below"),
    ],
)
def test_a_wrong_file_is_refused_with_the_setting(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ProjectError, match=words):
        load(written(tmp_path, text))
