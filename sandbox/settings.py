"""The sandbox's constants: one place in Python for every number, name and path that its parts share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

#: AWS account numbers are never all zeros, so nothing that is meant for the sandbox can reach a real account.
ACCOUNT_ID = "000000000000"
REGION = "us-east-1"

#: What every host sees. The first two are from RFC 5737's documentation range, so they can hide nothing real.
HOST_API_ADDRESS = "192.0.2.10"
HOST_API_PORT = 80
HOST_STUB_ADDRESS = "192.0.2.20"
HOST_STUB_PORT = 443
HOST_IMDS_ADDRESS = "169.254.169.254"
HOST_IMDS_PORT = 80

TAVILY_NAME = "api.tavily.com"
GEMINI_NAME = "generativelanguage.googleapis.com"
TRUSTSTORE_NAME = "truststore.pki.rds.amazonaws.com"

#: Chooses the instance where no ``--name`` is given.
NAME_VARIABLE = "SLIPWAY_SANDBOX"

_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """One instance of the sandbox. Two of them, with different names, can run side by side."""

    name: str
    api_port: int
    imds_port: int
    stub_port: int
    #: Addresses that instances and Elastic IPs get, from RFC 2544's range for benchmarks, which is routed nowhere.
    public_cidr: str
    #: The default VPC's range. AWS's own 172.31.0.0/16 lies in the pools that Docker hands out.
    vpc_cidr_default: str
    #: The range that blueprints use for a VPC of their own here.
    vpc_cidr: str
    #: The VPC that is there from the start, beside the default one, as an account of a company has it.
    vpc_cidr_shared: str
    directory: Path
    account_id: str = ACCOUNT_ID
    region: str = REGION
    access_key: str = "sandbox"
    secret_key: str = "sandbox"  # noqa: S105 - it opens nothing but this machine's own sandbox
    key_pair_name: str = "slipway-sandbox"
    state_bucket: str = "slipway-state-sandbox"
    shared_vpc_name: str = "shared"
    shared_subnet_name: str = "shared-public"
    stub_names: tuple[str, ...] = (TAVILY_NAME, GEMINI_NAME, TRUSTSTORE_NAME)

    @property
    def label(self) -> str:
        """The Docker label that marks everything of this instance, as ``key=value``."""
        return f"slipway.sandbox={self.name}"

    @property
    def api_url(self) -> str:
        """The AWS API as the control node reaches it."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def host_api_url(self) -> str:
        """The AWS API as every host reaches it."""
        return f"http://{HOST_API_ADDRESS}"

    @property
    def pid_file(self) -> Path:
        """Holds the server's process number while it runs."""
        return self.directory / "server.pid"

    @property
    def log_file(self) -> Path:
        """The server's log. It holds no secret."""
        return self.directory / "server.log"

    @property
    def ca_directory(self) -> Path:
        """Certificates and keys of the sandbox's own authorities."""
        return self.directory / "ca"

    @property
    def ca_certificate(self) -> Path:
        """The authority that hosts trust for the TLS stubs."""
        return self.ca_directory / "sandbox-ca.pem"

    @property
    def rds_ca_certificate(self) -> Path:
        """The authority of the databases' certificates; the truststore stub serves it."""
        return self.ca_directory / "rds-ca.pem"

    @property
    def app_env(self) -> Path:
        """The keys that the stubs accept, as a dotenv file for applications."""
        return self.directory / "app.env"

    @property
    def ssh_key(self) -> Path:
        """The private key of the EC2 key pair that the sandbox imports."""
        return self.directory / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys that SSH to the sandbox's hosts accepts."""
        return self.directory / "known_hosts"


def _instance(name: str, offset: int, public_cidr: str, vpc_octet: int, default_octet: int) -> Settings:
    return Settings(
        name=name,
        api_port=4577 + offset,
        imds_port=4587 + offset,
        stub_port=4597 + offset,
        public_cidr=public_cidr,
        vpc_cidr_default=f"10.{default_octet}.0.0/16",
        vpc_cidr=f"10.{vpc_octet}.0.0/16",
        vpc_cidr_shared=f"10.{default_octet + 1}.0.0/16",
        directory=_ROOT / ".sandbox" / name,
    )


_INSTANCES = {
    "main": _instance("main", 0, "198.18.0.0/24", 20, 31),
    "test": _instance("test", 1, "198.18.1.0/24", 40, 41),
}

NAMES = tuple(_INSTANCES)


def settings_for(name: str | None = None) -> Settings:
    """The settings of the instance *name*; without one, of ``$SLIPWAY_SANDBOX`` or ``main``.

    Raises ValueError, with the names there are, for any other name.
    """
    chosen = name or os.environ.get(NAME_VARIABLE) or "main"
    try:
        return _INSTANCES[chosen]
    except KeyError:
        raise ValueError(f"no sandbox is called {chosen!r}: choose one of {', '.join(NAMES)}") from None
