"""The evaluation of IAM policies: pure functions over policy documents.

The rules are those of the IAM User Guide, "Policy evaluation logic": an explicit Deny wins, else an Allow is needed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.aws.authorization import conditions
from sandbox.server.aws.authorization.conditions import Context
from sandbox.server.aws.authorization.patterns import matches

Document = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


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
    if "${" not in pattern:
        return matches(pattern, value, ignore_case=ignore_case)
    resolved = _resolve(pattern, context)
    return resolved is not None and matches(resolved, value, ignore_case=ignore_case)


def _resolve(pattern: str, context: Context) -> str | None:
    """Put the context's values in place of the policy variables; None if one has no single value."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        values = context.get(match[1].lower(), ())
        missing = missing or len(values) != 1
        return values[0] if len(values) == 1 else ""

    resolved = _VARIABLE.sub(value_of, pattern)
    return None if missing else resolved


def _names_principal(statement: Mapping[str, Any], principals: frozenset[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _principal_listed(statement["NotPrincipal"], principals)
    return "Principal" not in statement or _principal_listed(statement["Principal"], principals)


def _principal_listed(element: Any, principals: frozenset[str]) -> bool:
    groups = element.values() if isinstance(element, Mapping) else [element]
    listed = [each for group in groups for each in _list(group)]
    return "*" in listed or not principals.isdisjoint(listed)


def _list(element: Any) -> list[Any]:
    return element if isinstance(element, list) else [element]
