"""What the control node believes of a host's tags.

Whoever may write tags must not gain anything by it: each value that came from a tag is checked against a pattern and,
where it names a resource, against the environment's allow-list, before a play uses it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
# Terraform's variables admit the same characters, which are also those of AWS's tags but for the space.
PATH = re.compile(r"/[A-Za-z0-9_.:/=+@-]*")
PARAMETER = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}")
ARTIFACT = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[A-Za-z0-9_.@=+/-]{1,200})")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PROFILE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):instance-profile/(?P<name>[A-Za-z0-9+=,.@_-]+)")
ACCOUNT = "<account>"
LOWEST_PORT, HIGHEST_PORT = 1024, 65535  # the service has no right to bind a port below

Check = Callable[[str, Mapping[str, Any]], "str | None"]


def _matches(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: str, _allowed: Mapping[str, Any]) -> str | None:
        return None if pattern.fullmatch(value) and ".." not in value else f"is not {what}"

    return check


def _port(value: str, _allowed: Mapping[str, Any]) -> str | None:
    if value.isdecimal() and LOWEST_PORT <= int(value) <= HIGHEST_PORT:
        return None
    return f"is not a port from {LOWEST_PORT} to {HIGHEST_PORT}"


def _address(value: str, _allowed: Mapping[str, Any]) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "is not an IP address"
    return None


def _reached_at(value: str, allowed: Mapping[str, Any]) -> str | None:
    """Session Manager reaches an instance by its id, everything else by an address."""
    return None if INSTANCE.fullmatch(value) else _address(value, allowed)


def _listed(pattern: re.Pattern[str], what: str, key: str) -> Check:
    shape = _matches(pattern, what)

    def check(value: str, allowed: Mapping[str, Any]) -> str | None:
        if problem := shape(value, allowed):
            return problem
        if any(fnmatchcase(value, entry) for entry in _patterns(allowed, key)):
            return None
        return f"is not among slipway_allowed.{key}"

    return check


def _patterns(allowed: Mapping[str, Any], key: str) -> list[str]:
    """The allow-list, with each of the environment's accounts in the place of `<account>`."""
    accounts = allowed.get("account_ids") or []
    return [
        entry.replace(ACCOUNT, account)
        for entry in allowed.get(key) or []
        for account in (accounts if ACCOUNT in entry else [""])
    ]


def _environment(value: str, allowed: Mapping[str, Any]) -> str | None:
    return None if value == allowed["environment"] else f"is not this inventory's environment, {allowed['environment']}"


def _artifact(value: str, allowed: Mapping[str, Any]) -> str | None:
    match = ARTIFACT.fullmatch(value)
    if match is None or ".." in value:
        return "is not s3://BUCKET/KEY"
    return _listed(BUCKET, "a bucket", "buckets")(match["bucket"], allowed)


def _vpc(value: str, allowed: Mapping[str, Any]) -> str | None:
    listed = allowed.get("vpc_ids") or []
    return None if not listed or value in listed else "is not among slipway_allowed.vpc_ids"


REQUIRED: dict[str, Check] = {
    "slipway_instance_id": _matches(INSTANCE, "an instance id"),
    "ansible_host": _reached_at,
    "slipway_vpc_id": _vpc,
    "slipway_app": _listed(NAME, "a name of lower-case letters, digits and hyphens", "apps"),
    "slipway_env": _environment,
    "slipway_role": _matches(NAME, "a name of lower-case letters, digits and hyphens"),
    "slipway_port": _port,
    "slipway_health_path": _matches(PATH, "a path such as /health"),
}
OPTIONAL: dict[str, Check] = {
    "slipway_env_parameter": _listed(PARAMETER, "a parameter's path", "parameters"),
    "slipway_env_more_parameter": _listed(PARAMETER, "a parameter's path", "parameters"),
    "slipway_database_parameter": _listed(PARAMETER, "a parameter's path", "parameters"),
    "slipway_database": _listed(NAME, "a database identifier", "databases"),
    "slipway_artifact": _artifact,
    "slipway_content_bucket": _listed(BUCKET, "a bucket's name", "buckets"),
    "slipway_deployments_bucket": _listed(BUCKET, "a bucket's name", "buckets"),
}


def _stranger(host: Mapping[str, Any], allowed: Mapping[str, Any]) -> str | None:
    """Why Terraform did not make this host, or None if it did or the environment admits the host all the same.

    Tags do not show it: a service-linked role puts those of an Auto Scaling group or a fleet on, and no policy binds
    such a role. A profile does: giving one to an instance needs iam:PassRole on its role. Tags that begin with `aws:`
    are AWS's own, and nobody else can write them (EC2 User Guide, "Tag your Amazon EC2 resources").
    """
    instance = str(host.get("slipway_instance_id", ""))
    if any(fnmatchcase(instance, entry) for entry in allowed.get("foreign_hosts") or []):
        return None
    admit = "to admit it, name its id in slipway_allowed.foreign_hosts"
    if launcher := str(host.get("slipway_launched_by", "") or ""):
        return f"the instance was launched by {launcher[:80]!r}, not by Terraform; {admit}"
    arn, wanted = (
        str(host.get("slipway_instance_profile", "") or ""),
        f"slipway-{host.get('slipway_env')}-{host.get('slipway_app')}",
    )
    match = PROFILE.fullmatch(arn)
    accounts = allowed.get("account_ids") or []
    if match and match["name"] == wanted and (not accounts or match["account"] in accounts):
        return None
    return f"slipway_instance_profile = {arn[:120]!r} is not {wanted}, which Terraform gives its hosts; {admit}"


def host_errors(host: Mapping[str, Any], allowed: Mapping[str, Any]) -> list[str]:
    """One sentence for each value of ``host`` that cannot be trusted; an empty list when all can.

    ``host`` holds the host's variables, ``allowed`` the environment's ``slipway_allowed`` with its name under
    ``environment``. Patterns in it are those of the shell (``*``, ``?``).
    """
    errors = []
    for name, check in (REQUIRED | OPTIONAL).items():
        value = str(host.get(name, "") or "")
        if not value:
            if name in REQUIRED:
                errors.append(f"{name} is missing: the instance lacks the tag that gives it")
            continue
        if problem := check(value, allowed):
            errors.append(f"{name} = {value[:80]!r} {problem}")
    # Which profile is the right one follows from the names: without them there is nothing to compare.
    if not any(error.startswith(("slipway_app ", "slipway_env ")) for error in errors):
        errors += filter(None, [_stranger(host, allowed)])
    return errors
