"""AWS clients whose target nobody but the caller chooses.

A client with an `endpoint_url` (the sandbox) takes nothing from the shell or from shared files: no profile, no key, no
endpoint, no CA bundle, no proxy. Without one, AWS's ordinary chain gives the credentials (profile, environment,
instance role), but an endpoint set in the environment or in a config file is still not followed.

boto3 is imported when the first client is made, so that a machine without it gets a sentence and not a traceback.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

# A loaded machine answers for its metadata late; with botocore's one second and one try that looks like a missing role.
CONNECT_SECONDS = 5
"""For each of five attempts: botocore's own 60 would keep a run without a way to AWS for five minutes."""
METADATA_SECONDS = 2
METADATA_ATTEMPTS = 4

SANDBOX_KEY = "sandbox"
"""Both halves of the sandbox's key pair. It is public, and it is a word that names and paths contain."""

AWS_ARGUMENT: dict[str, Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "region": {"type": "str", "required": True},
        "endpoint_url": {"type": "str"},
        # The name of a key, not the key.
        "access_key": {"type": "str", "no_log": False},
        "secret_key": {"type": "str", "no_log": True},
        "profile": {"type": "str"},
        "account_id": {"type": "str"},
    },
}
"""The `aws` option of modules that run on the control node."""

HOST_ARGUMENTS: dict[str, dict[str, Any]] = {
    "region": {"type": "str", "required": True},
    "endpoint_url": {"type": "str", "default": ""},
}
"""The options of modules that run on a host, where the instance role gives the credentials."""

_REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
    }
)
_WRONG_CLOCK = re.compile(r"RequestTimeTooSkewed|RequestExpired|Signature (expired|not yet current)")
"""In the code or the message of a refusal: AWS compares the time of a request with its own."""
_DENIED = re.compile(r'not authorized to perform: (\S+) on resource: "?(arn:[^\s"]+)')
"""In the message of a refusal: the action and the resource that a policy lacks, as AWS names them."""
_OTHERS_BUCKET = "; or name a bucket of your own account: one of another account is refused without saying so"
_FIXES = {
    "NoCredentialsError": "give the instance a role, or set `profile` or keys",
    "PartialCredentialsError": "set both halves of the key",
    "ProfileNotFound": "correct `profile` (AWS_PROFILE), or add it to the AWS config file",
    "EndpointConnectionError": "check the network; for the sandbox see `python -m sandbox status`",
    "ProxyConnectionError": (
        "the proxy of this shell does not answer: correct or unset HTTPS_PROXY and HTTP_PROXY (in lower case too), or "
        "add AWS's endpoint to NO_PROXY"
    ),
    "ConnectTimeoutError": "check the network and the security groups",
    "IncompleteReadError": "the connection was cut in the middle of the answer; run this again",
    "ResponseStreamingError": "the connection was cut in the middle of the answer; run this again",
    "SSLError": "check the CA certificates of this machine",
}
"""What to do about an error of botocore itself, by its class."""


class AwsError(Exception):
    """AWS could not be asked, or said no; the text says why and what to do."""


@dataclass(frozen=True)
class Settings:
    """Where AWS is and who asks. What is empty is not set."""

    region: str
    endpoint_url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    profile: str | None = None
    account_id: str | None = None
    """The account that every bucket belongs to. Without it and without an endpoint, STS is asked who asks."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Settings:
        """Take the settings out of a module's or a play's dictionary.

        Raises AwsError when they contradict each other.
        """
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(settings) - known)
        if unknown:
            raise AwsError(f"unknown AWS setting: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        given = {name: value for name, value in settings.items() if value}
        if "region" not in given:
            raise AwsError("the AWS region is not set; set `region`")
        if ("access_key" in given) != ("secret_key" in given):
            raise AwsError("`access_key` and `secret_key` belong together; set both or none")
        if "access_key" in given and "profile" in given:
            raise AwsError("`profile` and `access_key` are two identities; set one of them")
        if "endpoint_url" in given and "profile" in given:
            raise AwsError(
                "`profile` is read from shared files, which are not used with `endpoint_url`; set keys instead"
            )
        return cls(**given)


def client(service: str, settings: Mapping[str, Any]) -> Any:
    """A boto3 client for `service` (such as `s3`), bound to exactly these settings.

    With `endpoint_url` and without keys the credentials are those of the instance role. Raises AwsError without boto3,
    or with settings that cannot be used.
    """
    wanted = Settings.of(settings)
    boto3 = _boto3()
    from botocore.config import Config  # noqa: PLC0415  only where boto3 is there
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    options: dict[str, Any] = {"region_name": wanted.region}
    client_options: dict[str, Any] = {"ignore_configured_endpoint_urls": True, "connect_timeout": CONNECT_SECONDS}
    if wanted.access_key:
        options.update(aws_access_key_id=wanted.access_key, aws_secret_access_key=wanted.secret_key)
    try:
        if not wanted.endpoint_url:
            session = boto3.session.Session(profile_name=wanted.profile)
            session._session.set_config_variable("metadata_service_timeout", METADATA_SECONDS)
            session._session.set_config_variable("metadata_service_num_attempts", METADATA_ATTEMPTS)
            config = Config(**client_options)
            made = session.client(service, config=config, **options)
            return _in_own_account(service, made, wanted, lambda: session.client("sts", config=config, **options))
        config = Config(proxies={}, s3={"addressing_style": "path"}, **client_options)
        session = boto3.session.Session(botocore_session=_isolated_session(wanted.region))
        made = session.client(service, endpoint_url=wanted.endpoint_url, verify=True, config=config, **options)
        return _in_own_account(service, made, wanted, None)
    except (BotoCoreError, ValueError) as error:
        raise AwsError(explain(error, f"a client for {service}")) from error


def _in_own_account(service: str, made: Any, settings: Settings, sts: Callable[[], Any] | None) -> Any:
    """The client, whose requests S3 refuses where the bucket belongs to another account.

    Names of buckets hold for all accounts of the world: whoever takes a name that is free here may lie in wait under it
    (Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"). Without an account and with an
    endpoint there is nobody else: the sandbox has one account.
    """
    if service != "s3" or not (settings.account_id or sts):
        return made
    known = [settings.account_id] if settings.account_id else []

    def require_owner(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.input_shape is None or "ExpectedBucketOwner" not in model.input_shape.members:
            return
        if not known and sts:
            known.append(str(sts().get_caller_identity()["Account"]))
        params.setdefault("ExpectedBucketOwner", known[0])

    made.meta.events.register("before-parameter-build.s3", require_owner)
    return made


def configured_endpoints(settings: Mapping[str, Any]) -> list[str]:
    """Settings of the AWS config file that redirect the profile, such as `services.s3.endpoint_url`.

    Clients of this module do not follow them, but Terraform would. Raises AwsError when file or profile cannot be read.
    """
    wanted = Settings.of(settings)
    boto3 = _boto3()
    try:
        session = boto3.session.Session(profile_name=wanted.profile)._session
        profile = session.get_scoped_config()
        services = session.full_config.get("services", {}).get(profile.get("services"), {})
    except boto_errors() as error:
        raise AwsError(explain(error, "reading the AWS config file")) from error
    found = ["endpoint_url"] if profile.get("endpoint_url") else []
    return found + [
        f"services.{name}.endpoint_url"
        for name, entry in services.items()
        if isinstance(entry, Mapping) and entry.get("endpoint_url")
    ]


def boto_errors() -> tuple[type[Exception], ...]:
    """What a call of a client raises; for `except`.

    To be called only where a client was made, so that botocore is there.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return (BotoCoreError, ClientError)


def error_code(error: Exception) -> str:
    """AWS's code of an error answer, such as `NoSuchKey`; empty when AWS did not answer at all."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, Mapping) else ""


def explain(error: Exception, what: str) -> str:
    """One sentence for a person: what was asked, why not, and the fix.

    `what` is the action and the resource, such as `ssm:GetParameter on parameter /a/b`.
    """
    code = error_code(error)
    if code and _WRONG_CLOCK.search(str(error)):
        return (
            f"AWS refused {what} because the clock of the machine that asked is wrong by minutes; "
            "set it (timedatectl set-ntp true) and run this again"
        )
    if code in _REFUSED:
        others = "" if _DENIED.search(str(error)) or not re.match(r"s3:\w+ on ", what) else _OTHERS_BUCKET
        return f"AWS refused {what} ({code}); {_permission(str(error))}{others}"
    if code in _BAD_CREDENTIALS:
        return f"AWS does not accept the credentials for {what} ({code}); renew them or choose another profile"
    if code:
        message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
        return f"{what} failed: {code}: {message}"
    fix = _FIXES.get(type(error).__name__)
    return f"{what} failed: {error}" + (f"; {fix}" if fix else "")


def _permission(refusal: str) -> str:
    """What to change in which policy so that AWS no longer refuses; the statement itself where AWS says enough."""
    if "explicit deny" in refusal:
        return 'a statement with "Effect": "Deny" forbids it: change that one, for none that allows can outweigh it'
    fix = "allow it in the policy of the role or user that asks"
    denied = _DENIED.search(refusal)
    if denied is None:
        return fix
    statement = {"Effect": "Allow", "Action": denied.group(1), "Resource": denied.group(2)}
    return f"{fix}, by the statement {json.dumps(statement)}"


def finish(module: Any, run: Callable[[Any], dict[str, Any]], *refusals: type[Exception]) -> None:
    """End a module of the control node: with what `run` returns, or with the text of an AwsError or of `refusals`."""
    # The sandbox's key is public, and a part of nearly every name: Ansible would mask it in all results.
    module.no_log_values.discard(SANDBOX_KEY)
    expected: tuple[type[Exception], ...] = (AwsError, *refusals)
    try:
        result = run(module)
    except expected as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


def _boto3() -> Any:
    try:
        import boto3  # noqa: PLC0415  see the module's description
        import boto3.session  # noqa: PLC0415
    except ImportError as error:
        raise AwsError(
            "boto3 is missing for this Python; on a host run the `python` role first and set "
            "`ansible_python_interpreter` to its virtual environment; on the control node run `make venv`"
        ) from error
    return boto3


def _isolated_session(region: str) -> Any:
    """A botocore session that sees botocore's defaults, and neither the environment nor any file."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider  # noqa: PLC0415
    from botocore.credentials import CredentialResolver, InstanceMetadataProvider  # noqa: PLC0415
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415
    from botocore.utils import InstanceMetadataFetcher  # noqa: PLC0415

    session = Session()
    store = session.get_component("config_store")
    fixed = {name: variable[2] for name, variable in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    fixed.update(
        region=region,
        config_file=os.devnull,
        credentials_file=os.devnull,
        ignore_configured_endpoint_urls=True,
        s3=None,
        proxies_config=None,
    )
    for name, value in fixed.items():
        store.set_config_provider(name, ConstantProvider(value))
    fetcher: Any = InstanceMetadataFetcher(
        timeout=METADATA_SECONDS, num_attempts=METADATA_ATTEMPTS, env={}, config={}, user_agent=session.user_agent()
    )
    # The fetcher's constructor takes the shell's proxies, and has no argument against that.
    fetcher._session = URLLib3Session(timeout=METADATA_SECONDS, proxies={})
    session.register_component("credential_provider", CredentialResolver([InstanceMetadataProvider(fetcher)]))
    return session
