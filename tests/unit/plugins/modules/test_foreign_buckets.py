"""The attacker has taken a bucket's name that was free, in an account of their own, and may write tags.

Every module that uses a bucket is refused by S3 before it reads or writes a byte there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.slipway.fastapi.plugins.module_utils._artifact.location import Location, head
from ansible_collections.slipway.fastapi.plugins.module_utils._aws import AwsError, client
from ansible_collections.slipway.fastapi.plugins.module_utils._lease import lease
from ansible_collections.slipway.fastapi.plugins.module_utils._release import history as _history
from ansible_collections.slipway.fastapi.plugins.modules import history, publish, release_target
from botocore.exceptions import ClientError

EVIL = "slipway-dev-evil-in-another-account"
ACCOUNT = "123456789012"
PLACE = Location(EVIL, "releases/app.zip")
RECORD = _history.Record(
    generation=1,
    kind="release",
    result="released",
    began="2026-11-21T07:31:11Z",
    ended="2026-11-21T07:32:11Z",
    by="a@b",
)

Use = Callable[[Any], object]
USES: dict[str, Use] = {
    "publish": lambda s3: publish.upload(s3, PLACE, b"", {}),
    "look for the artifact": lambda s3: head(s3, PLACE),
    "read the artifact": lambda s3: release_target.digest_of_content(s3, PLACE, _stored()),
    "read the lease": lambda s3: lease.Store(s3, EVIL, "shop/lease.json").look(),
    "read the history": lambda s3: _history.newest(s3, EVIL, "shop", 1),
    "write the history": lambda s3: _history.store(s3, EVIL, "shop", RECORD),
    "ask S3 for the time": lambda s3: history.now(s3, EVIL),
}


def _stored() -> Any:
    return release_target.Stored(version_id="1", etag="e", size=1, sha256="")


def refusing(request: Any, **_: Any) -> Any:
    """S3 in the attacker's account: it serves whoever does not name the owner, and refuses who names another."""
    owner = request.headers.get("x-amz-expected-bucket-owner", b"")
    assert owner.decode() == ACCOUNT, "the request would have been served by the attacker's bucket"
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "S3")


@pytest.mark.parametrize("use", USES)
def test_a_bucket_of_another_account_is_never_used(use: str) -> None:
    keys = {"region": "us-east-1", "access_key": "a", "secret_key": "b"}
    s3 = client("s3", {**keys, "endpoint_url": "http://127.0.0.1:9", "account_id": ACCOUNT})
    s3.meta.events.register("before-send.s3", refusing)
    with pytest.raises(AwsError, match=r"AccessDenied.*bucket of your own account"):
        USES[use](s3)
