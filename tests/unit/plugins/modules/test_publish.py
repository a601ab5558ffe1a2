"""Publishing: one directory gives one archive, and only another one is uploaded."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.running import Runner, six_steps

BUCKET = "location-content-sandbox-artifacts"
KEY = "releases/app.zip"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "app"
    path.mkdir()
    (path / "main.py").write_text("app = None\n")
    (path / ".env").write_text("A=hunter2\n")
    return path


@pytest.fixture
def runner(aws: dict[str, Any], s3: Any, directory: Path) -> Runner:
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Runner("publish", {"aws": aws, "directory": str(directory), "artifact": f"s3://{BUCKET}/{KEY}"})


def versions(s3: Any) -> list[Any]:
    found: list[Any] = s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    return found


def test_six_steps(runner: Runner, directory: Path, s3: Any) -> None:
    first = six_steps(runner, {"do": lambda: (directory / "main.py").write_text("app = 1\n")})
    assert len(versions(s3)) == 2
    assert (first["files"], first["left_out"]) == (1, [".env"])


def test_what_is_stored_is_what_was_announced(runner: Runner, s3: Any) -> None:
    predicted, result = runner.check(), runner.run()
    stored = s3.get_object(Bucket=BUCKET, Key=KEY)
    body = stored["Body"].read()
    assert stored["VersionId"] == result["version_id"]
    assert stored["Metadata"] == {"sha256": result["sha256"], "app": "main:app"}
    assert hashlib.sha256(body).hexdigest() == result["sha256"] == predicted["sha256"]
    assert len(body) == result["size"] == predicted["size"]
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["main.py"]


def test_without_leave_to_replace_what_is_there_stays(runner: Runner, directory: Path, s3: Any) -> None:
    assert runner.run(replace=False)["changed"]
    (directory / "main.py").write_text("app = 2\n")
    assert not runner.run(replace=False)["changed"]
    assert len(versions(s3)) == 1


def test_check_mode_uploads_nothing(runner: Runner, s3: Any) -> None:
    assert runner.check()["version_id"] == ""
    assert versions(s3) == []


def test_an_object_that_somebody_else_uploaded_is_replaced(runner: Runner, s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    result = runner.run()
    assert result["diff"]["before"] == "app: unknown\nsha256: unknown\nsize: 1\n"
    assert result["changed"] is True


def test_a_package_can_be_the_application(runner: Runner, directory: Path) -> None:
    (directory / "service").mkdir()
    (directory / "service" / "__init__.py").write_text("")
    (directory / "service" / "api.py").write_text("app = None\n")
    assert runner.check(app="service.api:app")["files"] == 3


def test_another_application_in_the_same_files_is_a_change(runner: Runner, directory: Path, s3: Any) -> None:
    (directory / "other.py").write_text("app = None\n")
    runner.run()
    assert runner.run(app="other:app")["changed"]
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["Metadata"]["app"] == "other:app"
    assert not runner.run(app="other:app")["changed"]


def test_files_of_which_nothing_runs(runner: Runner, directory: Path, s3: Any) -> None:
    (directory / "main.py").rename(directory / "compose.yaml")
    assert runner.run(app="")["files"] == 1
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["Metadata"]["app"] == "none"


def test_a_folder_without_any_file_is_refused(runner: Runner, directory: Path) -> None:
    (directory / "main.py").unlink()
    assert "has no file that could be published" in runner.fail(app="")


@pytest.mark.parametrize("app", ["main:app", "service.api:app"])
def test_a_missing_application_is_refused_before_anything_is_uploaded(
    runner: Runner, directory: Path, s3: Any, app: str
) -> None:
    (directory / "main.py").rename(directory / "server.py")
    assert f"which {app} needs; name the directory that holds it, or what runs instead" in runner.fail(app=app)
    assert versions(s3) == []


def test_a_missing_bucket(runner: Runner) -> None:
    assert runner.fail(artifact="s3://missing/key").startswith("bucket missing does not exist; `make apply` makes it")


def test_a_refused_upload_names_action_and_object(runner: Runner, enforced_iam: dict[str, Any]) -> None:
    assert runner.fail(aws=enforced_iam).startswith(f"AWS refused s3:GetObject on s3://{BUCKET}/{KEY} (403)")
