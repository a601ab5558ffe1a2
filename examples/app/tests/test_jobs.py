"""Jobs in a real Postgres, and what the service answers without one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from service import jobs

JOB = {"location": "Lisbon", "prompt": "Three sentences on the old town"}


def test_a_job_is_stored_and_found_again(client: TestClient, database: str) -> None:
    created = client.post("/jobs", json=JOB)
    assert created.status_code == 201
    job = created.json()
    assert job["status"] == "queued"
    assert client.get(f"/jobs/{job['id']}").json() == job
    assert client.get("/jobs?limit=1").json() == [job]


def test_an_unknown_job_is_404(client: TestClient, database: str) -> None:
    assert client.get(f"/jobs/{uuid4()}").status_code == 404
    assert client.get("/jobs/not-an-id").status_code == 422


def test_processes_that_start_together_make_one_table(client: TestClient, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop table if exists jobs")
    jobs._tables_made.clear()

    def make(_number: int) -> None:
        with psycopg.connect(database) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", (jobs.TABLE_LOCK,))
            connection.execute(jobs.TABLE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    assert client.post("/jobs", json=JOB).status_code == 201


@pytest.mark.parametrize("body", [{}, {"location": "", "prompt": "x"}, {"location": "x", "prompt": "x" * 4001}])
def test_a_job_that_is_not_one_is_422(client: TestClient, database: str, body: dict[str, str]) -> None:
    assert client.post("/jobs", json=body).status_code == 422


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        (("app:app@", "app:wrong@"), "auth"),
        (("127.0.0.1", "no-such-host.invalid"), "dns"),
        (("/postgres", "/no_such_database"), "auth"),
        (("/postgres", "/postgres?sslmode=require"), "tls"),
    ],
)
def test_a_broken_database_is_502_with_the_stage(
    client: TestClient, database: str, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], stage: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.replace(*change))
    answer = client.get("/jobs")
    assert answer.status_code == 502
    assert (answer.json()["dependency"], answer.json()["stage"]) == ("postgres", stage)


def test_a_database_that_is_down_is_502_and_comes_back_without_a_restart(
    client: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:secret-word@127.0.0.1:1/app")
    answer = client.post("/jobs", json=JOB)
    assert (answer.status_code, answer.json()["stage"]) == (502, "tcp")
    assert "secret-word" not in answer.text
    monkeypatch.setenv("DATABASE_URL", database)
    assert client.post("/jobs", json=JOB).status_code == 201


def test_a_role_without_rights_is_502_permission(
    client: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/jobs")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop role if exists reader")
        connection.execute("create role reader login password 'reader'")
    monkeypatch.setenv("DATABASE_URL", database.replace("app:app@", "reader:reader@"))
    answer = client.post("/jobs", json=JOB)
    assert (answer.status_code, answer.json()["stage"]) == (502, "permission")


def test_no_database_configured_is_503(client: TestClient) -> None:
    answer = client.get("/jobs")
    assert answer.status_code == 503
    assert answer.json()["message"] == "DATABASE_URL is not set in the environment of the service"
