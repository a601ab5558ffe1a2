"""Which plans are made: every combination of what an operator chooses, or a few that hold every pair of choices."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from tests.aws_rules.account import ACCOUNT, EXISTING, REGIONS

TERRAFORM = Path(__file__).parents[2] / "terraform"

CHOICES: dict[str, tuple[Any, ...]] = {
    "blueprint": ("gap-fill", "location-content"),
    "env": ("sandbox", "dev", "prod"),
    "network": ("new", "existing", "default"),
    "https": (False, True),
    "database": (False, True),
    "names": ("own", "shortest", "longest"),
    "region": REGIONS,
}


@dataclass(frozen=True)
class Combination:
    """One plan: a value for each of CHOICES."""

    blueprint: str
    env: str
    network: str
    https: bool
    database: bool
    names: str
    region: str

    @property
    def name(self) -> str:
        """The name of the plan, which Terraform takes for a run."""
        words = (self.blueprint, self.env, self.network, self.names, "https" * self.https, "database" * self.database)
        return re.sub(r"\W", "_", "_".join((*filter(None, words), self.region)))

    @property
    def is_possible(self) -> bool:
        """A database is placed in a new or in the default VPC only (modules/network/variables.tf)."""
        return not (self.database and self.network == "existing")

    def without_region(self) -> Combination:
        """The same plan in the first region: cfn-lint asks about all regions, whichever a plan is for."""
        return replace(self, region=REGIONS[0])

    def pairs(self) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
        """Every two choices that meet in this plan."""
        return set(itertools.combinations(asdict(self).items(), 2))


def product() -> list[Combination]:
    """Every combination but for the region, which goes in turn: cfn-lint asks about all three of them each time."""
    regions = itertools.cycle(REGIONS)
    without = itertools.product(*(values for name, values in CHOICES.items() if name != "region"))
    return [found for values in without if (found := Combination(*(*values, next(regions)))).is_possible]


def every_pair() -> list[Combination]:
    """A few combinations in which every two choices that can meet do meet, the fullest first."""
    candidates = [
        found for values in itertools.product(*CHOICES.values()) if (found := Combination(*values)).is_possible
    ]
    wanted = set().union(*(each.pairs() for each in candidates))
    chosen = []
    while wanted:
        best = max(candidates, key=lambda each: (len(each.pairs() & wanted), astuple(each)))
        chosen.append(best)
        wanted -= best.pairs()
    return chosen


def variables(combination: Combination, endpoint: str) -> str:
    """The variables of a run: those of the blueprint, those of the environment over them, and what is chosen here."""
    found = _attributes(TERRAFORM / "blueprints" / f"{combination.blueprint}.tfvars")
    found |= _attributes(TERRAFORM / "envs" / combination.env / "env.tfvars")
    has_artifacts = "backend_artifact_key" in found
    own_database = found.get("database", "{}")
    found |= {name: json.dumps(value) for name, value in _chosen(combination, endpoint).items()}
    if combination.database and combination.names == "own":
        found["database"] = own_database
    if combination.network == "new" and not combination.database:
        # As the blueprint has it: gap-fill's network has one zone.
        found |= {
            name: value
            for name, value in _attributes(TERRAFORM / "blueprints" / f"{combination.blueprint}.tfvars").items()
            if name == "network"
        }
    if combination.names == "longest" and has_artifacts:
        found["backend_artifact_key"] = json.dumps(longest_key())
    return "\n".join(f"{name} = {value}" for name, value in found.items())


def longest_key() -> str:
    """A tag holds 256 characters: `s3://`, the longest bucket's name, a slash and this key."""
    return "releases/" + "k" * (256 - len("s3://") - 63 - 1 - len("releases/.zip")) + ".zip"


def documented_release() -> str:
    """The exact release of Postgres that the variable's description names: RDS must still make it."""
    text = (TERRAFORM / "modules" / "database" / "variables.tf").read_text(encoding="utf-8")
    (found,) = re.findall(r'an exact one \(\\"([\d.]+)\\"\)', text)
    return str(found)


def state_buckets() -> dict[str, str]:
    """The variables of plans of the state bucket (terraform/state), by the plan's name."""
    chosen = {
        "own": {"env": "dev"},
        "shortest": {"env": "pr", "bucket": "abc", "region": "eu-central-1"},
        "longest": {"env": "prodabcdef", "bucket": "b" * 63, "region": "ap-southeast-2"},
    }
    return {
        f"state_{name}": "\n".join(
            f"{key} = {json.dumps(value)}" for key, value in (each | {"account_id": ACCOUNT}).items()
        )
        for name, each in chosen.items()
    }


def _chosen(combination: Combination, endpoint: str) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "region": combination.region,
        "https": combination.https,
        "network": {"mode": combination.network},
        "database": _database(combination) if combination.database else None,
    }
    if combination.network == "existing":
        chosen["network"] |= {"vpc_tags": {"Name": EXISTING}, "subnet_tags": {"Name": EXISTING}}
    if combination.env == "sandbox":
        chosen["endpoint_url"] = endpoint
    else:
        chosen |= {
            "allowed_account_ids": [ACCOUNT],
            "backend_http_cidrs": ["0.0.0.0/0", "::/0"],
            "ssh_ingress_cidrs": ["203.0.113.7/32", "2001:db8::/48"],
            "ssh_key_name": "a-key",
        }
    return chosen | _names(combination)


def _names(combination: Combination) -> dict[str, Any]:
    """The shortest or longest names that the stack takes. The sandbox's environment has one name only."""
    if combination.names == "own":
        return {}
    is_short = combination.names == "shortest"
    names = {"app": "ab" if is_short else "abcdefghi-klmnopqrs"}
    if combination.env != "sandbox":
        names["env"] = combination.env[:2] if is_short else f"{combination.env}abcdefghij"[:10]
    return names


def _database(combination: Combination) -> dict[str, Any]:
    if combination.names == "shortest":
        return {"identifier": "a", "name": "a", "master_username": "a", "engine_version": documented_release()}
    if combination.names == "longest":
        return {
            "identifier": "i" * 57,
            "name": "n" * 63,
            "master_username": "m" * 16,
            "engine_version": "17",
            "storage_limit": 1000,
        }
    return {}


def _attributes(path: Path) -> dict[str, str]:
    """The settings of a var-file as they are written, by name."""
    return dict(_split(path.read_text(encoding="utf-8")))


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Each setting begins with a name in the first column, as `terraform fmt` leaves it."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for found in re.finditer(r"^(\w+)\s*= (.*?)(?=^\w+\s*=|\Z)", kept, re.MULTILINE | re.DOTALL):
        yield found[1], found[2].strip()
