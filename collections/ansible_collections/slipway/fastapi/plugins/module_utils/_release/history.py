"""What was done to a fleet: one object in S3 for each release or rollback, written once it has ended."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, boto_errors, error_code, explain
from ansible_collections.slipway.fastapi.plugins.module_utils._system import untrusted_json

KINDS = ("release", "rollback")
RESULTS = ("released", "failed", "rolled_back", "nothing")
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
"""A time in UTC, as the lease writes it."""
READERS = 8
_MISSING = frozenset({"NoSuchKey", "404"})


class HistoryError(Exception):
    """A record cannot be written or read; the text says why and what to do."""


@dataclass(frozen=True)
class Record:
    """What a run did. Nothing of it is a secret."""

    generation: int
    kind: str
    result: str
    by: str
    began: str
    ended: str = ""
    release: str = ""
    artifact: str = ""
    version_id: str = ""
    hosts: Sequence[Mapping[str, str]] = field(default_factory=list)
    """Each with its `name`, and the release that served `before` and `after`."""

    @classmethod
    def parse(cls, content: bytes, where: str) -> Record:
        """Read an object. What later versions may add is left out. Raises HistoryError."""
        try:
            document = untrusted_json.loads(content)
            record = cls(**{entry.name: document[entry.name] for entry in fields(cls)})
            valid = isinstance(record.generation, int) and all(isinstance(host["name"], str) for host in record.hosts)
        except (ValueError, KeyError, TypeError):
            valid = False
        if not valid:
            raise HistoryError(f"{where} is no record of a release: somebody else has written it")
        return record

    def render(self) -> bytes:
        return (json.dumps(asdict(self), indent=2, sort_keys=True) + "\n").encode()

    def key(self, app: str) -> str:
        """Where it is; in the order of the keys the records are in the order of time."""
        return f"{prefix(app)}{self.began.replace('-', '').replace(':', '')}-{self.generation}.json"


def prefix(app: str) -> str:
    return f"{app}/history/"


def load(s3: Any, bucket: str, key: str) -> Record | None:
    """The record at a key, or None. Raises AwsError or HistoryError."""
    where = f"s3://{bucket}/{key}"
    try:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except boto_errors() as error:
        if error_code(error) in _MISSING:
            return None
        raise AwsError(_explain(error, f"s3:GetObject on {where}", bucket)) from error
    return Record.parse(content, where)


def store(s3: Any, bucket: str, app: str, record: Record) -> None:
    """Write a record. Raises AwsError."""
    key = record.key(app)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=record.render(), ContentType="application/json")
    except boto_errors() as error:
        raise AwsError(_explain(error, f"s3:PutObject on s3://{bucket}/{key}", bucket)) from error


def newest(s3: Any, bucket: str, app: str, limit: int) -> tuple[list[Record], list[str]]:
    """The newest records, the newest first, and a sentence for each that cannot be read. Raises AwsError."""
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix(app))
        keys = sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))
    except boto_errors() as error:
        raise AwsError(_explain(error, f"s3:ListBucket on {bucket}", bucket)) from error

    def read(key: str) -> Record | str | None:
        try:
            return load(s3, bucket, key)
        except HistoryError as error:
            return str(error)

    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(read, keys[-limit:][::-1]))
    return [each for each in found if isinstance(each, Record)], [each for each in found if isinstance(each, str)]


def _explain(error: Exception, what: str, bucket: str) -> str:
    if error_code(error) == "NoSuchBucket":
        return f"the bucket {bucket} for leases and history does not exist: make it (make apply)"
    return explain(error, what)
