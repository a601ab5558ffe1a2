"""The filter by which units are rendered."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.fastapi.plugins.filter.application import FilterModule


def test_it_returns_an_application_and_refuses_anything_else() -> None:
    use = FilterModule().filters()["application"]
    assert use("main:app") == "main:app"
    with pytest.raises(AnsibleFilterError, match="service_app: .* names no application"):
        use("main:app X=1")
