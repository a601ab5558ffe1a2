"""What the service takes from its environment, read when it is used and never at import."""

from __future__ import annotations

import os

from service.failures import DependencyError

TAVILY_URL = "https://api.tavily.com"
GEMINI_URL = "https://generativelanguage.googleapis.com"
GEMINI_MODEL = "gemini-2.5-flash"


def optional(name: str, default: str) -> str:
    """Return the variable's value, or the default when it is unset or empty."""
    return os.environ.get(name) or default


def required(name: str, dependency: str) -> str:
    """Return the variable's value; a DependencyError of stage `configuration` when it is unset or empty."""
    value = os.environ.get(name)
    if not value:
        raise DependencyError(dependency, "configuration", f"{name} is not set in the environment of the service")
    return value


def api_key(name: str, dependency: str) -> str:
    """Return an API key, as `required` does; a DependencyError too where no HTTP header could carry it."""
    value = required(name, dependency)
    if not (value.isascii() and value.isprintable()):
        raise DependencyError(dependency, "configuration", f"{name} has characters that no key has")
    return value
