"""cfn-lint, asked in process: its rules take longer to load than a template to check."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Sequence
from typing import Any

import regex  # type: ignore[import-untyped]
from cfnlint.config import ConfigMixIn
from cfnlint.core import get_rules
from cfnlint.decode import decode_str
from cfnlint.runner.template.runner import run_template_by_data

from slipway.aws_rules.findings import Finding, merged
from slipway.aws_rules.translate import Translation

#: Rules about how a template is written, which no request to AWS breaks.
NOT_ASKED = {
    "W3010": "A template that names its zones cannot move to another region. A plan is made for one region.",
}

#: Rules that name the whole resource, and the property that they are about.
ABOUT = {"E3691": "EngineVersion", "W3691": "EngineVersion"}

_SCHEMA_PAGE = "cfn-schema-specification"
_PATTERN = re.compile(r"does not match '(.*)'$", re.DOTALL)
_REGION = re.compile(r" in '([a-z0-9-]+)'$")


def lint(translation: Translation, regions: Sequence[str]) -> list[Finding]:
    """What cfn-lint finds in the template, errors and warnings, for each of `regions`."""
    template, errors = decode_str(json.dumps(translation.template))
    if errors or template is None:
        raise ValueError(f"The translation is no template: {errors}")
    config = ConfigMixIn([], regions=list(regions))
    return merged(_finding(translation, match) for match in run_template_by_data(template, config, _rules()))


@functools.cache
def _rules() -> Any:
    return get_rules([], list(NOT_ASKED), ["W", "E"])


def _finding(translation: Translation, match: Any) -> Finding:
    """A match's path is Resources, logical id, Properties, property and what lies below."""
    path = list(match.path or [])
    if len(path) < 2 or path[0] != "Resources":
        raise ValueError(f"{match.rule.id} is about the template and not about a resource of it: {match.message}")
    logical_id, below = path[1], path[3:]
    if not below and match.rule.id in ABOUT:
        below = [ABOUT[match.rule.id]]
    name = str(below[0]) if below else ""
    resource = translation.resources[logical_id]
    region = _REGION.search(match.message)
    argument = translation.arguments.get((logical_id, name), name)
    value = _value(resource["Properties"], below)
    return Finding(
        rule=f"cfn-lint {match.rule.id}",
        source=_source(match.rule.source_url, resource["Type"], name),
        message=_message(match.message, value),
        address=translation.addresses.get((logical_id, name), translation.addresses[logical_id, ""]),
        argument=".".join([argument, *map(str, below[1:])]),
        value=value,
        regions=(region[1],) if region else (),
    )


def _message(message: str, value: Any) -> str:
    """What cfn-lint says, and before it the characters that a pattern of single characters does not allow."""
    pattern = _PATTERN.search(message)
    if pattern is None or not isinstance(value, str):
        return message
    allowed = regex.compile(pattern[1].replace("\\\\", "\\"))
    refused = sorted({each for each in value if not allowed.search(each)})
    if not refused or not allowed.search("".join(each for each in value if each not in refused)):
        return message
    return f"The characters {' '.join(refused)} are not allowed: {message}"


def _value(properties: Any, below: Sequence[Any]) -> Any:
    """The value that the path names, or None where it names a property that is missing."""
    value = properties
    for step in below:
        if not (isinstance(value, list) or (isinstance(value, dict) and step in value)):
            return None
        value = value[step]
    return value


def _source(page: str, type_name: str, name: str) -> str:
    """The page that states the rule. A rule of a schema, and of the lists that cfn-lint adds to it, names none."""
    if page and _SCHEMA_PAGE not in page:
        return page
    return f"AWS's own schema of {type_name}{'.' if name else ''}{name}"
