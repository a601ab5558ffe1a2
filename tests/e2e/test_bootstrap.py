"""`make bootstrap` makes the state bucket and moves a local state into it. It never overwrites a state."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.run import ROOT, Run, make
from tests.e2e.world import World

SANDBOXS = ROOT / "terraform" / "envs" / "sandbox"
WORK = ROOT / ".slipway" / "sandbox"
BUCKET = "slipway-state-sandbox-000000000000"
KEY = "sandbox/location-content/terraform.tfstate"
CHANGED = re.compile(r"^localhost\s.*\bchanged=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A backend file that names no bucket yet, and a copy of the application's state beside it."""

    backend: Path
    state: Path
    s3: Any

    def bootstrap(self) -> Run:
        """`make bootstrap` with the two files."""
        return make("bootstrap", f"ARGS=-e backend_file={self.backend} -e state_file={self.state}")

    def stored(self, bucket: str = BUCKET, key: str = KEY) -> dict[str, Any]:
        """The state in the bucket."""
        body: dict[str, Any] = json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return body


def remove(s3: Any, bucket: str) -> None:
    """Delete a bucket with all versions of its objects."""
    listed = s3.list_object_versions(Bucket=bucket)
    for item in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
        s3.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def place(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    s3 = world.client("s3")
    folder = tmp_path_factory.mktemp("bootstrap")
    found = Place(folder / "backend.hcl", folder / "local.tfstate", s3)
    text = (SANDBOXS / "backend.hcl").read_text().replace("../../envs/sandbox", str(SANDBOXS))
    found.backend.write_text(re.sub(r"(?m)^bucket .*$", '# bucket = "…"', text))
    found.state.write_text(json.dumps(found.stored("slipway-state-sandbox")))
    known = set(WORK.rglob("before-migration-*"))
    yield found
    remove(s3, BUCKET)
    shutil.rmtree(WORK / BUCKET)
    for path in set(WORK.rglob("before-migration-*")) - known:
        path.unlink()


@pytest.fixture(scope="module")
def first(place: Place) -> Run:
    return place.bootstrap()


def test_the_bucket_is_made_and_keeps_both_states(place: Place, first: Run) -> None:
    assert first.code == 0, first.output[-4000:]
    assert place.s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert place.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
    assert place.stored()["resources"] == place.stored("slipway-state-sandbox")["resources"]
    own = place.stored(key="sandbox/state-bucket.tfstate")
    assert {item["type"] for item in own["resources"]} >= {"aws_s3_bucket", "aws_s3_bucket_versioning"}


def test_the_local_state_is_kept_and_the_bucket_is_named(place: Place, first: Run) -> None:
    assert first.code == 0, first.output[-4000:]
    assert not place.state.exists()
    (kept,) = re.findall(r"kept as (\.slipway/sandbox/location-content/\S+)", first.output)
    assert json.loads((ROOT / kept).read_text())["resources"]
    assert re.findall(r"(?m)^bucket\s+= \"(.*)\"$", place.backend.read_text()) == [BUCKET]


def test_a_second_run_changes_nothing_and_reports_a_leftover_state(place: Place, first: Run) -> None:
    assert first.code == 0, first.output[-4000:]
    place.state.write_text(json.dumps(place.stored()))
    done = place.bootstrap()
    assert done.code == 0, done.output[-4000:]
    assert CHANGED.findall(done.output) == ["0"]
    assert "is in the bucket already" in done.output
    assert place.state.exists()


def test_a_state_of_another_history_is_refused(place: Place, first: Run) -> None:
    assert first.code == 0, first.output[-4000:]
    before = place.s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"]
    place.state.write_text(json.dumps(place.stored() | {"lineage": "11111111-2222-3333-4444-555555555555"}))
    done = place.bootstrap()
    assert done.code != 0
    assert done.output.count("Nothing was moved") == 1
    assert "nothing to do with each other" in done.output
    assert place.s3.head_object(Bucket=BUCKET, Key=KEY)["VersionId"] == before
    assert place.state.exists()


def test_in_the_sandbox_bootstrap_makes_no_bucket(world: World) -> None:
    done = make("bootstrap")
    assert done.code == 0, done.output[-4000:]
    assert CHANGED.findall(done.output) == ["0"]
    assert "slipway-state-sandbox, which the sandbox makes" in done.output
