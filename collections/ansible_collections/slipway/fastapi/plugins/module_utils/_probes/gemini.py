"""Gemini, by the list of its models, which costs no tokens (https://ai.google.dev/api/models#method:-models.list)."""

from __future__ import annotations

from .keyed_api import KeyedApi
from .stages import StageError
from .web import Answer

URL = "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1"
NEW_KEY = "put a valid key from aistudio.google.com into the .env as {}, push it and release again"
OPEN_KEY = "at aistudio.google.com allow the key this API and this host's address, or make a new key"


def api(variable: str = "GEMINI_API_KEY", url: str = URL) -> KeyedApi:
    """How to ask Gemini."""

    def auth(answer: Answer) -> StageError | str:
        why = reasons(answer)
        if answer.status == 401 or (answer.status == 400 and "API_KEY_INVALID" in why):
            return StageError(
                f"Gemini does not accept the key in {variable} (HTTP {answer.status})",
                NEW_KEY.format(variable),
            )
        if answer.status == 403:
            detail = ", ".join(sorted(why)) or "PERMISSION_DENIED"
            return StageError(f"Gemini knows the key in {variable} and refuses it ({detail})", OPEN_KEY)
        return "the key is accepted"

    def quota(answer: Answer) -> StageError | str:
        if answer.status == 429:
            return StageError(
                "Gemini answers HTTP 429: the quota of the key's project is used up",
                "wait for the quota's next period, or turn on billing for the project at aistudio.google.com",
            )
        return "requests are accepted"

    return KeyedApi(
        label="Gemini",
        url=url,
        variable=variable,
        headers=lambda key: {"x-goog-api-key": key},
        judged=lambda answer: (
            answer.status in (401, 403, 429) or (answer.status == 400 and "API_KEY_INVALID" in reasons(answer))
        ),
        auth=auth,
        quota=quota,
    )


def reasons(answer: Answer) -> set[str]:
    """The `reason` of each google.rpc.ErrorInfo in an error answer (https://cloud.google.com/apis/design/errors)."""
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    found = {detail.get("reason") for detail in details or [] if isinstance(detail, dict)}
    return {reason for reason in found if isinstance(reason, str) and reason.replace("_", "").isalnum()}
