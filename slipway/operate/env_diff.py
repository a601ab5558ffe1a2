"""`make env-diff`: how a local `.env` differs from the stored one, by the names of variables and never by a value.

Ends with 0 when the two have the same variables and values, with 2 when they differ, and with 1 when that cannot be
told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.grammar import DotenvError, parse
from ansible_collections.slipway.fastapi.plugins.module_utils._dotenv.parameters import fetch

from slipway.operate.hosts import ask

QUESTION = "{{ {'app': slipway_app, 'parameter': %s | default(''), 'aws': slipway_aws} }}"
FIRST, SECOND = "slipway_env_parameter", "slipway_env_more_parameter"
SAME, ERROR, DIFFERENT = 0, 1, 2


class CompareError(Exception):
    """The two cannot be compared; the message says why, and no value."""


def local(path: Path) -> dict[str, str]:
    """The variables of the file. Raises CompareError."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise CompareError(f"{path} cannot be read: {error.strerror}. Name another with FILE=…") from error
    except DotenvError as error:
        raise CompareError(f"{path} is not a strict .env file:\n{error}") from None


def stored(aws: Mapping[str, object], parameter: str) -> dict[str, str]:
    """The variables of the parameter; none where it does not exist. Raises CompareError."""
    try:
        found = fetch(client("ssm", aws), parameter)
        return parse(found.value.encode("utf-8")) if found else {}
    except AwsError as error:
        raise CompareError(str(error)) from error
    except DotenvError as error:
        raise CompareError(
            f"parameter {parameter} is not a strict .env file; store it anew: make env-push\n{error}"
        ) from None


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """A line for each name that a push of `new` would add, remove or change."""
    for key in sorted({*old, *new}):
        if key not in old:
            yield f"  + {key}  added: only in the file"
        elif key not in new:
            yield f"  - {key}  removed: only in the parameter"
        elif old[key] != new[key]:
            yield f"  ~ {key}  changed: another value"


def compare(inventory: str, app: str, path: Path, variable: str = FIRST) -> int:
    """Print the differences for each parameter of the application's hosts. Raises CompareError or NoHostError."""
    new = local(path)
    answers = [answer for answer in ask(inventory, QUESTION % variable).values() if answer["app"] == app]
    parameters = {answer["parameter"]: answer["aws"] for answer in answers if answer["parameter"]}
    if not parameters:
        which = "parameter" if variable == FIRST else "second parameter (env_more_parameter_name)"
        raise CompareError(f"No running host of {app} in {inventory} names its {which}. Provision it first: make apply")
    result = SAME
    for parameter, aws in sorted(parameters.items()):
        lines = list(differences(stored(aws, parameter), new))
        result = DIFFERENT if lines else result
        print(f"{parameter}: {'differs from' if lines else 'has the variables and values of'} {path}", *lines, sep="\n")
    return result
