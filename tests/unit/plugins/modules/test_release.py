"""Preparing a release: all of it or nothing, beside whatever runs."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.artifacts import application, tree, wheel, zip_entry, zipped, zipped_as
from tests.unit.plugins.running import Runner, environment, six_steps

BUCKET = "artifacts"
REVISION = "5be0a1c4" * 8
ME = pwd.getpwuid(os.geteuid()).pw_name


def publish(s3: Any, content: bytes) -> dict[str, Any]:
    """Stores an artifact under a key of its own and returns the options that name it."""
    digest = hashlib.sha256(content).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=f"releases/{digest}.zip", Body=content)
    return {"key": f"releases/{digest}.zip", "sha256": digest, "size": len(content)}


def slow_application() -> bytes:
    """An application whose environment takes half a minute to be tried."""
    file, content = wheel(code="import time\ntime.sleep(30)\n")
    return zipped(application(**{f"wheels/{file}": content}))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "app"
    (top / "shared").mkdir(parents=True)
    (top / "shared" / ".env").write_text("KEY=canary-7f3a\n")
    for path in (top / "shared", top / "shared" / ".env"):
        path.chmod(path.stat().st_mode & 0o755)
    return top


@pytest.fixture
def runner(aws: dict[str, Any], s3: Any, top: Path, tmp_path: Path, instance_role: dict[str, str]) -> Runner:
    s3.create_bucket(Bucket=BUCKET)
    options = {
        "dir": str(top),
        "account": ME,
        "bucket": BUCKET,
        "env_file": str(top / "shared" / ".env"),
        "env_revision": REVISION,
        "region": aws["region"],
        "endpoint_url": aws["endpoint_url"],
        "fallback": "uvicorn\n",
        "python": sys.executable,
        "tools": sys.prefix,
        "cache": str(tmp_path / "cache"),
        "margin_mb": 1,
        "isolate": False,
        **publish(s3, zipped(application())),
    }
    return Runner("release", options, instance_role)


def test_six_steps(runner: Runner, s3: Any) -> None:
    first = six_steps(runner, publish(s3, zipped(application(**{"more.py": ""}))))
    assert first["release"] == f"{runner.options['sha256'][:12]}-5be0a1c4"
    assert first["path"] == f"{runner.options['dir']}/releases/{first['release']}"


def test_a_release_that_was_overtaken_changes_nothing(runner: Runner, s3: Any, top: Path) -> None:
    first, second = (publish(s3, zipped({name: ""})) for name in ("a.sh", "b.sh"))
    files = Runner("release", {**runner.options, "app": "", **first}, runner.environment)
    assert files.check(generation=2)["changed"]
    assert not (top / ".generation").exists()
    files.run(generation=2)
    assert files.run(generation=3)["changed"] is False
    before = tree(top)
    assert "another release has begun on this host" in files.fail(generation=2, **second)
    assert files.result(check=True, generation=2, **second)["failed"]
    assert tree(top) == before
    assert files.run(**second)["changed"]


def test_mere_files_become_current_and_nothing_is_built(runner: Runner, s3: Any, top: Path) -> None:
    first = publish(s3, zipped({"compose.yaml": "services: {}\n"}))
    second = publish(s3, zipped({"compose.yaml": "services: {}\n", "pull.sh": ""}))
    files = Runner("release", {**runner.options, "app": "", **first}, runner.environment)
    release = Path(six_steps(files, second)["path"])
    assert sorted(path.name for path in release.iterdir()) == [".env", "code", "manifest.json", "release.env"]
    assert (top / "previous").readlink() == Path("releases") / release.name
    assert (top / "current" / "code" / "pull.sh").is_file()
    assert not (top / "venv").is_symlink()


def test_mere_files_do_not_take_the_place_of_a_service(runner: Runner, top: Path) -> None:
    (top / "venv").symlink_to("current/venv")
    assert "a service runs from" in runner.fail(app="")
    assert not (top / "releases").exists()


def test_a_release_is_complete_and_only_its_environment_is_private(runner: Runner, top: Path) -> None:
    release = Path(runner.run()["path"])
    assert sorted(path.name for path in release.iterdir()) == [".env", "code", "manifest.json", "release.env", "venv"]
    assert (release / "code" / "main.py").is_file()
    assert (release / "release.env").read_text() == f"SLIPWAY_RELEASE={release.name}\nSLIPWAY_APP=main:app\n"
    assert (release / ".env").read_text() == "KEY=canary-7f3a\n"
    assert stat.S_IMODE((release / ".env").stat().st_mode) == 0o640
    writable = [path for path in release.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert writable == []
    python = release / "venv" / "bin" / "python"
    argv = [str(python), "-c", "import uvicorn; print(uvicorn.__file__)"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert said.stdout.startswith(str(release))
    assert sorted(path.name for path in top.iterdir()) == [".release.lock", "releases", "shared"]
    assert "canary" not in (release / "manifest.json").read_text()


def test_a_check_writes_nothing_and_needs_neither_directory_nor_account(runner: Runner, tmp_path: Path) -> None:
    before = tree(tmp_path)
    options = {"dir": str(tmp_path / "nothing"), "account": "nobody-of-that-name", "tools": "/proc/nothing"}
    assert runner.check(**options)["changed"]
    assert tree(tmp_path) == before


def test_a_host_without_boto3_is_told_what_to_run(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("raise ImportError('no boto3')\n")
    bare = Runner("release", runner.options, {**runner.environment, "PYTHONPATH": str(tmp_path)})
    assert bare.check()["changed"]
    assert "run the role python first" in bare.fail(tools="/proc/nothing")


HOSTILE: dict[str, tuple[bytes, str]] = {
    "parent": (zipped_as((zip_entry("main.py"), b""), (zip_entry("../evil"), b"x")), "'../evil'"),
    "link": (zipped_as((zip_entry("main.py"), b""), (zip_entry("a", stat.S_IFLNK), b"/etc")), "symbolic link"),
    "no main.py": (zipped({"app.py": ""}), "has no main.py"),
    "no archive": (b"hello", "neither a zip nor a tar"),
    "no uvicorn": (zipped({"main.py": "", "requirements.txt": "", "wheels/x": ""}), "add `uvicorn`"),
    "no such package": (zipped(application(**{"requirements.txt": "uvicorn\nmissing-package\n"})), "missing-package"),
}


@pytest.mark.parametrize(("content", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_refused_leaves_nothing(runner: Runner, s3: Any, top: Path, content: bytes, words: str) -> None:
    running = runner.run()["path"]
    before = tree(top)
    message = runner.fail(**publish(s3, content))
    assert words in message
    assert "canary" not in message
    assert tree(top) == before
    assert runner.run(**publish(s3, zipped(application())))["path"] == running


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": "releases/other.zip"}, "publish it again"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"size": 7}, "more than the 7 bytes"),
        ({"sha256": "x"}, "64 hexadecimal digits"),
        ({"env_revision": "x"}, "hexadecimal"),
        ({"keep": 0}, "at least 1"),
        ({"app": "main:app\nLD_PRELOAD=/opt/x.so"}, "names no application"),
        ({"max_entries": 2}, "more than 2 entries"),
        ({"margin_mb": 1 << 30}, "free some space"),
        ({"margin_inodes": 1 << 60}, "df -i"),
        ({"account": "nobody-of-that-name"}, "run the role base first"),
        ({"dir": "/proc/nothing"}, "run the role base first"),
        ({"env_file": "/proc/nothing/.env"}, "run the role release, which writes it first"),
        ({"python": "/proc/nothing/python"}, "/proc/nothing/python"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_options_leave_nothing(runner: Runner, top: Path, options: dict[str, Any], words: str) -> None:
    assert words in runner.fail(**options)
    assert tree(top) in (
        ["shared", "shared/.env"],
        [".release.lock", "shared", "shared/.env"],
        [".release.lock", "releases", "shared", "shared/.env"],
    )


def test_another_environment_makes_another_release(runner: Runner, top: Path) -> None:
    first = Path(runner.run()["path"])
    (top / "shared" / ".env").write_text("KEY=another\n")
    second = Path(runner.run(env_revision="ffffffff")["path"])
    assert first != second
    assert (first / ".env").read_text() == "KEY=canary-7f3a\n"
    assert (second / ".env").read_text() == "KEY=another\n"


def test_without_an_environment_there_is_an_empty_one(runner: Runner) -> None:
    options = {name: value for name, value in runner.options.items() if name not in ("env_file", "env_revision")}
    release = Path(Runner("release", options, runner.environment).run()["path"])
    assert release.name.endswith("-00000000")
    assert (release / ".env").read_bytes() == b""


def test_a_damaged_release_is_told_of_and_built_again(runner: Runner) -> None:
    release = Path(runner.run()["path"])
    (release / "code" / "main.py").write_text("tampered\n")
    checked = runner.check()
    assert checked["changed"]
    assert "code/main.py has another content" in checked["diff"]["before"]
    assert (release / "code" / "main.py").read_text() == "tampered\n"
    assert runner.run()["changed"]
    assert (release / "code" / "main.py").read_text() != "tampered\n"
    assert tree(release.parent)[0] == release.name, "what was damaged is gone"
    assert not runner.run()["changed"]


def test_a_damaged_release_that_runs_is_kept_for_its_process(runner: Runner, top: Path) -> None:
    release = Path(runner.run()["path"])
    (top / "current").symlink_to(f"releases/{release.name}")
    (release / "code" / "main.py").write_text("tampered\n")
    runner.run()
    assert (top / "current" / "code" / "main.py").read_text() != "tampered\n"
    assert (release.with_name(f".{release.name}.damaged") / "code" / "main.py").read_text() == "tampered\n"


def test_old_releases_are_pruned_and_those_in_use_are_not(runner: Runner, s3: Any, top: Path) -> None:
    names = []
    for number in range(4):
        names.append(runner.run(**publish(s3, zipped(application(**{"n.py": str(number)}))), keep=9)["release"])
    (top / "current").symlink_to(f"releases/{names[0]}")
    last = publish(s3, zipped(application(**{"n.py": "3"})))
    result = runner.run(**last, keep=2)
    assert result["changed"]
    assert names[1] in result["diff"]["before"]
    assert sorted(path.name for path in (top / "releases").iterdir()) == sorted([names[0], names[2], names[3]])
    assert not runner.run(**last, keep=2)["changed"]


def started(runner: Runner, options: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """The module in a process group of its own, so that all of it can be killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ansible_collections.slipway.fastapi.plugins.modules.release"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(runner.environment),
        start_new_session=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": {**runner.options, **options}}).encode())
    process.stdin.close()
    return process


def test_what_a_killed_run_leaves_is_cleaned_up_by_the_next(runner: Runner, s3: Any, top: Path) -> None:
    process = started(runner, publish(s3, slow_application()))
    deadline = time.monotonic() + 60
    while not list(top.glob("releases/.*.partial/work/venv/lib*/python*/site-packages/uvicorn")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(top.glob("releases/.*.partial"))
    # A uv or Python that outlives the killed module holds the lock, and with it the directory, until it has ended.
    result = runner.run(**publish(s3, zipped(application())))
    assert [path.name for path in (top / "releases").iterdir()] == [result["release"]]


def test_two_runs_at_once_make_one_release(runner: Runner, top: Path) -> None:
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: runner.run(), range(3)))
    assert sum(result["changed"] for result in results) == 1
    assert [path.name for path in (top / "releases").iterdir()] == [results[0]["release"]]
