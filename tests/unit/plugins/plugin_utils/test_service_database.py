"""AWS's side of a service's database, against a real API."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import dsn
from ansible_collections.slipway.fastapi.plugins.plugin_utils._service_database import (
    KEY,
    UNUSABLE,
    Account,
    DatabaseError,
    Instance,
    Parameter,
    Wanted,
    kept_login,
    new_login,
    shown,
    usable,
)

NAME = "/slipway/sandbox/app/database-url"
INSTANCE = Instance("db", "db.invalid", 5432, None)
WANTED = Wanted("app", "shop", "/opt/slipway/etc/rds-ca.pem")


def client(service: str, aws: dict[str, Any]) -> Any:
    session: Any = boto3.session.Session(aws["access_key"], aws["secret_key"], region_name=aws["region"])
    return session.client(service, endpoint_url=aws["endpoint_url"], verify=False)


def make_instance(aws: dict[str, Any], **more: Any) -> None:
    client("rds", aws).create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        MasterUsername="slipway",
        AllocatedStorage=20,
        **{"Engine": "postgres", "ManageMasterUserPassword": True, **more},
    )


def test_an_instance_and_its_master_secret_are_found(aws: dict[str, Any]) -> None:
    make_instance(aws)
    account = Account(aws)
    instance = account.instance("db")
    assert (instance.port, instance.host.startswith("db.")) == (5432, True)
    assert instance.secret is not None
    assert account.master(instance)[1]


def test_the_tags_of_an_instance_are_read(aws: dict[str, Any]) -> None:
    make_instance(aws, Tags=[{"Key": "slipway:app", "Value": "shop"}, {"Key": "slipway:env", "Value": "dev"}])
    instance = Account(aws).instance("db")
    instance.require_tags({"slipway:app": "shop", "slipway:env": "dev"})
    with pytest.raises(DatabaseError, match="slipway:env = 'dev', and not 'prod'"):
        instance.require_tags({"slipway:app": "shop", "slipway:env": "prod"})


def test_a_missing_instance_names_the_playbook(aws: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="there is no RDS instance db in us-east-1; run provision.yml"):
        Account(aws).instance("db")


def test_another_engine_is_refused(aws: dict[str, Any]) -> None:
    make_instance(aws, Engine="mysql")
    with pytest.raises(DatabaseError, match="is mysql"):
        Account(aws).instance("db")


def described(**more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "db",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "Endpoint": {"Address": "db.invalid", "Port": 5432},
        **more,
    }


@pytest.mark.parametrize("status", [*UNUSABLE, "incompatible-parameters"])
def test_a_state_without_logins_names_the_way_out(status: str) -> None:
    with pytest.raises(DatabaseError, match=f"is {status}; .+"):
        usable(described(DBInstanceStatus=status))


@pytest.mark.parametrize("status", ["available", "backing-up", "modifying", "storage-optimization"])
def test_in_other_states_logging_in_is_tried(status: str) -> None:
    assert usable(described(DBInstanceStatus=status)) == INSTANCE


def test_an_instance_without_an_endpoint_is_not_ready() -> None:
    with pytest.raises(DatabaseError, match="has no endpoint yet"):
        usable(described(Endpoint=None))


def test_a_password_that_rds_does_not_manage_is_no_secret_to_read() -> None:
    with pytest.raises(DatabaseError, match="manage_master_user_password"):
        Account({"region": "us-east-1"}).master(INSTANCE)


def test_a_master_secret_of_another_form_is_not_quoted(aws: dict[str, Any]) -> None:
    arn = client("secretsmanager", aws).create_secret(Name="odd", SecretString=json.dumps(["hunter2"]))["ARN"]
    with pytest.raises(DatabaseError) as caught:
        Account(aws).master(Instance("db", "db.invalid", 5432, arn))
    assert "hunter2" not in str(caught.value)


def test_a_parameter_is_stored_encrypted_and_read_again(aws: dict[str, Any], ssm: Any) -> None:
    account, login = Account(aws), new_login(INSTANCE, WANTED)
    assert account.parameter(NAME) is None
    assert account.store(NAME, {KEY: login.url()}, overwrite=False) == 1
    read = account.parameter(NAME)
    assert read is not None
    assert (read.values, read.version) == ({KEY: login.url()}, 1)
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Type"] == "SecureString"


def test_what_another_run_has_made_is_not_overwritten(aws: dict[str, Any]) -> None:
    account = Account(aws)
    account.store(NAME, {KEY: "postgresql://a:b@h/d"}, overwrite=False)
    with pytest.raises(DatabaseError, match="another run has just made"):
        account.store(NAME, {KEY: "postgresql://a:c@h/d"}, overwrite=False)


def test_a_parameter_in_plain_text_is_refused(aws: dict[str, Any], ssm: Any) -> None:
    ssm.put_parameter(Name=NAME, Type="String", Value=f"{KEY}=postgresql://a:hunter2@h/d")
    with pytest.raises(DatabaseError, match="is a String") as caught:
        Account(aws).parameter(NAME)
    assert "hunter2" not in str(caught.value)


def test_a_missing_permission_is_named(enforced_iam: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match=r"AWS refused rds:DescribeDBInstances of db"):
        Account(enforced_iam).instance("db")


def test_an_api_that_is_not_there_is_named() -> None:
    nowhere = {"region": "us-east-1", "endpoint_url": "http://127.0.0.1:9", "access_key": "a", "secret_key": "b"}
    with pytest.raises(DatabaseError, match="rds:DescribeDBInstances of db failed"):
        Account(nowhere).instance("db")


def test_two_new_passwords_are_never_alike_and_need_no_escaping() -> None:
    first, second = (new_login(INSTANCE, WANTED) for _ in range(2))
    assert first.password != second.password
    assert len(first.password) >= 43
    assert first.password in first.url()


def test_a_stored_password_stays_when_the_instance_moves() -> None:
    old = WANTED.url(Instance("db", "old.invalid", 5432, None), "hunter2")
    stored, wanted = kept_login(Parameter(NAME, 1, {KEY: old.url()}), INSTANCE, WANTED)
    assert (stored, wanted) == (old, WANTED.url(INSTANCE, "hunter2"))


@pytest.mark.parametrize("values", [{}, {KEY: "mysql://a:hunter2@h/d"}])
def test_a_parameter_without_a_url_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(DatabaseError, match="delete it and run again") as caught:
        kept_login(Parameter(NAME, 1, values), INSTANCE, WANTED)
    assert "hunter2" not in str(caught.value)


def test_no_representation_holds_a_password() -> None:
    login = WANTED.url(INSTANCE, "hunter2")
    texts = [shown(login), repr(login), repr(Parameter(NAME, 1, {KEY: login.url()}))]
    assert not [text for text in texts if "hunter2" in text]
    assert dsn.parse(shown(login)).host == "db.invalid"
