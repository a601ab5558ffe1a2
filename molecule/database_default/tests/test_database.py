"""The service's role and URL, used from the host as the service uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

PROGRAM = """
import boto3, json, psycopg
ssm = boto3.client("ssm", region_name="us-east-1", endpoint_url="http://192.0.2.10")
answer = ssm.get_parameter(Name="/slipway/sandbox/database/database-url", WithDecryption=True)
name, _, url = answer["Parameter"]["Value"].strip().partition("=")
with psycopg.connect(url.strip("\\"'")) as connection:
    encrypted = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()[0]
    role = connection.execute(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    owner = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    ).fetchone()[0]
    connection.execute("CREATE TABLE probe (id int)")
    connection.rollback()
print(json.dumps({
    "name": name, "type": answer["Parameter"]["Type"], "verified": "sslmode=verify-full" in url,
    "encrypted": encrypted, "role": role, "owner": owner,
}))
"""


@pytest.fixture
def seen(host: Host) -> dict[str, Any]:
    return dict(json.loads(host.check_output("/opt/slipway/venv/bin/python -c %s", PROGRAM)))


def test_the_url_is_a_secret_of_the_environment(seen: dict[str, Any]) -> None:
    assert (seen["name"], seen["type"]) == ("DATABASE_URL", "SecureString")


def test_the_servers_certificate_is_checked(seen: dict[str, Any]) -> None:
    assert seen["verified"]
    assert seen["encrypted"]


def test_the_role_owns_its_database_and_no_more(seen: dict[str, Any]) -> None:
    assert seen["role"] == ["app", False, False, False]
    assert seen["owner"] == "app"


def test_everybody_may_read_the_ca_bundle_and_only_root_change_it(host: Host) -> None:
    bundle = host.file("/opt/slipway/etc/rds-ca.pem")
    assert (bundle.user, oct(bundle.mode)) == ("root", "0o644")
    assert "BEGIN CERTIFICATE" in bundle.content_string
