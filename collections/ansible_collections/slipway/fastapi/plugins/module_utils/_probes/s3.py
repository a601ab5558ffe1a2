"""An S3 bucket, by an object that is written, read, compared and deleted under a prefix that nothing else uses."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from .network import connect, target_of
from .stages import StageError, Trail

PREFIX = ".slipway/reachability/"
"""Reserved for these objects; a lifecycle rule may expire what an interrupted probe leaves."""


@dataclass(frozen=True)
class Bucket:
    """The bucket, its region and, where it is not the region's own, the URL of the S3 API."""

    name: str
    region: str
    endpoint_url: str | None = None


def probe(trail: Trail, bucket: Bucket, environment: Mapping[str, str], timeout: float) -> None:
    """Run the stages credentials, dns, tcp, tls (https only), write, read, compare and delete.

    Raises:
        StageError: A stage failed. An object that was written is deleted all the same, where that is possible.
    """
    trail.target = f"s3://{bucket.name}"
    with trail.stage("credentials") as stage:
        session = boto3.Session(region_name=bucket.region)
        stage.message = f"from {credentials(session)}"
        client = session.client("s3", endpoint_url=bucket.endpoint_url or None, config=client_config(timeout))
    url = client.meta.endpoint_url
    ca_file = environment.get("AWS_CA_BUNDLE") or environment.get("REQUESTS_CA_BUNDLE")
    fix = "let the host reach S3: HTTPS outwards in its security group, and a NAT, a public address or an S3 endpoint"
    connect(trail, target_of(url, timeout, fix, ca_file), tls=url.startswith("https:")).close()
    where = {"Bucket": bucket.name, "Key": f"{PREFIX}{socket.gethostname()}-{secrets.token_hex(8)}"}
    round_trip(trail, client, where)


def client_config(timeout: float) -> Config:
    """One try within the time of a stage: a probe reports the first error, it does not sit it out."""
    return Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1})


def credentials(session: boto3.Session) -> str:
    """Where the credentials come from, in botocore's words, such as `iam-role`.

    Raises:
        StageError: There are none, or they cannot be fetched.
    """
    fix = "give the instance its profile (Terraform does), and check that instance metadata answers"
    try:
        found = session.get_credentials()
        if found is None:
            raise StageError("the host has no AWS credentials", fix)
        found.get_frozen_credentials()
    except BotoCoreError as error:
        raise StageError(f"the host's AWS credentials cannot be fetched ({type(error).__name__})", fix) from error
    return str(found.method)


def round_trip(trail: Trail, client: Any, where: dict[str, str]) -> None:
    """The stages write, read, compare and delete on one object."""
    content = secrets.token_bytes(64)
    name = where["Bucket"]
    with trail.stage("write") as stage, explained("s3:PutObject", name):
        client.put_object(**where, Body=content)
        stage.message = f"{len(content)} bytes under {PREFIX}"
    try:
        with trail.stage("read"), explained("s3:GetObject", name):
            answer = client.get_object(**where)["Body"].read()
        with trail.stage("compare") as stage:
            if answer != content:
                raise StageError(
                    f"the bucket {name} gives back something else than was written",
                    "look for a proxy or an object lambda in front of the bucket",
                )
            stage.message = "same bytes"
    except StageError:
        with suppress(BotoCoreError, ClientError):
            client.delete_object(**where)
        raise
    with trail.stage("delete"), explained("s3:DeleteObject", name):
        client.delete_object(**where)


@contextmanager
def explained(action: str, bucket: str) -> Iterator[None]:
    """Turns botocore's errors inside the block into a StageError that names cause and fix."""
    try:
        yield
    except ClientError as error:
        raise refused(str(error.response.get("Error", {}).get("Code", "unknown")), action, bucket) from error
    except (HTTPClientError, ConnectionError) as error:
        raise StageError(
            f"the connection to S3 broke during {action} ({type(error).__name__})",
            "try again; if it stays so, check the S3 endpoint's policy, MTU and any proxy in between",
        ) from error
    except BotoCoreError as error:
        raise StageError(f"{action} is not possible: {error}", "correct the bucket's name or region") from error


# Codes, cause, fix (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
REFUSALS = (
    (
        {"NoSuchBucket", "404"},
        "the bucket {bucket} does not exist",
        "run the playbook provision.yml, or correct the bucket's name",
    ),
    (
        {"NoSuchKey"},
        "the object is gone from {bucket} right after it was written",
        "look for what deletes objects in the bucket",
    ),
    (
        {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403"},
        "the host's role may not {action} in the bucket {bucket}",
        "allow {action} on the bucket's objects in the role's policy; look also at the policies of the bucket, a VPC "
        "endpoint and, for an encrypted bucket, the KMS key",
    ),
    (
        {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"},
        "S3 does not accept the host's credentials ({code})",
        "take AWS keys out of the .env, so that the instance's role is used, and check the instance profile",
    ),
    (
        {"RequestTimeTooSkewed"},
        "the host's clock is wrong by more than 15 minutes",
        "turn time synchronisation on: timedatectl set-ntp true",
    ),
    (
        {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"},
        "the bucket {bucket} is in another region ({code})",
        "correct the region of the service",
    ),
)


def refused(code: str, action: str, bucket: str) -> StageError:
    """What an error code of S3 means."""
    for codes, cause, fix in REFUSALS:
        if code in codes:
            names = {"code": code, "action": action, "bucket": bucket}
            return StageError(cause.format(**names), fix.format(**names))
    return StageError(f"S3 refuses {action} in {bucket} ({code})", f"look {code} up in the list of S3's error codes")
