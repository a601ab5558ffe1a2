"""AWS's side of a service's database: the RDS instance, the parameter with the service's URL, the master secret."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client, error_code, explain
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse, render
from ansible_collections.slipway.fastapi.plugins.module_utils._probes import dsn
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.stages import StageError
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json
from botocore.exceptions import BotoCoreError, ClientError

KEY = "DATABASE_URL"
PASSWORD_BYTES = 32
"""Random bytes in a password; base64 makes 43 characters of them that need no escaping in a URL."""

UNUSABLE: Mapping[str, str] = {
    "creating": "wait until it is available (provision.yml does), then run again",
    "starting": "wait until it is available, then run again",
    "rebooting": "wait until it is available, then run again",
    "upgrading": "wait until it is available, then run again",
    "stopped": "start it: aws rds start-db-instance",
    "stopping": "wait until it has stopped and start it: aws rds start-db-instance",
    "deleting": "run the playbook provision.yml to make a new one",
    "failed": "look at its events in the RDS console; it can only be restored from a backup",
    "storage-full": "raise allocated storage and run the playbook provision.yml",
    "inaccessible-encryption-credentials": "give RDS access to the KMS key again",
}
"""States in which nobody can log in (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html),
with the way out. In any other state logging in is tried."""


class DatabaseError(Exception):
    """The database cannot be prepared; the text says why and what to do."""


@dataclass(frozen=True)
class Instance:
    """An RDS instance. `secret` is the ARN of the master user's secret, None where RDS does not manage it."""

    identifier: str
    host: str
    port: int
    secret: str | None
    tags: Mapping[str, str] = field(default_factory=dict)

    def require_tags(self, wanted: Mapping[str, str]) -> None:
        """Make sure that the instance was made for this application and environment.

        Raises:
            DatabaseError: It carries another value of a tag, or none.
        """
        for name, value in wanted.items():
            if self.tags.get(name) != value:
                raise DatabaseError(
                    f"the RDS instance {self.identifier} has the tag {name} = {self.tags.get(name, '')!r}, and not "
                    f"{value!r}: it belongs to another application; correct the host's tag slipway:database, or run "
                    "provision.yml, which tags the instance"
                )


@dataclass(frozen=True)
class Wanted:
    """What the service needs: its role, its database, and the CA bundle's path on the hosts."""

    role: str
    database: str
    ca_file: str

    def url(self, instance: Instance, password: str) -> dsn.Dsn:
        """The service's login on an instance."""
        return dsn.Dsn(
            instance.host,
            instance.port,
            self.database,
            self.role,
            password,
            sslmode="verify-full",
            ca_file=self.ca_file,
        )


@dataclass(frozen=True)
class Parameter:
    """The stored parameter. `values` are its variables, `version` its number in the parameter store."""

    name: str
    version: int
    values: Mapping[str, str] = field(repr=False)


class Account:
    """The calls that are made, each with its errors put into words."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._region = str(settings.get("region", ""))

    def _call(self, service: str, operation: str, what: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation of a service.

        Raises:
            ClientError: AWS answered with an error that the caller may want to judge.
            DatabaseError: AWS could not be asked.
        """
        try:
            answer: dict[str, Any] = getattr(client(service, self._settings), operation)(**arguments)
        except AwsError as error:
            raise DatabaseError(str(error)) from error
        except BotoCoreError as error:
            raise DatabaseError(explain(error, what)) from error
        return answer

    def instance(self, identifier: str) -> Instance:
        """Describe an RDS instance.

        Raises:
            DatabaseError: There is none, it is no Postgres, or nobody can log in to it now.
        """
        what = f"rds:DescribeDBInstances of {identifier}"
        try:
            answer = self._call("rds", "describe_db_instances", what, DBInstanceIdentifier=identifier)
        except ClientError as error:
            if error_code(error) in ("DBInstanceNotFound", "DBInstanceNotFoundFault"):
                raise DatabaseError(
                    f"there is no RDS instance {identifier} in {self._region}; run provision.yml, or correct "
                    "the identifier (tag slipway:database)"
                ) from error
            raise DatabaseError(explain(error, what)) from error
        return usable(answer["DBInstances"][0])

    def parameter(self, name: str) -> Parameter | None:
        """Read the stored parameter; None where there is none.

        Raises:
            DatabaseError: It cannot be read, or it is not what this collection writes.
        """
        what = f"ssm:GetParameter of {name}"
        try:
            found = self._call("ssm", "get_parameter", what, Name=name, WithDecryption=True)["Parameter"]
        except ClientError as error:
            if error_code(error) == "ParameterNotFound":
                return None
            raise DatabaseError(explain(error, what)) from error
        if found["Type"] != "SecureString":
            raise DatabaseError(
                f"the parameter {name} is a {found['Type']}, which keeps a password in the open; delete it, run again: "
                "a SecureString with a new password is made"
            )
        try:
            values = parse(str(found["Value"]).encode())
        except DotenvError as error:
            raise DatabaseError(f"the parameter {name} is no .env file ({error}); delete it and run again") from error
        return Parameter(name, int(found["Version"]), values)

    def store(self, name: str, values: Mapping[str, str], overwrite: bool) -> int:
        """Write the parameter as a SecureString.

        Returns:
            Its new version.

        Raises:
            DatabaseError: AWS refuses it, or another run made it in between (with overwrite False).
        """
        what = f"ssm:PutParameter of {name}"
        content = render(values).decode()
        try:
            answer = self._call(
                "ssm", "put_parameter", what, Name=name, Value=content, Type="SecureString", Overwrite=overwrite
            )
        except ClientError as error:
            if error_code(error) == "ParameterAlreadyExists":
                raise DatabaseError(f"another run has just made the parameter {name}; run again") from error
            raise DatabaseError(explain(error, what)) from error
        return int(answer["Version"])

    def master(self, instance: Instance) -> tuple[str, str]:
        """User name and password of the instance's master user, as they are now.

        Raises:
            DatabaseError: RDS does not manage them, or they cannot be read.
        """
        if instance.secret is None:
            raise DatabaseError(
                f"RDS does not manage the master password of {instance.identifier}; set "
                "manage_master_user_password in Terraform and run the playbook provision.yml"
            )
        what = f"secretsmanager:GetSecretValue of the master secret of {instance.identifier}"
        try:
            answer = self._call("secretsmanager", "get_secret_value", what, SecretId=instance.secret)
        except ClientError as error:
            raise DatabaseError(explain(error, what)) from error
        try:
            secret = untrusted_json.loads(answer["SecretString"])
            return str(secret["username"]), str(secret["password"])
        except (KeyError, TypeError, ValueError):
            # The exception's text could quote the secret, so it is not passed on.
            raise DatabaseError(f"the master secret of {instance.identifier} holds no username and password") from None


def usable(described: Mapping[str, Any]) -> Instance:
    """An instance that can be tried, from its description.

    Raises:
        DatabaseError: It is no Postgres, or its state says that nobody can log in.
    """
    identifier, status = described["DBInstanceIdentifier"], str(described.get("DBInstanceStatus", "unknown"))
    engine, endpoint = str(described.get("Engine", "")), described.get("Endpoint") or {}
    if "postgres" not in engine:
        raise DatabaseError(f"the RDS instance {identifier} is {engine}; the role database knows Postgres only")
    if status in UNUSABLE or status.startswith("incompatible-"):
        way_out = UNUSABLE.get(status, "see its events in the RDS console for what is incompatible")
        raise DatabaseError(f"the RDS instance {identifier} is {status}; {way_out}")
    if not endpoint.get("Address"):
        raise DatabaseError(
            f"the RDS instance {identifier} is {status} and has no endpoint yet; {UNUSABLE['creating']}"
        )
    secret = (described.get("MasterUserSecret") or {}).get("SecretArn")
    tags = {str(tag["Key"]): str(tag.get("Value", "")) for tag in described.get("TagList") or []}
    return Instance(identifier, str(endpoint["Address"]), int(endpoint["Port"]), secret, tags)


def new_login(instance: Instance, wanted: Wanted) -> dsn.Dsn:
    """A login with a password that nobody has seen."""
    return wanted.url(instance, secrets.token_urlsafe(PASSWORD_BYTES))


def kept_login(parameter: Parameter, instance: Instance, wanted: Wanted) -> tuple[dsn.Dsn, dsn.Dsn]:
    """The login that is stored, and what it should be: the same password, whatever has become of the rest.

    Raises:
        DatabaseError: The parameter holds no URL.
    """
    try:
        stored = dsn.parse(parameter.values.get(KEY, ""))
    except StageError as error:
        raise DatabaseError(
            f"the parameter {parameter.name}: {error.cause}; delete it and run again: one with a new password is made"
        ) from error
    return stored, wanted.url(instance, stored.password)


def shown(login: dsn.Dsn) -> str:
    """A login for people: its URL with the password left out."""
    return replace(login, password="not-shown").url()  # noqa: S106 - the opposite of a password
