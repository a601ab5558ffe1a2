"""The journal of a release that failed, in a form that can be shown."""

from __future__ import annotations

from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse
from ansible_collections.slipway.fastapi.plugins.module_utils._probes.redact import Redactor, secrets_in


def without_questions(text: str, path: str) -> str:
    """A journal without the access log of the health checks, which would hide everything else."""
    return "\n".join(line for line in text.splitlines() if f'"GET {path} HTTP/1.1"' not in line)


def without_secrets(text: str, environment: bytes) -> str:
    """A journal without any value of the service's `.env`: an application that fails often prints its settings.

    Args:
        text: the journal.
        environment: the content of the `.env`.
    """
    try:
        values = parse(environment)
    except DotenvError as error:
        return f"(not shown: the release's .env cannot be read, so its values could not be taken out: {error})"
    hidden: set[str] = set(values.values()) | secrets_in(values)
    return Redactor(hidden).text(text)
