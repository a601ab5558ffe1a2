"""The bucket of states is there, or not, or somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError
from ansible_collections.slipway.fastapi.plugins.modules import state_bucket
from botocore.exceptions import ClientError

from tests.unit.plugins.running import Runner

BUCKET = "states"
ACCOUNT = "000000000000"
AWS = {"region": "eu-central-1"}


class S3:
    """Answers `head_bucket` as it was told."""

    def __init__(self, answer: dict[str, Any] | str) -> None:
        self.answer = answer

    def head_bucket(self, **_: str) -> dict[str, Any]:
        if isinstance(self.answer, str):
            raise ClientError({"Error": {"Code": self.answer, "Message": ""}}, "HeadBucket")
        return self.answer


def test_absent_then_there(aws: dict[str, Any], s3: Any) -> None:
    given = {"aws": aws, "name": BUCKET, "account": ACCOUNT}
    assert Runner("state_bucket", given).run()["exists"] is False
    s3.create_bucket(Bucket=BUCKET)
    result = Runner("state_bucket", given).run()
    assert (result["exists"], result["changed"]) == (True, False)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("403", "belongs to another account"),
        ("301", "is in another region"),
        ({"BucketRegion": "us-east-1"}, "is in us-east-1.*says eu-central-1"),
        ("503", "s3:HeadBucket on states failed"),
    ],
)
def test_what_is_wrong_is_told(answer: dict[str, Any] | str, said: str) -> None:
    with pytest.raises(AwsError, match=said):
        state_bucket.exists(S3(answer), BUCKET, ACCOUNT, AWS)


def test_a_bucket_without_a_word_of_its_region_is_there() -> None:
    assert state_bucket.exists(S3({}), BUCKET, ACCOUNT, AWS)
