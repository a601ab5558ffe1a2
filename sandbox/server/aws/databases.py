"""RDS instances and the secret of their master user."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.rds.models import DBInstance, MasterUserSecret
from moto.secretsmanager.models import SecretsManagerBackend

from sandbox.server.aws.patching import replaces

#: RDS puts every printable sign but / @ " ' and the space into a password; whoever builds a URL must cope with it.
_ALPHABET = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
_LENGTH = 28
_ID_ALPHABET = string.ascii_uppercase + string.digits


def install() -> None:
    """Every fix of this file."""
    _tell_instances_apart()
    _use_the_current_authority()
    _make_the_password()
    _rotate_it()


def new_password() -> str:
    """A password as RDS makes them."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _tell_instances_apart() -> None:
    """Every instance has a resource id of its own, by which Terraform finds it again. moto's have all the same."""

    @replaces(DBInstance, "__init__")
    def create(original: Callable[..., None], instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        instance.dbi_resource_id = "db-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(26))


def _use_the_current_authority() -> None:
    """A new instance's certificate is from RDS's current authority. moto names one that does not exist, and
    Terraform changes it after the creation, which costs a second wait of 80 seconds."""

    @replaces(DBInstance, "__init__")
    def create(original: Callable[..., None], instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
        original(instance, *args, **kwargs)


def _make_the_password() -> None:
    """RDS invents the password of a master user that it manages. moto's is always admin / P@55w0rd!."""

    @replaces(MasterUserSecret, "_generate_secret_string")
    def secret_string(original: Any, secret: MasterUserSecret) -> str:  # noqa: ARG001 - the constant we replace
        return json.dumps({"username": secret.resource.master_username, "password": new_password()})


def _rotate_it() -> None:
    """A secret that RDS owns is rotated by RDS, without a Lambda function. moto leaves a version without a value."""

    @replaces(SecretsManagerBackend, "rotate_secret")
    def rotate(original: Callable[..., str], backend: Any, secret_id: str, *args: Any, **kwargs: Any) -> str:
        secret = backend.secrets.get(secret_id)
        if secret is None or secret.owning_service != "rds":
            return original(backend, secret_id, *args, **kwargs)
        value = json.loads(backend.get_secret_value(secret_id, "", "AWSCURRENT")["SecretString"])
        value["password"] = new_password()
        answer: str = backend.put_secret_value(
            secret_id, json.dumps(value), None, client_request_token=None, version_stages=["AWSCURRENT"]
        )
        return answer
