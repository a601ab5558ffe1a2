"""A throwaway Postgres for tests that need a server and no host: the sandbox's database image on loopback."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from sandbox.machine import engine, images

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
SERVER = """
printf app > /tmp/password
initdb -D /tmp/data -U app --auth=scram-sha-256 --pwfile=/tmp/password
echo 'host all all all scram-sha-256' >> /tmp/data/pg_hba.conf
exec postgres -D /tmp/data -c listen_addresses='*' -c fsync=off
"""


@contextmanager
def postgres_url() -> Iterator[str]:
    """Yield the URL of an empty database, removed afterwards. Raises EngineError without a Docker engine."""
    client = engine.connect()
    image = images.ensure(client, "postgres", ROOT / ".sandbox", print)
    container = client.containers.run(
        image,
        ["-ec", SERVER],
        entrypoint="/bin/sh",
        user="postgres",
        name=f"slipway-test-postgres-{os.getpid()}",
        ports={"5432/tcp": ("127.0.0.1", None)},
        detach=True,
    )
    try:
        container.reload()
        port = container.ports["5432/tcp"][0]["HostPort"]
        url = f"postgresql://app:app@127.0.0.1:{port}/postgres"
        _wait_for(url)
        yield url
    finally:
        container.remove(force=True, v=True)
        client.close()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
