"""Rules for IAM policies from outside this repository: policy_sentry's and parliament's tables of AWS's actions.

policy_sentry reads the Service Authorization Reference: each action with its resources and condition keys. parliament
has the same in an older edition, and auditors of its own.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from parliament import analyze_policy_string
from policy_sentry.shared.iam_data import get_service_prefix_data

from sandbox.server.aws.authorization.patterns import matches

Document = Mapping[str, Any]

#: Condition keys that every action has (IAM User Guide, "AWS global condition context keys").
GLOBAL_KEYS = {
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
}
#: Resources of an action that the tables do not list, with the source that does.
RESOURCES_BESIDE_THE_TABLE = {
    # Systems Manager User Guide, "Sample IAM policies for Session Manager", policies for end users.
    "ssmmessages:OpenDataChannel": "arn:${Partition}:ssm:${Region}:${Account}:session/${SessionId}",
}
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


def problems(policy: Document) -> list[str]:
    """What AWS's own tables say against the policy: a sentence for each fault."""
    found = []
    for statement in listed(policy["Statement"]):
        where = statement.get("Sid", "a statement")
        found += [f"{where}: {problem}" for problem in _statement_problems(statement)]
    return found


def listed(value: Any) -> list[Any]:
    """The value of an element that may stand without a list."""
    return value if isinstance(value, list) else [value]


def _statement_problems(statement: Document) -> Iterator[str]:
    for element in sorted({"NotAction", "NotResource"} & {*statement}):
        yield f"{element} does not name what it means, so it cannot be checked"
    named = listed(statement.get("Action", []))
    actions = [action for pattern in named for action in expanded(pattern)]
    allows = statement["Effect"] == "Allow"
    for pattern in named:
        if not expanded(pattern):
            yield f"the action {pattern} does not exist"
        elif allows and "*" in pattern:
            yield f"{pattern} allows actions that are not named"
    resources = listed(statement.get("Resource", []))
    for resource in resources if allows else []:
        if actions and not any(fits(resource, action) for action in actions):
            yield f"no action of the statement has the resource {resource}"
    for action in actions if allows and resources else []:
        if not any(fits(resource, action) for resource in resources):
            yield f"{action} has no resource of the statement"
    keys = {key for condition in statement.get("Condition", {}).values() for key in condition}
    for key in sorted(keys):
        without = [action for action in actions if not knows(action, key)]
        if (allows and without) or (actions and without == actions):
            yield f"the condition key {key} is not one of {', '.join(without)}"


@functools.cache
def expanded(pattern: str) -> tuple[str, ...]:
    """The actions that the pattern means; empty if there are none."""
    if pattern == "*":
        return ("*",)
    prefix, _, name = pattern.partition(":")
    privileges = get_service_prefix_data(prefix).get("privileges", {})
    return tuple(f"{prefix}:{action}" for action in privileges if matches(name, action, ignore_case=True))


def _entry(action: str) -> Mapping[str, Any]:
    prefix, _, name = action.partition(":")
    found: Mapping[str, Any] = get_service_prefix_data(prefix)["privileges"][name]
    return found


@functools.cache
def resource_formats(action: str) -> tuple[str, ...]:
    """The ARNs that the action takes, with placeholders; empty if it takes none but `*`."""
    service = get_service_prefix_data(action.partition(":")[0])
    types = [name for name in _entry(action)["resource_types"] if name]
    own = tuple(service["resources"][service["resources_lower_name"][name.lower()]]["arn"] for name in types)
    beside = RESOURCES_BESIDE_THE_TABLE.get(action)
    return (*own, beside) if beside else own


def fits(resource: str, action: str) -> bool:
    """Whether the resource of a policy can be one of the action's."""
    formats = resource_formats(action)
    if resource == "*":
        # A role of Session Manager's agent has both: its own channels have no resource.
        return not formats or action in RESOURCES_BESIDE_THE_TABLE
    wanted = _PLACEHOLDER.sub("*", resource)
    return any(_overlap(wanted, each) for each in formats)


def _overlap(resource: str, form: str) -> bool:
    if form.endswith(":${BucketName}") and "/" in resource:
        return False  # A bucket's name has no slash: this is an object.
    parts, pattern = resource.split(":", 5), _PLACEHOLDER.sub("*", form).split(":", 5)
    if len(parts) != len(pattern):
        return False
    return all(_meet(one, other) for one, other in zip(parts, pattern, strict=True))


@functools.cache
def _meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(other, one)
    return one[0] == other[0] and _meet(one[1:], other[1:])


def knows(action: str, key: str) -> bool:
    """Whether a request for the action has the condition key."""
    if key in GLOBAL_KEYS:
        return True
    if action == "*":
        return False
    service, entry = get_service_prefix_data(action.partition(":")[0]), _entry(action)
    keys: set[str] = set()
    for name, kind in entry["resource_types"].items():
        keys |= set(kind["condition_keys"])
        if name:
            keys |= set(service["resources"][service["resources_lower_name"][name.lower()]]["condition_keys"])
    known = {_tagless(each).lower() for each in keys}
    return _tagless(key).lower() in known


def _tagless(key: str) -> str:
    """The key without the name of the tag that it asks for."""
    return re.sub(r"^([a-z0-9]+:(resourcetag|requesttag|buckettag))/.*", r"\1/", key, flags=re.IGNORECASE)


def findings(policy: Document) -> list[str]:
    """What parliament and its community auditors find, as `ISSUE what it is about`."""
    analysed = analyze_policy_string(json.dumps(policy), include_community_auditors=True)
    return [
        f"{finding.issue} {_subject(finding)}"
        for finding in analysed.findings
        if finding.issue != "PERMISSIONS_MANAGEMENT_ACTIONS"  # A list of them, which test_escalation tries one by one.
    ]


def _subject(finding: Any) -> str:
    if finding.issue == "PRIVILEGE_ESCALATION":
        return str(finding.location["type"])
    if isinstance(finding.detail, list):
        return ", ".join(
            f"{each['action']} {each['required_format']}" if isinstance(each, dict) else str(each)
            for each in finding.detail
        )
    return str(finding.detail)
