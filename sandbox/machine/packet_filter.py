"""Security groups, as packet filter rules inside the network namespaces of hosts and databases.

Nothing is changed on the machine. The rules are in the table ``mangle``, before any translation of addresses. So they
see each packet as it is on the network, as in AWS, also if it is for a container that runs inside the host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from docker.models.containers import Container

from sandbox.contract import Rule, SecurityGroup
from sandbox.settings import HOST_API_ADDRESS, HOST_STUB_ADDRESS, Settings

#: The capability that root needs to set rules in a container.
CAPABILITY = "NET_ADMIN"
#: In AWS the API and the outside services are reached by HTTPS.
_HTTPS = 443
_IN, _OUT = "SLIPWAY-IN", "SLIPWAY-OUT"
#: Only traffic from the VPC and from outside is filtered, not loopback and a host's own bridges.
_INTERFACES = "eth+"
#: Security groups do not limit AWS's resolver (VPC User Guide, "Security groups"). Here it is Docker's, which calls the
#: machine's name servers from inside the container's namespace. Only the engine knows their addresses.
_NAMES = tuple(f"-A {_OUT} -p {protocol} --dport 53 -j RETURN" for protocol in ("udp", "tcp"))
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp"}
#: The rules are the script's argument. The jump to them is added once.
_SCRIPT = f"""set -e
printf '%s' "$1" | iptables-restore -w --noflush
iptables -w -t mangle -C PREROUTING -i {_INTERFACES} -j {_IN} 2>/dev/null ||
  iptables -w -t mangle -A PREROUTING -i {_INTERFACES} -j {_IN}
iptables -w -t mangle -C POSTROUTING -o {_INTERFACES} -j {_OUT} 2>/dev/null ||
  iptables -w -t mangle -A POSTROUTING -o {_INTERFACES} -j {_OUT}
"""


@dataclass(frozen=True)
class Services:
    """Where the sandbox's services listen in a VPC. A host's calls are redirected there."""

    gateway: str
    api_port: int
    imds_port: int
    stub_port: int

    @classmethod
    def of(cls, settings: Settings, gateway: str) -> Services:
        """The services of a sandbox, in the VPC with the *gateway*."""
        return cls(gateway, settings.api_port, settings.imds_port, settings.stub_port)


def rules(groups: Iterable[SecurityGroup], members: Mapping[str, Iterable[str]], services: Services) -> str:
    """What ``iptables-restore`` takes for a machine in *groups*; *members* are the private addresses in each group."""
    of_all = sorted(groups, key=lambda group: group.group_id)
    incoming = [rule for group in of_all for rule in group.ingress]
    outgoing = [rule for group in of_all for rule in group.egress]
    lines = [
        "*mangle",
        f":{_IN} - [0:0]",
        f":{_OUT} - [0:0]",
        *(f"-A {chain} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN" for chain in (_IN, _OUT)),
        *_unique(line for rule in incoming for line in _lines(_IN, "-s", rule, members)),
        # Security groups do not limit instance metadata (EC2 User Guide, "Security group rules").
        _service(services.gateway, services.imds_port),
        *_NAMES,
        *([_service(services.gateway, services.api_port)] if _allows_https(outgoing, HOST_API_ADDRESS) else []),
        *([_service(services.gateway, services.stub_port)] if _allows_https(outgoing, HOST_STUB_ADDRESS) else []),
        *_unique(line for rule in outgoing for line in _lines(_OUT, "-d", rule, members)),
        f"-A {_IN} -j DROP",
        f"-A {_OUT} -j DROP",
        "COMMIT",
    ]
    return "\n".join([*lines, ""])


def apply(container: Container, text: str) -> None:
    """Put *text* into the container's namespace, all of it or nothing. Raises RuntimeError with iptables' message.

    The container must have `CAPABILITY`.
    """
    status, output = container.exec_run(["sh", "-c", _SCRIPT, "sh", text], user="root")
    if status != 0:
        raise RuntimeError(output.decode(errors="replace").strip())


def _service(gateway: str, port: int) -> str:
    return f"-A {_OUT} -d {gateway}/32 -p tcp --dport {port} -j RETURN"


def _allows_https(outgoing: Iterable[Rule], address: str) -> bool:
    """Whether HTTPS to *address*, which stands for AWS or for an outside service, is allowed out."""
    there = ipaddress.ip_address(address)
    for rule in outgoing:
        ports = rule.ports or (0, 65535)
        allowed = rule.protocol == "-1" or (rule.protocol in ("tcp", "6") and ports[0] <= _HTTPS <= ports[1])
        if allowed and rule.cidr and there in ipaddress.ip_network(rule.cidr, strict=False):
            return True
    return False


def _lines(chain: str, side: str, rule: Rule, members: Mapping[str, Iterable[str]]) -> list[str]:
    if rule.group_id:
        ranges = [f"{address}/32" for address in sorted(members.get(rule.group_id, ()))]
    else:
        ranges = [rule.cidr] if rule.cidr else []  # A rule for IPv6 or a prefix list has none.
    return [f"-A {chain} {side} {each}{_match(rule)} -j RETURN" for each in ranges]


def _match(rule: Rule) -> str:
    protocol = _PROTOCOLS.get(rule.protocol, rule.protocol)
    if protocol == "-1":
        return ""
    text = f" -p {protocol}"
    if rule.ports is None or rule.ports[0] == -1:
        return text
    first, last = rule.ports
    if protocol in ("tcp", "udp"):
        return f"{text} --dport {first}:{last}"
    if protocol == "icmp":
        return f"{text} --icmp-type {first}" + (f"/{last}" if last != -1 else "")
    return text


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))
