"""Finds out, or asks a person, what an environment's file is to say."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.environment import cloud
from slipway.environment.account import EVERYBODY, AccountError

Ask = Callable[[str, "str | None"], str]
"""Asks a person a question, with the answer that Return gives."""


@dataclass(frozen=True)
class Given:
    """What the command line says. What is None is found out, or asked."""

    env: str
    region: str | None = None
    account: str | None = None
    cidrs: Sequence[str] = ()
    public: bool = False
    key: str | None = None
    key_file: str | None = None


def settle(given: Given, before: Mapping[str, Any], ask: Ask | None) -> dict[str, Any]:
    """The values of the file. `before` has those of the last time; `ask` is None without a terminal.

    Raises AccountError, whose message names the argument that is missing.
    """
    known = before if before.get("allowed_account_ids") else {}
    region = given.region or known.get("region") or _region(given.env, ask)
    number = cloud.account(region)
    wanted = [given.account] if given.account else known.get("allowed_account_ids", [number])
    if number not in wanted:
        raise AccountError(
            f"the credentials are those of account {number}, and {given.env} is account {', '.join(wanted)}: choose "
            f"another profile (AWS_PROFILE), or say ACCOUNT={number} if {given.env} is to move there"
        )
    cidrs = list(given.cidrs) or known.get("ssh_ingress_cidrs")
    if cidrs is None:
        cidrs = [_address(given.env, ask)]
    key = given.key or known.get("ssh_key_name")
    return {
        "allowed_account_ids": [number],
        "region": region,
        "backend_http_cidrs": [EVERYBODY] if given.public else known.get("backend_http_cidrs") or cidrs,
        "ssh_ingress_cidrs": cidrs,
        "ssh_key_name": _key(given.env, region, key, ask),
        "ssh_private_key_file": given.key_file or known.get("ssh_private_key_file"),
    }


def network(text: str) -> str:
    """A network in AWS's form, which need not be written as one. Raises AccountError."""
    try:
        found = ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise AccountError(f"'{text}' is no network ({error}): write CIDR=203.0.113.7/32") from None
    if found.prefixlen == 0:
        raise AccountError("CIDR is everybody, and SSH is never open to everybody: name your own, or say PUBLIC=yes")
    return str(found)


def _region(env: str, ask: Ask | None) -> str:
    found = cloud.default_region()
    if ask:
        return ask(f"AWS region of {env}", found)
    if found is None:
        raise AccountError(f"Say the region: make env ENV={env} REGION=eu-central-1")
    return found


def _address(env: str, ask: Ask | None) -> str:
    found = cloud.address()
    if ask:
        return network(ask("Network that may log in and call the service", found))
    if found is None:
        raise AccountError(
            f"{cloud.ADDRESS_URL} does not say this machine's address. "
            f"Say who may log in and call the service: make env ENV={env} CIDR=203.0.113.7/32"
        )
    return found


def _key(env: str, region: str, wanted: str | None, ask: Ask | None) -> str:
    names = cloud.key_pairs(region)
    if not names:
        raise AccountError(
            f"There is no EC2 key pair in {region}, and nobody could log in. Import your public key: aws ec2 "
            f"import-key-pair --region {region} --key-name {env} --public-key-material fileb://~/.ssh/id_ed25519.pub"
        )
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None and ask:
        wanted = ask(f"EC2 key pair ({', '.join(names)})", names[0])
    if wanted not in names:
        problem = "There are several EC2 key pairs" if wanted is None else f"There is no EC2 key pair '{wanted}'"
        raise AccountError(f"{problem} in {region}. Choose one: make env ENV={env} KEY=<{' '.join(names)}>")
    return wanted


def private_key(name: str, home: Path) -> str | None:
    """Where the private key of a key pair usually lies; None where it does not, as with an SSH agent."""
    for path in (home / ".ssh" / f"{name}.pem", home / ".ssh" / name):
        if path.is_file():
            return f"~/{path.relative_to(home)}"
    return None
