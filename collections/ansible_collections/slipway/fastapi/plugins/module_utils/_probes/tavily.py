"""Tavily, by its usage report, which costs no credits (https://docs.tavily.com/documentation/api-reference/endpoint/usage)."""

from __future__ import annotations

from typing import Any

from .keyed_api import KeyedApi
from .stages import StageError
from .web import Answer

URL = "https://api.tavily.com/usage"
NEW_KEY = "put a valid key from app.tavily.com into the .env as {}, push it and release again"
KEY_LIMIT, PAY_AS_YOU_GO_LIMIT = 432, 433
"""Tavily's own status codes: the key's or plan's credits are spent; the pay-as-you-go limit is reached."""


def api(variable: str = "TAVILY_API_KEY", url: str = URL) -> KeyedApi:
    """How to ask Tavily."""

    def auth(answer: Answer) -> StageError | str:
        if answer.status in (401, 403):
            return StageError(
                f"Tavily does not accept the key in {variable} (HTTP {answer.status})",
                NEW_KEY.format(variable),
            )
        return "the key is accepted"

    return KeyedApi(
        label="Tavily",
        url=url,
        variable=variable,
        headers=lambda key: {"Authorization": f"Bearer {key}"},
        judged=lambda answer: answer.status in (401, 403, 429, KEY_LIMIT, PAY_AS_YOU_GO_LIMIT),
        auth=auth,
        quota=quota,
    )


def quota(answer: Answer) -> StageError | str:
    """Credits that are left, of the key and of the account's plan together with its pay-as-you-go credits."""
    if answer.status == 429:
        return StageError(
            "Tavily answers HTTP 429: too many requests with this key",
            "wait some minutes; Tavily also limits how often usage may be asked for",
        )
    if answer.status in (KEY_LIMIT, PAY_AS_YOU_GO_LIMIT):
        return spent(f"HTTP {answer.status}")
    report = answer.json()
    if not isinstance(report, dict):
        return "usage is not reported"
    message = "no limit is reported"
    for section, used_names, limit_names in (
        ("key", ("usage",), ("limit",)),
        ("account", ("plan_usage", "paygo_usage"), ("plan_limit", "paygo_limit")),
    ):
        used, limit = amounts(report.get(section), used_names, limit_names)
        if limit is not None:
            message = f"{used:g} of the {section}'s {limit:g} credits used"
            if used >= limit:
                return spent(message)
    return message


def spent(amount: str) -> StageError:
    """The failure of an account without credits."""
    return StageError(
        f"the Tavily credits are used up ({amount})",
        "raise the limit or the plan at app.tavily.com, or wait for the next month",
    )


def amounts(values: Any, used: tuple[str, ...], limits: tuple[str, ...]) -> tuple[float, float | None]:
    """Sums of what is used and of what may be used; the limit is None where the first of the limits is not set."""
    if not isinstance(values, dict) or not isinstance(values.get(limits[0]), (int, float)):
        return 0, None

    def total(names: tuple[str, ...]) -> float:
        numbers: list[float] = [values[name] for name in names if isinstance(values.get(name), (int, float))]
        return sum(numbers)

    return total(used), total(limits)
