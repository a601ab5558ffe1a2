"""The Condition element of a policy statement (IAM User Guide, "IAM JSON policy elements: Condition operators")."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.server.aws.authorization.patterns import matches, resolve

#: A request's context: keys in lower case, each with its values.
Context = Mapping[str, tuple[str, ...]]


class UnknownOperatorError(ValueError):
    """A condition operator that this evaluation does not know."""


def _address_in(value: str, wanted: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)


#: Positive operators: whether one value of the request satisfies one value of the policy.
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: matches(wanted, value),
    "ArnEquals": lambda value, wanted: matches(wanted, value),
    "ArnLike": lambda value, wanted: matches(wanted, value),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "IpAddress": _address_in,
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}

#: Negated operators: true when no value of the policy is satisfied, and when the request has no such key.
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
}


def met(condition: Mapping[str, Any], context: Context) -> bool:
    """Whether all of *condition* holds in *context*.

    Raises UnknownOperatorError for an unknown operator: the caller decides what is safe.
    """
    return all(
        _holds(operator, key, _strings(wanted, context), context)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    quantifier, _, name = operator.rpartition(":")
    values = context.get(key.lower())
    if name == "Null":
        return (values is None) == (wanted == ("true",))
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownOperatorError(operator)
    if values is None:
        return optional or quantifier == "ForAllValues" or (negated and quantifier != "ForAnyValue")

    def satisfied(value: str) -> bool:
        return any(test(value, each) for each in wanted) != negated

    every = quantifier == "ForAllValues" or (negated and quantifier == "")
    return all(map(satisfied, values)) if every else any(map(satisfied, values))


def _strings(wanted: Any, context: Context) -> tuple[str, ...]:
    """The policy's values as strings, without those whose policy variable has no value in *context*."""
    several: Iterable[Any] = wanted if isinstance(wanted, list) else [wanted]
    values = (str(each).lower() if isinstance(each, bool) else str(each) for each in several)
    return tuple(resolved for value in values if (resolved := resolve(value, context)) is not None)
