"""The options of ``amazon.aws.aws_ec2``, for inventory plugins that build on it."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.amazon.aws.plugins.inventory import aws_ec2


def _own_options() -> dict[str, Any]:
    options: dict[str, Any] = yaml.safe_load(aws_ec2.DOCUMENTATION)["options"]
    return options


class ModuleDocFragment:
    """Read from the plugin itself, so that a new option there is an option here, with nothing copied."""

    # Annotated, because ansible-test takes every other assignment in a fragment for a text.
    DOCUMENTATION: str = yaml.safe_dump({"options": _own_options()})
