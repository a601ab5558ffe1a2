"""The policies that Terraform makes: found in plans, and in the code that the plans are of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.repo.policy_rules import findings, listed, problems

TERRAFORM = Path(__file__).parents[2] / "terraform"
#: The arguments that hold a policy, by the resource's type.
ARGUMENTS = {
    "aws_iam_policy": "policy",
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_s3_bucket_policy": "policy",
}
#: An argument whose name ends as those do, and that is a flag.
FLAGS = frozenset({"block_public_policy"})


@dataclass(frozen=True)
class Policy:
    """A policy of a plan. `resource` is its resource's type and name, without modules and keys."""

    address: str
    resource: str
    argument: str
    document: Mapping[str, Any]

    def faults(self) -> list[str]:
        """What AWS's tables of actions, in both editions, say against the policy: a line for each fault."""
        found = [*problems(self.document), *findings(self.document)]
        return [f"{self.address}.{self.argument}: {each}" for each in found]

    def sids(self) -> set[str]:
        """The names of its statements."""
        return {each["Sid"] for each in listed(self.document["Statement"]) if "Sid" in each}


def planned(changes: Sequence[Mapping[str, Any]]) -> tuple[list[Policy], list[str]]:
    """The policies of a plan, and a line for each that cannot be checked."""
    found, unchecked = [], []
    for change in changes:
        if change["mode"] != "managed":
            continue
        after, unknown = change["change"]["after"] or {}, change["change"].get("after_unknown", {})
        argument = ARGUMENTS.get(change["type"], "")
        if unknown.get(argument):
            unchecked.append(
                f"{change['address']}.{argument} is known only when it is applied. Build its ARNs from names, "
                "not from attributes of resources."
            )
        elif argument:
            resource = f"{change['type']}.{change['name']}"
            document = json.loads(after[argument])
            if argument == "assume_role_policy":
                document = with_role(document, after)
            found.append(Policy(change["address"], resource, argument, document))
        unchecked += [
            f"{change['address']}.{name} holds a policy: ARGUMENTS does not have it."
            for name, text in texts(after)
            if name != argument and is_policy(text)
        ]
    return found, unchecked


def with_role(document: Mapping[str, Any], role: Mapping[str, Any]) -> dict[str, Any]:
    """A trust policy with the resource that its statements are about: the role.

    A trust policy names none (IAM User Guide, "IAM JSON policy elements: Resource"), and the rules ask whether an
    action has the resource.
    """
    arn = f"arn:aws:iam::*:role{role.get('path') or '/'}{role.get('name') or '*'}"
    return {**document, "Statement": [{"Resource": arn, **each} for each in listed(document["Statement"])]}


def texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a planned value, with its dotted path."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping | list):
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, inner in entries:
            yield from texts(inner, f"{name}.{key}".lstrip("."))


def is_policy(text: str) -> bool:
    """Whether the text is a policy's JSON."""
    return re.match(r"\s*\{", text) is not None and re.search(r'"Statement"\s*:', text) is not None


def code_of(*folders: str) -> str:
    """The Terraform code of the folders below terraform/ and of the folders in them."""
    paths = [path for folder in folders for path in sorted((TERRAFORM / folder).rglob("*.tf"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if ".terraform" not in path.parts)


def written(code: str) -> set[tuple[str, str]]:
    """The arguments of the code that hold a policy, each with its resource's type and name."""
    return {
        (f"{resource[1]}.{resource[2]}", argument)
        for resource in re.finditer(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', code, re.MULTILINE | re.DOTALL)
        for argument in re.findall(r"^\s+(\w*policy)\s*=", resource[3], re.MULTILINE)
        if argument not in FLAGS
    }


def statements(code: str) -> list[str]:
    """The `Sid` of each statement of the code's policy documents, with `*` for what Terraform sets in.

    A statement without a `Sid` is the empty text.
    """
    found = []
    for document in re.findall(r'^data "aws_iam_policy_document" "\w+" \{\n(.*?)^\}', code, re.MULTILINE | re.DOTALL):
        for block in re.split(r'^  (?:statement|dynamic "statement") \{\n', document, flags=re.MULTILINE)[1:]:
            sid = re.search(r'^\s+sid\s*= "(.*)"$', block, re.MULTILINE)
            found.append(re.sub(r"\$\{.*?\}", "*", sid[1]) if sid else "")
    return found
