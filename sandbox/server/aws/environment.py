"""The settings that moto reads from the process's environment while it is imported."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.settings import Settings

IMAGES = Path(__file__).with_name("images.json")


def prepare(settings: Settings) -> None:
    """Set moto's variables. Must run before the first import of moto, which reads most of them only once.

    Variables of the caller's shell that would change moto's account, or the target of its own AWS calls, are removed.
    """
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ.update(
        {
            "MOTO_ACCOUNT_ID": settings.account_id,
            "MOTO_PORT": str(settings.api_port),
            # Terraform attaches AWS's managed policies (AmazonSSMManagedInstanceCore) by their ARNs.
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            # moto's own list has hundreds of images, but none of Debian.
            "MOTO_AMIS_PATH": str(IMAGES),
            # AWS refuses images and instance types that do not exist.
            "MOTO_ENABLE_AMI_VALIDATION": "true",
            "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "true",
            "AWS_DEFAULT_REGION": settings.region,
            # moto never calls AWS. If it did, these keys would open nothing.
            "AWS_ACCESS_KEY_ID": settings.access_key,
            "AWS_SECRET_ACCESS_KEY": settings.secret_key,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )
