"""`/jobs`: the queue of content to be generated, kept in Postgres."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import psycopg
from fastapi import APIRouter, HTTPException, Query
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from service.failures import CONNECTION_MESSAGES, DependencyError
from service.settings import required

router = APIRouter()

CONNECT_TIMEOUT_SECONDS = 5
# Two processes that start together must not both make the table: "if not exists" alone races on the catalogue.
TABLE_LOCK = 7_326_001
TABLE = """
create table if not exists jobs (
    id uuid primary key,
    location text not null,
    prompt text not null,
    status text not null default 'queued',
    created_at timestamptz not null default now()
)
"""
_table_lock = threading.Lock()
_tables_made: set[str] = set()


class NewJob(BaseModel):
    """What a client asks for."""

    location: str = Field(min_length=1, max_length=200)
    prompt: str = Field(min_length=1, max_length=4_000)


class Job(NewJob):
    """A job as it is stored."""

    id: UUID
    status: str
    created_at: datetime


@router.post("/jobs", status_code=201)
def create_job(new: NewJob) -> Job:
    """Store a job and return it."""
    with _connection() as connection, connection.cursor(row_factory=class_row(Job)) as cursor:
        cursor.execute(
            "insert into jobs (id, location, prompt) values (%s, %s, %s) returning *",
            (uuid4(), new.location, new.prompt),
        )
        stored = cursor.fetchone()
    if stored is None:
        raise DependencyError("postgres", "answer", "it stored the job and returned no row")
    return stored


@router.get("/jobs")
def list_jobs(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[Job]:
    """Return the newest jobs, newest first."""
    with _connection() as connection, connection.cursor(row_factory=class_row(Job)) as cursor:
        cursor.execute("select * from jobs order by created_at desc, id limit %s", (limit,))
        return cursor.fetchall()


@router.get("/jobs/{job_id}")
def read_job(job_id: UUID) -> Job:
    """Return one job; 404 when there is none of that id."""
    with _connection() as connection, connection.cursor(row_factory=class_row(Job)) as cursor:
        cursor.execute("select * from jobs where id = %s", (job_id,))
        job = cursor.fetchone()
    if job is None:
        raise HTTPException(404, "no such job")
    return job


@contextmanager
def _connection() -> Iterator[psycopg.Connection[Any]]:
    """Connect, make sure of the table, and turn what Postgres refuses into a DependencyError that names the stage."""
    url = required("DATABASE_URL", "postgres")
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
            _make_table(connection, url)
            yield connection
    except psycopg.OperationalError as error:
        stage, message = failed_stage(error)
        raise DependencyError("postgres", stage, message) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DependencyError("postgres", "permission", "the service's role may not do this") from error
    except psycopg.Error as error:
        raise DependencyError("postgres", "answer", "it refused the statement") from error


def _make_table(connection: psycopg.Connection[Any], url: str) -> None:
    """Make the table on the first connection to a database, once per process."""
    with _table_lock:
        if url in _tables_made:
            return
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", (TABLE_LOCK,))
            connection.execute(TABLE)
        _tables_made.add(url)


def failed_stage(error: psycopg.OperationalError) -> tuple[str, str]:
    """Return stage and message for a failed connection.

    libpq gives no code for a connection that was never made, only its English text, so the text decides. It is compared
    and not passed on: it names hosts and roles.
    """
    text = str(error).lower()
    if "password authentication failed" in text or "no pg_hba.conf entry" in text or "does not exist" in text:
        return "auth", "it refused the user, the password or the database"
    if "failed to resolve host" in text or "could not translate host name" in text:
        return "dns", CONNECTION_MESSAGES["dns"]
    if "timeout" in text:
        return "timeout", CONNECTION_MESSAGES["timeout"]
    if "ssl" in text or "certificate" in text:
        return "tls", CONNECTION_MESSAGES["tls"]
    return "tcp", CONNECTION_MESSAGES["tcp"]
