"""Records of releases: one object each, the same however often it is written, and never another's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history

from tests.unit.plugins.running import Runner, six_steps

BUCKET = "deployments"
RELEASE = "3f2a9c51d0b7-5be0a1c4"
BEFORE = "8ea6931ef0c0-da72a7ab"


@pytest.fixture
def runner(aws: dict[str, Any], s3: Any) -> Runner:
    s3.create_bucket(Bucket=BUCKET)
    options = {
        "aws": aws,
        "bucket": BUCKET,
        "app": "shop",
        "generation": 7,
        "kind": "release",
        "result": "released",
        "began": "2026-11-21T07:31:11Z",
        "release": RELEASE,
        "artifact": "s3://artifacts/releases/app.zip",
        "version_id": "v1",
        "hosts": [{"name": "i-2", "before": BEFORE, "after": RELEASE}, {"name": "i-1", "after": RELEASE}],
    }
    return Runner("history", options)


def test_six_steps(runner: Runner, s3: Any) -> None:
    first = six_steps(
        Runner("history", {**runner.options, "ended": "2026-11-21T07:32:00Z"}),
        {"result": "rolled_back"},
    )
    assert first["key"] == "shop/history/20261121T073111Z-7.json"
    stored = json.loads(s3.get_object(Bucket=BUCKET, Key=first["key"])["Body"].read())
    assert stored["result"] == "rolled_back"
    assert [host["name"] for host in stored["hosts"]] == ["i-1", "i-2"]


def test_its_end_is_told_by_the_clock_of_s3_and_stays(runner: Runner) -> None:
    first = runner.run()
    assert history.STAMP.fullmatch(first["record"]["ended"])
    assert "@" in first["record"]["by"]
    again = runner.run()
    assert (again["changed"], again["record"]) == (False, first["record"])


def test_the_newest_are_read_first_and_another_apps_not_at_all(runner: Runner, s3: Any) -> None:
    for day in range(1, 5):
        runner.run(began=f"2026-11-0{day}T00:00:00Z", generation=day)
    runner.run(app="shop-2")
    s3.put_object(Bucket=BUCKET, Key="shop/history/20261103T120000Z-9.json", Body=b"no record")
    records, problems = history.newest(s3, BUCKET, "shop", 3)
    assert [record.generation for record in records] == [4, 3]
    assert problems == [
        "s3://deployments/shop/history/20261103T120000Z-9.json is no record of a release: somebody else has written it"
    ]


def test_what_a_host_calls_a_release_is_recorded_only_when_it_can_be_one(runner: Runner) -> None:
    lie = "\x1b]0;title\x07{{ lookup('pipe', 'id') }}" + "x" * 100_000
    hosts = [{"name": "i-1", "before": lie, "after": RELEASE}, {"name": "i-2", "before": "", "after": "unknown"}]
    record = runner.run(release=lie, hosts=hosts)["record"]
    assert record["release"] == "unreadable"
    assert [(host["before"], host["after"]) for host in record["hosts"]] == [("unreadable", RELEASE), ("", "unknown")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"began": "yesterday"}, "began is 'yesterday' and must be a time in UTC such as"),
        ({"ended": "2026-13-01T00:00:00Z"}, "ended is '2026-13-01T00:00:00Z'"),
        ({"generation": 0}, "generation must be the number"),
        ({"bucket": "missing"}, "the bucket missing for leases and history does not exist"),
        ({"result": "fine"}, "value of result must be one of: released, failed, rolled_back, nothing"),
    ],
)
def test_what_cannot_be_recorded_is_refused(runner: Runner, options: dict[str, Any], words: str) -> None:
    assert words in runner.fail(**options)


def test_what_is_no_record_is_not_overwritten(runner: Runner, s3: Any) -> None:
    key = "shop/history/20261121T073111Z-7.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"[]")
    assert "somebody else has written it" in runner.fail()
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"[]"
