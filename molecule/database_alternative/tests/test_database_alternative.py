"""Another database, role and place of the CA bundle."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testinfra.host import Host

PROGRAM = """
import boto3, json, psycopg
ssm = boto3.client("ssm", region_name="us-east-1", endpoint_url="http://192.0.2.10")
answer = ssm.get_parameter(Name="/slipway/sandbox/database-alternative/url", WithDecryption=True)
url = answer["Parameter"]["Value"].strip().partition("=")[2].strip("\\"'")
with psycopg.connect(url) as connection:
    user, name = connection.execute("SELECT current_user, current_database()").fetchone()
print(json.dumps({"user": user, "name": name, "bundle": "sslrootcert=/srv/tools/rds.pem" in url.replace("%2F", "/")}))
"""


@pytest.fixture
def seen(host: Host) -> dict[str, Any]:
    return dict(json.loads(host.check_output("/opt/slipway/venv/bin/python -c %s", PROGRAM)))


def test_the_url_leads_to_the_chosen_database_and_role(seen: dict[str, Any]) -> None:
    assert seen == {"user": "shop_app", "name": "shop", "bundle": True}


def test_the_ca_bundle_is_where_it_was_asked_for(host: Host) -> None:
    bundle = host.file("/srv/tools/rds.pem")
    assert (bundle.user, oct(bundle.mode)) == ("root", "0o644")
    assert "# added" not in bundle.content_string
    assert not host.file("/opt/slipway/etc/rds-ca.pem").exists
