"""The lease, against an S3 of one object whose clock and answers the test decides."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease as _lease
from ansible_collections.slipway.fastapi.plugins.module_utils._lease.lease import Lease, LeaseError, Store
from botocore.exceptions import ClientError

START = datetime(2026, 11, 21, 7, 30, tzinfo=timezone.utc)
TTL = 60


class OneObject:
    """S3 as far as a lease needs it."""

    def __init__(self) -> None:
        self.now = START
        self.body: bytes | None = None
        self.written = START
        self.before_put: list[Callable[[], object]] = []
        self.after_put: list[str] = []
        self.puts = 0

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def get_object(self, **_: Any) -> dict[str, Any]:
        if self.body is None:
            raise self._error("NoSuchKey", 404)
        return {
            "Body": io.BytesIO(self.body),
            "ETag": self._etag(),
            "LastModified": self.written,
            "ResponseMetadata": self._about(200),
        }

    def put_object(self, **request: Any) -> dict[str, Any]:
        if self.before_put:
            self.before_put.pop(0)()
        if "IfMatch" in request and self.body is None:
            raise self._error("NoSuchKey", 404)
        if request.get("IfMatch", self._etag()) != self._etag() or ("IfNoneMatch" in request and self.body is not None):
            raise self._error("PreconditionFailed", 412)
        self.body, self.written = request["Body"], self.now
        self.puts += 1
        if self.after_put:
            raise self._error(self.after_put.pop(0), 412)
        return {"ETag": self._etag(), "ResponseMetadata": self._about(200)}

    def _etag(self) -> str:
        return hashlib.sha256(self.body or b"").hexdigest()

    def _about(self, status: int) -> dict[str, Any]:
        return {"HTTPStatusCode": status, "HTTPHeaders": {"date": format_datetime(self.now, usegmt=True)}}

    def _error(self, code: str, status: int) -> ClientError:
        answer: Any = {"Error": {"Code": code}, "ResponseMetadata": self._about(status)}
        return ClientError(answer, "PutObject")


@pytest.fixture
def s3() -> OneObject:
    return OneObject()


@pytest.fixture
def store(s3: OneObject) -> Store:
    return Store(s3, "deployments", "app/lease.json")


def wanted(who: str) -> Lease:
    return Lease(_lease.HELD, 0, who, 1, f"token of {who}", "release", "", "", TTL)


def test_generations_grow_and_survive_the_release(store: Store, s3: OneObject) -> None:
    first = _lease.acquire(store, wanted("anna")).lease
    assert (first.generation, first.acquired) == (int(START.timestamp()), "2026-11-21T07:30:00Z")
    _lease.release(store, first.generation)
    assert store.look().holder is None
    second = _lease.acquire(store, wanted("ben"))
    assert (second.lease.generation, second.taken_over) == (first.generation + 1, None)


def test_a_removed_object_does_not_bring_old_generations_back(store: Store, s3: OneObject) -> None:
    first = _lease.acquire(store, wanted("anna")).lease
    s3.body = None
    s3.pass_by(5)
    assert _lease.acquire(store, wanted("ben")).lease.generation > first.generation
    with pytest.raises(LeaseError, match=r"lost: ben \(release\) has taken it over at 2026-11-21T07:30:05Z"):
        _lease.renew(store, first.generation, first.token)


def test_who_comes_second_is_told_who_has_it_and_until_when(store: Store, s3: OneObject) -> None:
    _lease.acquire(store, wanted("anna"))
    s3.pass_by(20)
    words = (
        r"anna \(process 1, release\) has held the lease s3://deployments/app/lease.json since 2026-11-21T07:30:00Z "
        r"and was heard of 20 s ago\. Wait .* at 2026-11-21T07:31:00Z, in 41 s"
    )
    with pytest.raises(LeaseError, match=words):
        _lease.acquire(store, wanted("ben"))


@pytest.mark.parametrize(("silent", "free"), [(TTL, False), (TTL + 1, True)])
def test_it_is_taken_over_after_its_time_and_not_before(store: Store, s3: OneObject, silent: int, free: bool) -> None:
    first = _lease.acquire(store, wanted("anna")).lease
    s3.pass_by(silent)
    if not free:
        with pytest.raises(LeaseError):
            _lease.acquire(store, wanted("ben"))
        return
    second = _lease.acquire(store, wanted("ben"))
    assert second.taken_over
    assert second.taken_over.holder == first
    assert second.taken_over.silent == silent
    with pytest.raises(LeaseError, match="ben .* has taken it over"):
        _lease.renew(store, first.generation, first.token)
    assert _lease.release(store, first.generation).holder == second.lease
    assert store.look().holder == second.lease


def test_renewing_makes_it_last(store: Store, s3: OneObject) -> None:
    lease = _lease.acquire(store, wanted("anna")).lease
    for _ in range(5):
        s3.pass_by(TTL - 1)
        assert _lease.renew(store, lease.generation, lease.token).acquired == lease.acquired
    with pytest.raises(LeaseError):
        _lease.acquire(store, wanted("ben"))


def test_who_was_silent_for_too_long_has_lost_it_even_if_nobody_took_it(store: Store, s3: OneObject) -> None:
    lease = _lease.acquire(store, wanted("anna")).lease
    s3.pass_by(TTL + 1)
    with pytest.raises(LeaseError, match="has not been heard of for 61 s.*run it again"):
        _lease.renew(store, lease.generation, lease.token)


def test_another_run_that_was_faster_is_seen(store: Store, s3: OneObject) -> None:
    s3.before_put = [lambda: _lease.acquire(store, wanted("ben"))]
    with pytest.raises(LeaseError, match="ben"):
        _lease.acquire(store, wanted("anna"))
    assert s3.puts == 1


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_write_whose_answer_was_lost_is_recognised_as_its_own(store: Store, s3: OneObject, code: str) -> None:
    s3.after_put = [code]
    acquired = _lease.acquire(store, wanted("anna"))
    assert (acquired.lease.owner, acquired.taken_over, s3.puts) == ("anna", None, 1)
    s3.pass_by(5)
    s3.after_put = [code]
    assert _lease.renew(store, acquired.lease.generation, acquired.lease.token).renewed == "2026-11-21T07:30:05Z"
    s3.after_put = [code]
    _lease.release(store, acquired.lease.generation)
    assert store.look().holder is None


def test_letting_go_while_the_renewer_writes_is_tried_again(store: Store, s3: OneObject) -> None:
    lease = _lease.acquire(store, wanted("anna")).lease
    s3.pass_by(5)
    s3.before_put = [lambda: _lease.renew(store, lease.generation, lease.token)]
    _lease.release(store, lease.generation)
    assert store.look().holder is None
    with pytest.raises(LeaseError, match="it was let go"):
        _lease.renew(store, lease.generation, lease.token)


def test_looking_writes_nothing(store: Store, s3: OneObject) -> None:
    assert _lease.acquire(store, wanted("anna"), write=False).lease.generation == int(START.timestamp())
    assert s3.body is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"state": "held"}', b"\xff"])
def test_what_is_no_lease_is_not_overwritten(store: Store, s3: OneObject, content: bytes) -> None:
    s3.body = content
    with pytest.raises(LeaseError, match=r"is not a lease.*aws s3 rm s3://deployments/app/lease\.json"):
        _lease.acquire(store, wanted("anna"))
    assert s3.body == content


def test_an_answer_without_a_date_is_not_guessed_at() -> None:
    with pytest.raises(AwsError, match="no Date"):
        _lease.clock({"ResponseMetadata": {"HTTPHeaders": {}}})
