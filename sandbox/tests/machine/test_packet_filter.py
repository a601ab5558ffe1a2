"""Security groups as packet filter rules."""

from __future__ import annotations

import pytest

from sandbox.contract import Rule, SecurityGroup
from sandbox.machine.packet_filter import Services, rules

SERVICES = Services(gateway="10.20.0.1", api_port=4577, imds_port=4587, stub_port=4597)
ALL = Rule("-1", None, "0.0.0.0/0")


def text(ingress: tuple[Rule, ...] = (), egress: tuple[Rule, ...] = (), **members: list[str]) -> list[str]:
    found = {name.replace("_", "-"): addresses for name, addresses in members.items()}
    return rules([SecurityGroup("sg-1", ingress, egress)], found, SERVICES).splitlines()


def test_without_a_rule_only_answers_instance_metadata_and_names_pass() -> None:
    assert text() == [
        "*mangle",
        ":SLIPWAY-IN - [0:0]",
        ":SLIPWAY-OUT - [0:0]",
        "-A SLIPWAY-IN -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN",
        "-A SLIPWAY-OUT -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN",
        "-A SLIPWAY-OUT -d 10.20.0.1/32 -p tcp --dport 4587 -j RETURN",
        "-A SLIPWAY-OUT -p udp --dport 53 -j RETURN",
        "-A SLIPWAY-OUT -p tcp --dport 53 -j RETURN",
        "-A SLIPWAY-IN -j DROP",
        "-A SLIPWAY-OUT -j DROP",
        "COMMIT",
    ]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule("tcp", (22, 22), "10.0.0.0/8"), "-s 10.0.0.0/8 -p tcp --dport 22:22"),
        (Rule("udp", (100, 200), "10.0.0.0/8"), "-s 10.0.0.0/8 -p udp --dport 100:200"),
        (Rule("icmp", (-1, -1), "10.0.0.0/8"), "-s 10.0.0.0/8 -p icmp"),
        (Rule("icmp", (8, 0), "10.0.0.0/8"), "-s 10.0.0.0/8 -p icmp --icmp-type 8/0"),
        (Rule("icmp", (8, -1), "10.0.0.0/8"), "-s 10.0.0.0/8 -p icmp --icmp-type 8"),
        (Rule("-1", None, "10.0.0.0/8"), "-s 10.0.0.0/8"),
        (Rule("6", (80, 80), "10.0.0.0/8"), "-s 10.0.0.0/8 -p tcp --dport 80:80"),
        (Rule("50", None, "10.0.0.0/8"), "-s 10.0.0.0/8 -p 50"),
        (Rule("tcp", (5432, 5432), group_id="sg-web"), "-s 10.20.0.4/32 -p tcp --dport 5432:5432"),
    ],
)
def test_a_rule_allows_its_traffic(rule: Rule, line: str) -> None:
    lines = text((rule,), sg_web=["10.20.0.4"])
    assert [each for each in lines if each.startswith("-A SLIPWAY-IN -s")] == [f"-A SLIPWAY-IN {line} -j RETURN"]


def test_a_rule_for_a_group_allows_each_member_and_an_empty_group_allows_nothing() -> None:
    rule = Rule("-1", None, group_id="sg-web")
    both = text((rule,), sg_web=["10.20.0.5", "10.20.0.4"])
    assert [line.split()[3] for line in both if " -s " in line] == ["10.20.0.4/32", "10.20.0.5/32"]
    assert not any(" -s " in line for line in text((rule,)))


def test_rules_for_ipv6_and_prefix_lists_allow_nothing() -> None:
    assert text((Rule("tcp", (22, 22)),)) == text()


def test_several_groups_add_up() -> None:
    groups = [SecurityGroup(f"sg-{n}", (Rule("tcp", (n, n), "10.0.0.0/8"), ALL), ()) for n in (2, 1)]
    lines = [line for line in rules(groups, {}, SERVICES).splitlines() if " -s " in line]
    assert [line.split()[3] for line in lines] == ["10.0.0.0/8", "0.0.0.0/0", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("egress", "ports"),
    [
        (Rule("tcp", (443, 443), "0.0.0.0/0"), ["4587", "4577", "4597"]),
        (Rule("-1", None, "0.0.0.0/0"), ["4587", "4577", "4597"]),
        (Rule("tcp", (0, 65535), "192.0.2.10/32"), ["4587", "4577"]),
        (Rule("tcp", (80, 80), "0.0.0.0/0"), ["4587"]),
        (Rule("tcp", (443, 443), "10.0.0.0/8"), ["4587"]),
    ],
)
def test_the_api_and_the_stubs_need_https_to_be_allowed_out(egress: Rule, ports: list[str]) -> None:
    lines = [line for line in text((), (egress,)) if "-d 10.20.0.1/32" in line]
    assert [line.split()[7] for line in lines] == ports


def test_everything_else_is_dropped_last() -> None:
    lines = text((ALL,), (ALL,))
    assert lines[-3:] == ["-A SLIPWAY-IN -j DROP", "-A SLIPWAY-OUT -j DROP", "COMMIT"]
