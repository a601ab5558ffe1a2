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

#: RDS uses all printable characters except / @ " ' and the space. A URL with the password needs quoting.
_ALPHABET = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
_LENGTH = 28
_ID_ALPHABET = string.ascii_uppercase + string.digits


def install() -> None:
    """Every fix of this file."""
    _give_each_its_resource_id()
    _use_the_current_authority()
    _make_the_password()
    _rotate_the_password()


def new_password() -> str:
    """A random password in RDS's alphabet."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _give_each_its_resource_id() -> None:
    """Each instance has its own resource id, by which Terraform finds it. In moto all have the same."""

    @replaces(DBInstance, "__init__")
    def create(original: Callable[..., None], instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        original(instance, *args, **kwargs)
        instance.dbi_resource_id = "db-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(26))


def _use_the_current_authority() -> None:
    """A new instance uses RDS's current certificate authority. moto names one that does not exist, and Terraform
    changes it after the creation, which takes another 80 seconds."""

    @replaces(DBInstance, "__init__")
    def create(original: Callable[..., None], instance: DBInstance, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
        original(instance, *args, **kwargs)


def _make_the_password() -> None:
    """RDS makes a random password for a master user that it manages. moto always uses admin / P@55w0rd!."""

    @replaces(MasterUserSecret, "_generate_secret_string")
    def secret_string(original: Any, secret: MasterUserSecret) -> str:  # noqa: ARG001 - it returns moto's constant
        return json.dumps({"username": secret.resource.master_username, "password": new_password()})


def _rotate_the_password() -> None:
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
