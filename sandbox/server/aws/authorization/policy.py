"""The evaluation of IAM policies: pure functions over policy documents.

The rules are those of the IAM User Guide, "Policy evaluation logic": an explicit Deny wins, else an Allow is needed.
"Permissions boundaries for IAM entities" and "Policy evaluation for requests within a single account" say how an
entity's own policies, its boundary, a session's policy and a resource's policy come together.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.aws.authorization import conditions
from sandbox.server.aws.authorization.conditions import Context
from sandbox.server.aws.authorization.patterns import matches, resolve

Document = Mapping[str, Any]


class Decision(enum.Enum):
    """What a set of policies says of a request."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True)
class Access:
    """One thing that a request wants to do: an action, such as ``s3:GetObject``, on a resource's ARN."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def decide(documents: Iterable[Document], access: Access, principals: frozenset[str] = frozenset()) -> Decision:
    """What *documents* together say of *access*.

    Statements with a Principal (a resource's policy) apply if it names one of *principals*.
    """
    decision = Decision.IMPLICIT_DENY
    for document in documents:
        for statement in _list(document.get("Statement", [])):
            if _applies(statement, access, principals):
                if statement.get("Effect") == "Deny":
                    return Decision.EXPLICIT_DENY
                decision = Decision.ALLOW
    return decision


def decide_all(
    layers: Sequence[Iterable[Document]],
    resource_policies: Iterable[Document],
    access: Access,
    principals: frozenset[str],
    session: str,
) -> Decision:
    """What a role's session may do in its own account.

    *layers* are the role's own policies and, where there is one, its permissions boundary and the session's policy.
    Each of them must allow. A resource's policy that names one of *principals* stands in for the role's own policies
    only: the boundary and the session's policy still limit it. One that names the ARN of the *session* allows alone.
    """
    resource_policies = list(resource_policies)
    own, *limits = (decide(layer, access) for layer in layers)
    by_resource = decide(resource_policies, access, principals | {session})
    if Decision.EXPLICIT_DENY in (own, *limits, by_resource):
        return Decision.EXPLICIT_DENY
    if decide(_naming(resource_policies, session), access, frozenset({session})) is Decision.ALLOW:
        return Decision.ALLOW
    granted = Decision.ALLOW in (own, by_resource)
    return Decision.ALLOW if granted and all(each is Decision.ALLOW for each in limits) else Decision.IMPLICIT_DENY


def _naming(documents: Iterable[Document], principal: str) -> list[Document]:
    """The statements of *documents* that name this very *principal*."""
    statements = (each for document in documents for each in _list(document.get("Statement", [])))
    return [{"Statement": each} for each in statements if principal in _principals(each.get("Principal", []))]


def _applies(statement: Mapping[str, Any], access: Access, principals: frozenset[str]) -> bool:
    if not _names_principal(statement, principals):
        return False
    if not _selects(statement, "Action", access.action, access.context, ignore_case=True):
        return False
    if not _selects(statement, "Resource", access.resource, access.context, ignore_case=False):
        return False
    try:
        return conditions.met(statement.get("Condition") or {}, access.context)
    except conditions.UnknownOperatorError:
        # The safe side: a Deny that we cannot judge denies, an Allow that we cannot judge allows nothing.
        return statement.get("Effect") == "Deny"


def _selects(statement: Mapping[str, Any], element: str, value: str, context: Context, *, ignore_case: bool) -> bool:
    def listed(name: str) -> bool:
        return any(_matches(pattern, value, context, ignore_case) for pattern in _list(statement[name]))

    if f"Not{element}" in statement:
        return not listed(f"Not{element}")
    return element in statement and listed(element)


def _matches(pattern: str, value: str, context: Context, ignore_case: bool) -> bool:
    resolved = resolve(pattern, context)
    return resolved is not None and matches(resolved, value, ignore_case=ignore_case)


def _names_principal(statement: Mapping[str, Any], principals: frozenset[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _principal_listed(statement["NotPrincipal"], principals)
    return "Principal" not in statement or _principal_listed(statement["Principal"], principals)


def _principal_listed(element: Any, principals: frozenset[str]) -> bool:
    listed = _principals(element)
    return "*" in listed or not principals.isdisjoint(listed)


def _principals(element: Any) -> list[Any]:
    groups = element.values() if isinstance(element, Mapping) else [element]
    return [each for group in groups for each in _list(group)]


def _list(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
