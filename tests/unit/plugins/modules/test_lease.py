"""The lease as a play uses it: one winner, a heartbeat that ends with its play, and no trust in the local clock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.unit.plugins.running import ROOT, Runner
from tests.unit.plugins.strict_s3 import options_for, strict_s3

SHORT = 3
"""The shortest ttl there is."""


@pytest.fixture(scope="module")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    with strict_s3(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture(scope="module")
def api(s3_process: subprocess.Popen[bytes]) -> dict[str, Any]:
    return options_for(s3_process)


@pytest.fixture(scope="module")
def bucket(api: dict[str, Any]) -> Bucket:
    client: Any = boto3.client  # boto3's stubs ask for a literal name
    s3 = client(
        "s3",
        region_name=api["region"],
        endpoint_url=api["endpoint_url"],
        aws_access_key_id=api["access_key"],
        aws_secret_access_key=api["secret_key"],
        verify=True,
    )
    s3.create_bucket(Bucket="deployments")
    return Bucket(s3)


class Bucket:
    """What the bucket of leases holds."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def lease(self, app: str) -> dict[str, Any]:
        answer = self.s3.get_object(Bucket="deployments", Key=f"{app}/lease.json")
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return {**document, "written": answer["LastModified"]}


@pytest.fixture
def play() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for ansible-playbook."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def runner(api: dict[str, Any], bucket: Bucket, play: subprocess.Popen[bytes]) -> Runner:
    return Runner("lease", {"aws": api, "bucket": "deployments", "app": uuid.uuid4().hex, "pid": play.pid})


def has_ended(pid: int) -> bool:
    try:
        state = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"  # Where nobody collects what has lost its parent.


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """Wait until it is so, and return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def test_taking_keeping_and_letting_go(runner: Runner, play: subprocess.Popen[bytes], bucket: Bucket) -> None:
    app = runner.options["app"]
    predicted = runner.check(purpose="release")
    first = runner.run(purpose="release")
    assert predicted["changed"] and predicted["renewer"] == 0
    assert predicted["generation"] in range(first["generation"] - 60, first["generation"] + 1)
    stored = bucket.lease(app)
    assert (stored["state"], stored["pid"], stored["purpose"]) == ("held", play.pid, "release")
    assert (stored["owner"], stored["generation"]) == (first["owner"], first["generation"])
    message = runner.fail()
    for words in (
        first["owner"],
        f"process {play.pid}",
        "release",
        first["acquired"],
        "Wait until it has ended",
        "expires",
    ):
        assert words in message
    assert runner.result(check=True)["msg"].startswith("another run is under way")
    held = runner.run(state="held", generation=first["generation"])
    assert (held["changed"], held["generation"]) == (False, first["generation"])
    assert runner.check(state="released", generation=first["generation"])["changed"]
    assert bucket.lease(app)["state"] == "held"
    let_go = runner.run(state="released", generation=first["generation"])
    assert (let_go["changed"], let_go["owner"], let_go["lost"]) == (True, "", "")
    assert runner.run(state="released", generation=first["generation"])["changed"] is False
    assert runner.run()["generation"] == first["generation"] + 1
    late = runner.run(state="released", generation=first["generation"])
    assert (late["changed"], late["owner"]) == (False, first["owner"])
    assert "has taken it over" in late["lost"]
    assert "is lost" in runner.fail(state="held", generation=first["generation"])


def test_of_eight_one_wins(runner: Runner) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: runner.result(purpose=f"run {number}"), range(8)))
    won = [result for result in results if not result.get("failed")]
    assert len(won) == 1
    assert all("another run is under way" in result["msg"] for result in results if result.get("failed"))


def test_a_play_that_is_killed_lets_it_go(runner: Runner, play: subprocess.Popen[bytes], bucket: Bucket) -> None:
    app = runner.options["app"]
    first = runner.run(ttl=60)
    play.kill()
    play.wait()
    wait_for(lambda: has_ended(first["renewer"]), 5)
    assert bucket.lease(app)["state"] == "free"
    second = runner.run(pid=os.getpid())
    assert (second["generation"], second["taken_over"]) == (first["generation"] + 1, {})
    runner.run(state="released", generation=second["generation"])


def test_where_s3_hangs_the_renewer_ends_with_its_play_all_the_same(
    runner: Runner, play: subprocess.Popen[bytes], s3_process: subprocess.Popen[bytes]
) -> None:
    first = runner.run(ttl=SHORT)
    s3_process.send_signal(signal.SIGSTOP)
    try:
        play.kill()
        wait_for(lambda: has_ended(first["renewer"]), SHORT / 3 + 2)
    finally:
        s3_process.send_signal(signal.SIGCONT)


def test_a_play_that_is_stopped_loses_it(runner: Runner, play: subprocess.Popen[bytes], bucket: Bucket) -> None:
    app = runner.options["app"]
    first = runner.run(ttl=SHORT)
    written = bucket.lease(app)["written"]
    # It is renewed, and so outlives its time.
    wait_for(lambda: bool(bucket.lease(app)["written"] > written + timedelta(seconds=SHORT)), 30)
    play.send_signal(signal.SIGSTOP)
    wait_for(lambda: has_ended(first["renewer"]), 15)
    other = subprocess.Popen(["sleep", "600"])
    try:
        wait_for(lambda: runner.result(check=True, pid=other.pid).get("failed") is None, 15)
        second = runner.run(pid=other.pid)
    finally:
        other.kill()
        other.wait()
    assert second["generation"] == first["generation"] + 1
    assert {**second["taken_over"], "silent": 0} == {
        "owner": first["owner"],
        "pid": play.pid,
        "purpose": "a run of Ansible",
        "generation": first["generation"],
        "silent": 0,
    }
    assert second["taken_over"]["silent"] > SHORT
    wait_for(lambda: has_ended(second["renewer"]), 5)
    play.send_signal(signal.SIGCONT)
    assert "is lost" in runner.fail(state="held", generation=first["generation"])


def test_the_renewer_ends_when_the_lease_is_let_go(runner: Runner) -> None:
    first = runner.run(ttl=SHORT)
    assert Path("/proc", str(first["renewer"]), "comm").read_text() == "slipway-lease\n"
    assert os.getsid(first["renewer"]) != os.getsid(0)
    files = {entry.readlink().name for entry in Path("/proc", str(first["renewer"]), "fd").iterdir()}
    assert {"null"} <= files
    assert not any(name.startswith("AnsiballZ") for name in files)
    runner.run(state="released", generation=first["generation"])
    wait_for(lambda: has_ended(first["renewer"]), SHORT)


def test_no_credentials_can_be_seen_from_outside(runner: Runner) -> None:
    secret = "a-canary-4711-of-a-key"
    first = runner.run(aws={**runner.options["aws"], "secret_key": secret})
    process = Path("/proc", str(first["renewer"]))
    assert secret.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert secret not in json.dumps({**first, "invocation": ""})


def test_a_way_back_needs_no_s3_and_respects_who_holds_the_lease(runner: Runner) -> None:
    nowhere = {**runner.options["aws"], "endpoint_url": "http://127.0.0.1:9"}
    done = runner.run(aws=nowhere, optional=True)
    assert (done["changed"], done["generation"], done["renewer"]) == (False, 0, 0)
    assert "127.0.0.1:9" in done["unavailable"]
    assert "127.0.0.1:9" in runner.fail(aws=nowhere)
    assert runner.run(optional=True)["unavailable"] == ""
    assert "another run is under way" in runner.fail(optional=True)


@pytest.mark.parametrize("hours", [-5, 5])
def test_the_clock_of_this_machine_makes_no_difference(runner: Runner, hours: int) -> None:
    wrong = {"TEST_CLOCK_HOURS": str(hours), "PYTHONPATH": str(Path(__file__).parents[1] / "wrong_clock")}
    there = Runner("lease", runner.options, wrong)
    first = runner.run()
    assert "another run is under way" in there.fail()
    runner.run(state="released", generation=first["generation"])
    second = there.run()
    assert second["generation"] == first["generation"] + 1
    asked = datetime.fromisoformat(second["acquired"].replace("Z", "+00:00"))
    assert asked - datetime.fromisoformat(first["acquired"].replace("Z", "+00:00")) < timedelta(minutes=5)
    assert "another run is under way" in runner.fail()


def test_the_wrong_clock_is_wrong() -> None:
    code = "import time, datetime; print(int(time.time()), int(datetime.datetime.now().timestamp()))"
    path = str(Path(__file__).parents[1] / "wrong_clock")
    argv = [sys.executable, "-c", code]
    done = subprocess.run(
        argv, env={"PYTHONPATH": path, "TEST_CLOCK_HOURS": "5"}, capture_output=True, text=True, check=True
    )
    assert all(int(word) - time.time() == pytest.approx(5 * 3600, abs=60) for word in done.stdout.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ttl": 2}, "ttl must be from 3 to 3600 seconds"),
        ({"state": "held"}, "needs the `generation`"),
        ({"state": "released", "generation": -1}, "needs the `generation`"),
        ({"bucket": "missing"}, "the bucket missing for leases and history does not exist: make it (make apply)"),
        ({"pid": 2**22 + 1}, "there is no process"),
        ({"pid": None}, "no ansible-playbook runs this"),
    ],
)
def test_what_cannot_work_is_refused(runner: Runner, options: dict[str, Any], words: str) -> None:
    assert words in runner.fail(**options)


def test_ansible_itself_is_what_is_watched(runner: Runner, bucket: Bucket, tmp_path: Path) -> None:
    options = {name: value for name, value in runner.options.items() if name != "pid"}
    ready = tmp_path / "ready"
    tasks = [
        {"slipway.fastapi.lease": {**options, "ttl": SHORT}},
        {"ansible.builtin.command": f"touch {ready}"},
        {"ansible.builtin.pause": {"seconds": 300}},
    ]
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}])
    )
    environment = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    argv = [Path(sys.executable).with_name("ansible-playbook"), tmp_path / "play.yml"]
    with subprocess.Popen(
        [*argv, "-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            wait_for(ready.exists, 60)
            assert bucket.lease(runner.options["app"])["pid"] == process.pid
            renewers = [int(path.name) for path in Path("/proc").iterdir() if watches(path, tmp_path)]
            assert len(renewers) == 1
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    wait_for(lambda: has_ended(renewers[0]), SHORT / 3 + 2)


def watches(process: Path, home: Path) -> bool:
    """Whether this is a renewer that a play with this home has started."""
    try:
        named = (process / "comm").read_text() == "slipway-lease\n"
        return named and f"HOME={home}\0".encode() in (process / "environ").read_bytes()
    except OSError:
        return False
