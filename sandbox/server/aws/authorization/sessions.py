"""Role sessions: their role, and the policies that limit them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow
from moto.iam.models import IAMBackend, Role, iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import AssumedRole, sts_backends

from sandbox.server.aws.authorization.policy import Document


@dataclass(frozen=True)
class Session:
    """A role's session. Every layer of policies must allow a request."""

    arn: str
    role_arn: str
    secret_key: str
    session_token: str
    layers: tuple[tuple[Document, ...], ...]
    expired: bool

    def principals(self, account: str) -> frozenset[str]:
        """The principals in a resource's policy that include this session's role."""
        return frozenset({"*", account, f"arn:aws:iam::{account}:root", self.role_arn})


def find(access_key: str, account: str) -> Session | None:
    """The session of *access_key*, with its current policies, or None if there is none."""
    assumed = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed is None:
        return None
    return Session(
        arn=assumed.arn,
        role_arn=assumed.role_arn,
        secret_key=assumed.secret_access_key,
        session_token=assumed.session_token,
        layers=_layers(assumed, account),
        expired=assumed.expiration <= utcnow(),
    )


def bucket_policy(bucket: str, account: str) -> Document | None:
    """The policy of the S3 bucket, or None."""
    found = s3_backends[account]["aws"].buckets.get(bucket)
    return json.loads(found.policy) if found is not None and found.policy else None


def _layers(assumed: AssumedRole, account: str) -> tuple[tuple[Document, ...], ...]:
    iam = iam_backends[account]["aws"]
    role = next((each for each in iam.roles.values() if each.arn == assumed.role_arn), None)
    if role is None:
        # The role was deleted, so its sessions are allowed nothing.
        return ((),)
    layers = [tuple(_role_policies(iam, role))]
    if role.permissions_boundary_arn:
        layers.append((_document(iam.get_policy(role.permissions_boundary_arn)),))
    if assumed.policy:
        layers.append((json.loads(assumed.policy),))
    return tuple(layers)


def _role_policies(iam: IAMBackend, role: Role) -> list[Document]:
    attached = [_document(iam.get_policy(arn)) for arn in role.managed_policies]
    return [*(json.loads(text) for text in role.policies.values()), *attached]


def _document(policy: Any) -> Document:
    version = next(version for version in policy.versions if version.is_default)
    document: Document = json.loads(version.document)
    return document
