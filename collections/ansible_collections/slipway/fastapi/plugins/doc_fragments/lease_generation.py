"""The option that separates two releases: every module that changes a host for a release has it."""

from __future__ import annotations


class ModuleDocFragment:
    """`slipway.fastapi.lease_generation`; its arguments are `ARGUMENTS` beside the code that compares the number."""

    DOCUMENTATION = r"""
options:
  generation:
    description:
      - Number that M(slipway.fastapi.lease) returned for this release. The host remembers the highest number that has
        worked on it, and refuses a lower one before anything changes.
      - V(0) is for a run without a lease. It is separated from no other run.
    type: int
    default: 0
"""
