"""AWS's limits on tags and parameters, as pure functions."""

from __future__ import annotations

import pytest

from sandbox.server.aws import parameters, tags
from sandbox.server.aws.public_addresses import Pool


@pytest.mark.parametrize(
    "allowed",
    [
        {"slipway:app": "location-content"},
        {"slipway:artifact": "s3://bucket/releases/app.zip"},
        {"k" * 128: "v" * 256},
        {"Grösse": "drei Äpfel", "empty": "", "signs": "+-=._:/@"},
    ],
)
def test_tags_that_ec2_accepts(allowed: dict[str, str]) -> None:
    assert tags.refusal(allowed) is None


@pytest.mark.parametrize(
    "refused", [{"": "v"}, {"k" * 129: "v"}, {"k": "v" * 257}, {"k": "{{ x }}"}, {"a,b": "v"}, {"k": "a;b"}]
)
def test_tags_that_ec2_refuses(refused: dict[str, str]) -> None:
    assert tags.refusal({"fine": "yes", **refused}) is not None


@pytest.mark.parametrize("key", ["aws:name", "AWS:name"])
def test_reserved_keys_of_tags(key: str) -> None:
    assert tags.reserved(["fine", key]) is not None
    assert tags.reserved(["fine", key[3:]]) is None


@pytest.mark.parametrize("name", ["plain", "/a", "/mlops/backend/env", "/" + "/".join("x" * 15), "/A-b_c.9/d"])
def test_names_of_parameters(name: str) -> None:
    assert parameters.name_refusal(name, name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "ValidationException"),
        ("a/b", "ValidationException"),
        ("/a//b", "ValidationException"),
        ("/a/", "ValidationException"),
        ("/a b", "ValidationException"),
        ("/a/" + "x" * 1010, "ValidationException"),
        ("/" + "/".join("x" * 16), "HierarchyLevelLimitExceededException"),
    ],
)
def test_names_of_parameters_that_are_refused(name: str, code: str) -> None:
    found = parameters.name_refusal(name, name)
    assert found is not None
    assert found[0] == code


def test_tags_of_parameters() -> None:
    fifty = {f"k{number}": "" for number in range(50)}
    assert parameters.tags_refusal(fifty) is None
    assert parameters.tags_refusal({"k0": "again"}, present=fifty) is None
    for refused, present in (({"more": ""}, fifty), ({"aws:x": ""}, ()), ({"k": "v" * 257}, ())):
        assert parameters.tags_refusal(refused, present) is not None


@pytest.mark.parametrize(
    ("value", "tier", "fits"),
    [
        ("x" * 4096, None, True),
        ("x" * 4097, None, False),
        ("x" * 4097, "Standard", False),
        ("é" * 2048, None, True),
        ("é" * 2049, None, False),
        ("x" * 8192, "Advanced", True),
        ("x" * 8193, "Advanced", False),
        ("x" * 4097, "Intelligent-Tiering", True),
    ],
)
def test_parameter_sizes(value: str, tier: str | None, fits: bool) -> None:
    assert (parameters.value_refusal(value, tier) is None) == fits


def test_public_addresses_are_assigned_in_turn() -> None:
    pool = Pool("198.51.100.0/29")
    first = pool.take(used=[])
    assert first == "198.51.100.1"
    # A released address is not the next one: a known_hosts file still has the host key of its last owner.
    assert pool.take(used=[]) == "198.51.100.2"
    assert pool.take(used=["198.51.100.3"]) == "198.51.100.4"


def test_all_public_addresses_can_be_in_use() -> None:
    pool = Pool("198.51.100.0/30")
    with pytest.raises(Exception, match="public addresses"):
        pool.take(used=["198.51.100.1", "198.51.100.2"])
