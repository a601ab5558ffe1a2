"""Tags are a trust boundary: what a play would use must have been checked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.plugin_utils._host_check import FACTS, host_errors
from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import tag_schema

TAGS = tag_schema().tags.values()
REQUIRED = [*FACTS, *(tag.variable for tag in TAGS if tag.required)]
OPTIONAL = [tag.variable for tag in TAGS if not tag.required]
ALLOWED = {
    "environment": "dev",
    "apps": ["shop"],
    "buckets": ["slipway-dev-*-<account>", "ours"],
    "parameters": ["/slipway/dev/*"],
    "databases": ["shop-dev"],
    "vpc_ids": ["vpc-1"],
    "account_ids": ["123456789012"],
}
HOST = {
    "slipway_instance_id": "i-0123456789abcdef0",
    "ansible_host": "10.0.0.4",
    "slipway_vpc_id": "vpc-1",
    "slipway_instance_profile": "arn:aws:iam::123456789012:instance-profile/slipway-dev-shop",
    "slipway_launched_by": "",
    "slipway_app": "shop",
    "slipway_env": "dev",
    "slipway_role": "web",
    "slipway_port": 8000,
    "slipway_health_path": "/api/v1/health",
    "slipway_env_parameter": "/slipway/dev/shop/env",
    "slipway_env_more_parameter": "/slipway/dev/shop/env-more",
    "slipway_env_required": True,
    "slipway_database_parameter": "/slipway/dev/shop/database-url",
    "slipway_database": "shop-dev",
    "slipway_artifact": "s3://slipway-dev-shop-artifacts-123456789012/releases/app.zip",
    "slipway_content_bucket": "ours",
    "slipway_deployments_bucket": "slipway-dev-shop-deployments-123456789012",
}


def test_a_host_of_terraform_is_trusted() -> None:
    assert host_errors(HOST, ALLOWED) == []


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_required_must_be_there(name: str) -> None:
    host = {key: value for key, value in HOST.items() if key != name}
    assert [error.split()[0] for error in host_errors(host, {**ALLOWED, "vpc_ids": ["vpc-1"]})] == [name]


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_optional_may_be_absent(name: str) -> None:
    assert host_errors({**HOST, name: ""}, ALLOWED) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slipway_instance_id", "localhost"),
        ("ansible_host", "10.0.0.4 -o ProxyCommand=id"),
        ("slipway_vpc_id", "vpc-2"),
        ("slipway_app", "{{ lookup('pipe', 'id') }}"),
        ("slipway_app", "another"),
        ("slipway_env", "prod"),
        ("slipway_role", "../web"),
        ("slipway_port", "80"),
        ("slipway_port", "8000; id"),
        ("slipway_port", "65536"),
        ("slipway_port", "٨٠٨٠"),
        ("slipway_app", "a-name-of-20-letters"),
        ("slipway_env_required", "{{ 1 }}"),
        ("slipway_artifact", "s3://ours/" + "a" * 250 + ".zip"),
        ("slipway_health_path", "health"),
        ("slipway_health_path", "/$(id)"),
        ("slipway_env_parameter", "/slipway/prod/shop/env"),
        ("slipway_env_parameter", "/slipway/dev/../prod/env"),
        ("slipway_env_more_parameter", "/slipway/prod/shop/env-more"),
        ("slipway_database_parameter", "relative"),
        ("slipway_database", "other-db"),
        ("slipway_artifact", "s3://evil/app.zip"),
        # Whoever may write tags takes a name that is free in the world, in an account of their own.
        ("slipway_artifact", "s3://slipway-dev-evil-in-another-account/app.zip"),
        ("slipway_artifact", "s3://slipway-dev-evil-999999999999/app.zip"),
        ("slipway_content_bucket", "slipway-dev-shop-content"),
        ("slipway_deployments_bucket", "slipway-dev-<account>"),
        ("slipway_artifact", "https://slipway-dev-shop-artifacts/app.zip"),
        ("slipway_artifact", "s3://slipway-dev-a/../../x"),
        ("slipway_content_bucket", "someone-elses"),
        ("slipway_deployments_bucket", "someone-elses"),
    ],
)
def test_one_bad_value_is_one_error_that_names_it(name: str, value: Any) -> None:
    errors = host_errors({**HOST, name: value}, ALLOWED)
    assert len(errors) == 1
    assert errors[0].startswith(name)


def test_without_allow_lists_no_resource_is_trusted() -> None:
    bare = {"environment": "dev"}
    named = {error.split()[0] for error in host_errors(HOST, bare)}
    assert named == {tag.variable for tag in TAGS if tag.allowed_by not in ("", "environment")}


@pytest.mark.parametrize(
    "changed",
    [
        # Tags of an Auto Scaling group are put on by a service-linked role, which no policy can bind.
        {"slipway_launched_by": "web-asg"},
        {"slipway_instance_profile": ""},
        {"slipway_instance_profile": "arn:aws:iam::123456789012:instance-profile/web"},
        {"slipway_instance_profile": "arn:aws:iam::999999999999:instance-profile/slipway-dev-shop"},
        {"slipway_instance_profile": "arn:aws:iam::123456789012:instance-profile/slipway-dev-shop-2"},
    ],
)
def test_an_instance_that_terraform_did_not_make_joins_only_by_its_id(changed: dict[str, str]) -> None:
    (error,) = host_errors({**HOST, **changed}, ALLOWED)
    assert "slipway_allowed.foreign_hosts" in error
    assert host_errors({**HOST, **changed}, {**ALLOWED, "foreign_hosts": [HOST["slipway_instance_id"]]}) == []
    assert host_errors({**HOST, **changed}, {**ALLOWED, "foreign_hosts": ["i-0ffffffff"]}) == [error]
