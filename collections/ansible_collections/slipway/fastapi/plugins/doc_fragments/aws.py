"""Options that every module of this collection shares when it talks to AWS."""

from __future__ import annotations


class ModuleDocFragment:
    """`slipway.fastapi.aws` for modules on the control node, `slipway.fastapi.aws.host` for modules on a host."""

    DOCUMENTATION = r"""
options:
  aws:
    description:
      - Where AWS is and who asks.
      - With O(aws.endpoint_url), nothing is taken from the environment or from shared files. Without it, credentials
        come from AWS's ordinary chain, and an endpoint set in the environment is not followed.
    type: dict
    required: true
    suboptions:
      region:
        description: Name of the region.
        type: str
        required: true
      endpoint_url:
        description: URL of the AWS API, where it is not the region's own.
        type: str
      access_key:
        description: Access key. Give O(aws.secret_key) with it.
        type: str
      secret_key:
        description: Secret key. Give O(aws.access_key) with it.
        type: str
      profile:
        description: Profile of the shared config files. It cannot be combined with keys or with O(aws.endpoint_url).
        type: str
      account_id:
        description:
          - Account that every bucket must belong to. S3 refuses requests for a bucket of another account.
          - Without it, it is the account that the credentials belong to, or none with O(aws.endpoint_url).
        type: str
requirements:
  - boto3 >= 1.42
"""

    HOST = r"""
options:
  region:
    description: AWS region.
    type: str
    required: true
  endpoint_url:
    description:
      - URL of the AWS API, where it is not the region's own.
      - With it, credentials come from the instance's role only, and nothing is taken from the environment or from
        shared files.
    type: str
    default: ""
requirements:
  - boto3 >= 1.42
"""
