"""JSON that others have written: a text of brackets is refused, and ends no module with a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import web
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history, layout, manifest, release_log
from ansible_collections.slipway.fastapi.plugins.module_utils._service import health, hooks
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json
from ansible_collections.slipway.fastapi.plugins.modules import reachability

from slipway.operate.on_host import state

BRACKETS = "[" * 200_000
OBJECTS = '{"release":' * 100_000
# Python reads it, and a reader that calls itself for each level does not.
CLOSED = '{"probes": [' + "[" * 500 + "]" * 500 + "]}"
TEXTS = {"brackets": BRACKETS, "objects": OBJECTS, "closed": CLOSED}
PLUGINS = Path(untrusted_json.__file__).parents[2]
# These read what Terraform, Slipway itself or root's cloud-init has written.
TRUSTED = {
    "inventory/ec2.py",
    "module_utils/_system/untrusted_json.py",
    "module_utils/_probes/command.py",
    "module_utils/_probes/web.py",
    "modules/first_contact.py",
    "plugin_utils/_in_process.py",
    "plugin_utils/_terraform_cli.py",
    "plugin_utils/_terraform_log.py",
}


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _refused(kind: type[Exception], read: Callable[[], object]) -> str:
    with pytest.raises(kind) as error:
        read()
    return type(error.value).__name__


READERS: dict[str, tuple[Callable[[Path, str], object], object]] = {
    "a report of the probes": (
        lambda folder, text: _refused(
            reachability.ReportError, lambda: reachability.read_report(_file(folder, "report.json", text))
        ),
        "ReportError",
    ),
    "a report for status": (lambda folder, text: state.verified(_file(folder, "report.json", text)), None),
    "the records of a host": (lambda folder, text: release_log.read(_file(folder, "served", text)), []),
    "the marks of hooks": (
        lambda folder, text: hooks.succeeded(_file(folder, manifest.HOOKS, text).parent, hooks.ONCE),
        "",
    ),
    "a manifest": (lambda folder, text: manifest.read(_file(folder, manifest.NAME, text).parent), None),
    "the note of a switch": (
        lambda folder, text: layout.Layout(_file(folder, ".switching.json", text).parent).interrupted(),
        {},
    ),
    "an answer of the service": (lambda _folder, text: health._release_in(text.encode()), None),
    "an answer of an outside service": (lambda _folder, text: web.Answer(200, text.encode()).json(), None),
    "a record in S3": (
        lambda _folder, text: _refused(
            history.HistoryError, lambda: history.Record.parse(text.encode(), "s3://bucket/key")
        ),
        "HistoryError",
    ),
    "a lease in S3": (
        lambda _folder, text: _refused(lease.LeaseError, lambda: lease.Lease.parse(text.encode(), "s3://bucket/key")),
        "LeaseError",
    ),
}


@pytest.mark.parametrize("text", [BRACKETS, OBJECTS], ids=["brackets", "objects"])
@pytest.mark.parametrize(("read", "expected"), READERS.values(), ids=READERS.keys())
def test_a_text_of_brackets_is_what_is_not_json(
    tmp_path: Path, read: Callable[[Path, str], object], expected: object, text: str
) -> None:
    assert read(tmp_path, text) == expected


def test_a_report_that_can_be_read_and_not_be_passed_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(reachability.ReportError, match="is not JSON"):
        reachability.read_report(_file(tmp_path, "report.json", CLOSED))


def test_what_is_as_deep_as_documents_are_is_read() -> None:
    text = "[" * (untrusted_json.DEEPEST - 1) + '{"a": 1}' + "]" * (untrusted_json.DEEPEST - 1)
    assert untrusted_json.loads(text)
    with pytest.raises(ValueError, match="nested"):
        untrusted_json.loads(f"[{text}]")
    assert untrusted_json.loads(b'{"a": [1, "x", null]}') == {"a": [1, "x", None]}
    assert untrusted_json.loads("3") == 3


def test_plugins_read_json_of_others_with_the_guarded_reader() -> None:
    reads = re.compile(r"(?<![\w.])json\.loads?\(")
    found = {
        path.relative_to(PLUGINS).as_posix()
        for path in PLUGINS.rglob("*.py")
        # A program in a string, which reads what its module gives it.
        if reads.search(path.read_text(encoding="utf-8")) and path.name != "installed.py"
    }
    assert found == TRUSTED
