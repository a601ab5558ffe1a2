"""The plan refuses an unsuitable network. Verify reports an outside service that refuses requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.run import make, python
from tests.e2e.test_bad_input import assert_refused, unchanged
from tests.e2e.world import World

NO_VPC = "vpc-0123456789abcdef0"
NO_SUBNET = "subnet-0123456789abcdef0"


def shared(world: World) -> tuple[str, str]:
    """The VPC that Terraform did not make, and its public subnet."""
    ec2, settings = world.client("ec2"), world.settings
    named = [{"Name": "tag:Name", "Values": [settings.shared_subnet_name]}]
    (subnet,) = ec2.describe_subnets(Filters=named)["Subnets"]
    return subnet["VpcId"], subnet["SubnetId"]


@contextmanager
def cut_off(world: World) -> Iterator[str]:
    """The id of the shared subnet's route table, while it has no route to the internet."""
    ec2 = world.client("ec2")
    in_vpc = [{"Name": "vpc-id", "Values": [shared(world)[0]]}]
    (table,) = ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
    way_out: dict[str, Any] = next(r for r in table["Routes"] if r["DestinationCidrBlock"] == "0.0.0.0/0")
    route = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    ec2.delete_route(**route)
    try:
        yield table["RouteTableId"]
    finally:
        ec2.create_route(**route, GatewayId=way_out["GatewayId"])


def refuse(world: World, tmp_path: Path, vpc: str, subnet: str, *words: str) -> None:
    """A plan for gap-fill in this network fails with these words and changes nothing."""
    settings = tmp_path / "network.tfvars"
    settings.write_text(
        f'network = {{ mode = "existing" }}\nexisting_vpc_id = "{vpc}"\nexisting_subnet_id = "{subnet}"\n'
    )
    with unchanged(world):
        assert_refused(make("apply", "BLUEPRINT=gap-fill", f"ARGS=-e vars_file={settings}"), *words)


def no_such_vpc(world: World, tmp_path: Path) -> None:
    refuse(world, tmp_path, NO_VPC, shared(world)[1], f"no VPC {NO_VPC}", "Correct existing_vpc_id")


def no_such_subnet(world: World, tmp_path: Path) -> None:
    vpc, _ = shared(world)
    refuse(world, tmp_path, vpc, NO_SUBNET, f"no subnet {NO_SUBNET}", "Correct existing_subnet_id")


def subnet_of_another_vpc(world: World, tmp_path: Path) -> None:
    (vpc, subnet), other = shared(world), world.instance["VpcId"]
    refuse(world, tmp_path, other, subnet, f"belongs to VPC {vpc}", f"set existing_vpc_id to {vpc}")


def subnet_without_a_way_out(world: World, tmp_path: Path) -> None:
    vpc, subnet = shared(world)
    with cut_off(world) as table:
        refuse(world, tmp_path, vpc, subnet, "no route to an internet gateway", "create-route", table)


# Tests of terraform/modules/network check each of these too.
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(case, id=case.__name__, marks=[] if case is subnet_without_a_way_out else pytest.mark.long)
        for case in (no_such_vpc, no_such_subnet, subnet_of_another_vpc, subnet_without_a_way_out)
    ],
)
def test_a_broken_network_is_reported(world: World, tmp_path: Path, wrong: Callable[[World, Path], None]) -> None:
    wrong(world, tmp_path)


def test_an_existing_network_is_found_by_tags_and_not_changed(world: World, tmp_path: Path) -> None:
    vpc, subnet = world.settings.shared_vpc_name, world.settings.shared_subnet_name
    tags = f'vpc_tags = {{ Name = "{vpc}" }}, subnet_tags = {{ Name = "{subnet}" }}'
    settings = tmp_path / "network.tfvars"
    settings.write_text(f'network = {{ mode = "existing", {tags} }}\n')
    planned = make("plan", "BLUEPRINT=gap-fill", f"ARGS=-e vars_file={settings}")
    assert planned.code == 0, planned.output[-3000:]
    assert "aws_instance" in planned.output
    assert "module.network" not in planned.output


@contextmanager
def tavily_answers(answer: str) -> Iterator[None]:
    """Tavily gives this answer to all clients. Asserts that it did."""
    fault = ("-m", "sandbox", "fault")
    assert python(*fault, "add", "tavily", answer, "--times", "50").code == 0
    try:
        yield
        assert "fired 0 of" not in python(*fault, "list").output
    finally:
        assert python(*fault, "clear").code == 0


# tests/integration/test_verify_breaks.py tests other failures of outside services, on one host.
def test_the_rate_limit_of_tavily_is_reported(world: World) -> None:
    with unchanged(world), tavily_answers("429"):
        done = make("verify")
    assert_refused(done, "1 of 5 red", "✗ tavily", "HTTP 429", "Not everything is reached")
