"""A lease in S3: one object that says who works on a fleet, written only on condition that it is still as it was seen.

S3's conditional writes (`If-None-Match: *`, `If-Match: <ETag>`) let one of several writers win. Whether a lease has
expired is judged by S3's clock alone: the `Date` of its answer against the object's `Last-Modified`. A lease that was
let go stays as an object, because its generation must never be used again.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, boto_errors, error_code, explain
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

HELD, FREE = "held", "free"
ATTEMPTS = 12
"""How often a write is tried that others have overtaken: each time one of them has had success."""
_MISSING = frozenset({"NoSuchKey", "404"})
_OVERTAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409", *_MISSING})
"""What S3 answers a conditional write with (Amazon S3 User Guide, "How to prevent object overwrites"): 412 where the
condition does not hold, 409 where another write came at the same moment, 404 where the object has gone."""


class LeaseError(Exception):
    """The lease cannot be had, or is no longer this run's; the text says why and what to do."""


@dataclass(frozen=True)
class Lease:
    """What the object says."""

    state: str
    generation: int
    """Grows by one with every holder and is never used twice, so it tells a later release from an earlier one."""
    owner: str
    pid: int
    token: str
    """Random, and so different for two runs of the same person: by it a run knows its own lease."""
    purpose: str
    acquired: str
    renewed: str
    ttl: int
    """Seconds that it lasts after it was written last."""

    @classmethod
    def parse(cls, content: bytes, where: str) -> Lease:
        """Read the object. Raises LeaseError where it is no lease."""
        try:
            document = untrusted_json.loads(content)
            lease = cls(**{entry.name: document[entry.name] for entry in fields(cls)})
            valid = all(isinstance(value, int) for value in (lease.generation, lease.pid, lease.ttl))
        except (ValueError, KeyError, TypeError):
            valid = False
        if not valid or lease.state not in (HELD, FREE):
            raise LeaseError(
                f"{where} is not a lease, somebody else has written it: remove it when no release is under way "
                f"(aws s3 rm {where}), and run this again"
            )
        return lease

    def render(self) -> bytes:
        return (json.dumps(asdict(self), indent=2, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class LeaseState:
    """The object as S3 showed it. `lease` is None where there is none."""

    now: datetime
    """S3's clock."""
    lease: Lease | None = None
    etag: str = ""
    written: datetime | None = None

    @property
    def holder(self) -> Lease | None:
        """Who holds it, be it expired or not."""
        return self.lease if self.lease and self.lease.state == HELD else None

    @property
    def silent(self) -> float:
        """Seconds since it was written."""
        return max((self.now - self.written).total_seconds(), 0) if self.written else 0

    @property
    def expired(self) -> bool:
        """Whether its holder has been silent for longer than it lasts."""
        return self.holder is not None and self.silent > self.holder.ttl

    @property
    def expires(self) -> str:
        """When it expires unless it is renewed."""
        return stamp((self.written or self.now) + timedelta(seconds=self.holder.ttl if self.holder else 0))

    def is_of(self, token: str) -> bool:
        return self.holder is not None and self.holder.token == token


def stamp(moment: datetime) -> str:
    """A time as it is written everywhere: in UTC, to the second."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def new_token() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Store:
    """The place of one lease."""

    s3: Any
    bucket: str
    key: str

    @property
    def where(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def look(self) -> LeaseState:
        """Read the lease. Raises AwsError or LeaseError."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self.key)
            content = answer["Body"].read()
        except boto_errors() as error:
            if error_code(error) in _MISSING:
                return LeaseState(clock(getattr(error, "response", {})))
            raise AwsError(self._explain(error, "GetObject")) from error
        return LeaseState(clock(answer), Lease.parse(content, self.where), answer["ETag"], answer["LastModified"])

    def write(self, lease: Lease, seen: LeaseState) -> bool:
        """Write the lease if the object is still as it was seen; whether that was so. Raises AwsError.

        False may also mean that it is written: where the answer was lost, the SDK has tried again and met itself.
        """
        condition = {"IfMatch": seen.etag} if seen.lease else {"IfNoneMatch": "*"}
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=self.key, Body=lease.render(), ContentType="application/json", **condition
            )
        except boto_errors() as error:
            if error_code(error) in _OVERTAKEN:
                return False
            raise AwsError(self._explain(error, "PutObject")) from error
        return True

    def _explain(self, error: Exception, action: str) -> str:
        if error_code(error) == "NoSuchBucket":
            return f"the bucket {self.bucket} for leases and history does not exist: make it (make apply)"
        return explain(error, f"s3:{action} on {self.where}")


def clock(answer: Mapping[str, Any]) -> datetime:
    """S3's time, from an answer of it. Raises AwsError where a proxy has taken it out."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(date)
    except (TypeError, ValueError):
        raise AwsError(
            "S3's answer has no Date, by which leases are judged: have the proxy in between pass it on"
        ) from None


@dataclass(frozen=True)
class Acquired:
    """A lease that is this run's. `taken_over` is what an owner that fell silent has left."""

    lease: Lease
    taken_over: LeaseState | None
    before: LeaseState


def next_lease(seen: LeaseState, wanted: Lease) -> Lease:
    """The lease that follows what was seen."""
    # An object that somebody has removed must not bring old numbers back, and no fleet has a release each second.
    generation = seen.lease.generation + 1 if seen.lease else int(seen.now.timestamp())
    now = stamp(seen.now)
    return replace(wanted, state=HELD, generation=generation, acquired=now, renewed=now)


def acquire(store: Store, wanted: Lease, write: bool = True) -> Acquired:
    """Take the lease, if it is free or its holder has stopped renewing it.

    Args:
        store: where it is.
        wanted: who wants it; its state, generation and times are set here.
        write: whether to take it, and not only to look whether it could be taken.

    Raises:
        LeaseError: somebody else holds it.
        AwsError: S3 cannot be asked, or says no.
    """
    first: LeaseState | None = None
    for attempt in range(ATTEMPTS):
        seen = store.look()
        if seen.is_of(wanted.token) and seen.holder and first:
            return Acquired(seen.holder, first if first.expired else None, first)
        if seen.holder and not seen.expired:
            raise LeaseError(held_by(store, seen, seen.holder))
        first = seen
        lease = next_lease(seen, wanted)
        if not write or store.write(lease, seen):
            return Acquired(lease, seen if seen.expired else None, seen)
        time.sleep(random.uniform(0, 0.1 * (attempt + 1)))  # noqa: S311  no secret
    raise LeaseError(f"others keep writing to {store.where}: wait until they have ended, then run this again")


def renew(store: Store, generation: int, token: str = "") -> Lease:
    """Write the lease once more, so that it lasts. A token is only known to who acquired it.

    Raises:
        LeaseError: it is not this run's any more.
        AwsError: S3 cannot be asked, or says no.
    """
    for _ in range(ATTEMPTS):
        seen = store.look()
        lease = seen.holder
        if lease is None or lease.generation != generation or (token and lease.token != token):
            raise LeaseError(lost(seen, generation))
        if seen.expired:
            raise LeaseError(
                f"this release has not been heard of for {seen.silent:.0f} s, longer than its lease lasts ({lease.ttl} "
                "s): it must not go on, because another may begin at any moment; run it again"
            )
        renewed = replace(lease, renewed=stamp(seen.now))
        # Two writes within a second have the same content, and so the same ETag; then there is nothing to write.
        if renewed == lease or store.write(renewed, seen):
            return renewed
    raise LeaseError(f"others keep writing to {store.where}: run this again")


def release(store: Store, generation: int, write: bool = True) -> LeaseState:
    """Let the lease go, and return what was seen before: nothing is written where it is not this run's any more.

    Raises AwsError or LeaseError.
    """
    for _ in range(ATTEMPTS):
        seen = store.look()
        if seen.holder is None or seen.holder.generation != generation or not write:
            return seen
        if store.write(replace(seen.holder, state=FREE, renewed=stamp(seen.now)), seen):
            return seen
    raise LeaseError(f"others keep writing to {store.where}: the lease expires by itself")


def held_by(store: Store, seen: LeaseState, lease: Lease) -> str:
    """Who is in the way, in a sentence."""
    return (
        f"another run is under way: {lease.owner} (process {lease.pid}, {lease.purpose}) has held the lease "
        f"{store.where} since {lease.acquired} and was heard of {seen.silent:.0f} s ago. Wait until it has ended, then "
        f"run this again. If it is not running any more, its lease expires by itself at {seen.expires}, in "
        f"{max(lease.ttl - seen.silent, 0) + 1:.0f} s"
    )


def lost(seen: LeaseState, generation: int) -> str:
    """Why a run must not go on, in a sentence."""
    if seen.lease is None:
        why = "somebody has removed it"
    elif seen.lease.generation == generation:
        why = "it was let go"
    elif seen.holder:
        why = f"{seen.holder.owner} ({seen.holder.purpose}) has taken it over at {seen.holder.acquired}"
    else:
        why = f"{seen.lease.owner} has taken it over and let it go since"
    return f"this run's lease (generation {generation}) is lost: {why}. It must not go on; run this again"
