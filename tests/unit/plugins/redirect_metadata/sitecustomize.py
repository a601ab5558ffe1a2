"""Makes a test's server the instance metadata service. Python imports this at start when PYTHONPATH leads here.

The address 169.254.169.254 cannot be had without root, and the settings of botocore that could change it are exactly
those that the code under test ignores.
"""

from __future__ import annotations

import os
from typing import Any

from botocore import utils

fetcher: Any = utils.IMDSFetcher
_original = fetcher._select_base_url


def _redirected(self: Any, base_url: str, config: Any) -> Any:
    chosen = _original(self, base_url, config)
    return os.environ.get("TEST_METADATA_URL", chosen) if chosen == "http://169.254.169.254/" else chosen


fetcher._select_base_url = _redirected
