"""Checks the variables that a host gets from its tags and from EC2, before a play uses them.

Write access to tags must not give any right. Each value that came from a tag is checked against the tag schema and,
where it names a resource, against the environment's allow-list.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.slipway.fastapi.plugins.plugin_utils._tag_schema import Tag, tag_schema

INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
PROFILE = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):instance-profile/(?P<name>[A-Za-z0-9+=,.@_-]+)")
ACCOUNT = "<account>"
#: In a tag's ``allowed_by``: the value must be the name of the inventory's environment.
ENVIRONMENT = "environment"
LONGEST_SHOWN = 80

Check = Callable[[str, Mapping[str, Any]], "str | None"]


def _instance(value: str, _allowed: Mapping[str, Any]) -> str | None:
    return None if INSTANCE.fullmatch(value) else "is not an instance id"


def _reached_at(value: str, _allowed: Mapping[str, Any]) -> str | None:
    """Session Manager reaches an instance by its id, everything else by an address."""
    if INSTANCE.fullmatch(value):
        return None
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "is not an IP address"
    return None


def _vpc(value: str, allowed: Mapping[str, Any]) -> str | None:
    listed = allowed.get("vpc_ids") or []
    return None if not listed or value in listed else "is not among slipway_allowed.vpc_ids"


#: What no tag gives, and every host must have.
FACTS: Mapping[str, Check] = {"slipway_instance_id": _instance, "ansible_host": _reached_at, "slipway_vpc_id": _vpc}


def _tag_problem(tag: Tag, value: str, allowed: Mapping[str, Any]) -> str | None:
    if problem := tag.problem(value):
        return problem
    if tag.allowed_by == ENVIRONMENT:
        here = allowed[ENVIRONMENT]
        return None if value == here else f"is not this inventory's environment, {here}"
    if tag.allowed_by and not _is_listed(_named_resource(tag, value), tag.allowed_by, allowed):
        return f"is not among slipway_allowed.{tag.allowed_by}"
    return None


def _named_resource(tag: Tag, value: str) -> str:
    """The bucket that a value names, or the whole value where it names no bucket."""
    match = tag.match(value)
    return match.groupdict().get("bucket") or value if match else value


def _is_listed(value: str, key: str, allowed: Mapping[str, Any]) -> bool:
    """Whether the allow-list has the value, with each of the environment's accounts in the place of `<account>`."""
    accounts = allowed.get("account_ids") or []
    return any(
        fnmatchcase(value, entry.replace(ACCOUNT, account))
        for entry in allowed.get(key) or []
        for account in (accounts if ACCOUNT in entry else [""])
    )


def _foreign_problem(host: Mapping[str, Any], allowed: Mapping[str, Any]) -> str | None:
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
        return f"the instance was launched by {launcher[:LONGEST_SHOWN]!r}, not by Terraform; {admit}"
    arn = str(host.get("slipway_instance_profile", "") or "")
    expected = f"slipway-{host.get('slipway_env')}-{host.get('slipway_app')}"
    match = PROFILE.fullmatch(arn)
    accounts = allowed.get("account_ids") or []
    if match and match["name"] == expected and (not accounts or match["account"] in accounts):
        return None
    return f"slipway_instance_profile = {arn[:120]!r} is not {expected}, which Terraform gives its hosts; {admit}"


def host_errors(host: Mapping[str, Any], allowed: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each value of ``host`` that cannot be trusted; an empty list if all can.

    ``host`` has the host's variables. ``allowed`` is the environment's ``slipway_allowed`` with the environment's name
    under ``environment``; patterns in it are those of the shell (``*``, ``?``).
    """
    errors = []
    for name, check in FACTS.items():
        if not (value := _text(host, name)):
            errors.append(f"{name} is missing: EC2 did not report it")
        elif problem := check(value, allowed):
            errors.append(f"{name} = {value[:LONGEST_SHOWN]!r} {problem}")
    for tag in tag_schema().tags.values():
        if not (value := _text(host, tag.variable)):
            if tag.required:
                errors.append(f"{tag.variable} is missing: the instance has no tag {tag.key}")
        elif problem := _tag_problem(tag, value, allowed):
            errors.append(f"{tag.variable} = {value[:LONGEST_SHOWN]!r} {problem}")
    # The expected name of the profile contains app and env, so it is compared only if both are valid.
    if not any(error.startswith(("slipway_app ", "slipway_env ")) for error in errors):
        errors += filter(None, [_foreign_problem(host, allowed)])
    return errors


def _text(host: Mapping[str, Any], name: str) -> str:
    """A variable as a tag has it: an absent one is empty, and a boolean is written in lower case."""
    value = host.get(name)
    if value is True:
        return "true"
    return str(value or "")
