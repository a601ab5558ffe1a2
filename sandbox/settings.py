"""The sandbox's constants: every number, name and path that its parts share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.project import Project, find

#: No AWS account has this number, so nothing that is meant for the sandbox can reach a real account.
ACCOUNT_ID = "000000000000"
REGION = "us-east-1"

#: The addresses that every host uses. The first two are in RFC 5737's documentation range, so they hide no real host.
HOST_API_ADDRESS = "192.0.2.10"
HOST_API_PORT = 80
HOST_STUB_ADDRESS = "192.0.2.20"
HOST_STUB_PORT = 443
HOST_IMDS_ADDRESS = "169.254.169.254"
HOST_IMDS_PORT = 80

#: Where AWS publishes RDS's certificate bundles.
TRUSTSTORE_NAME = "truststore.pki.rds.amazonaws.com"

#: The environment variable that chooses the instance if there is no ``--name``.
NAME_VARIABLE = "SLIPWAY_SANDBOX"
#: The path of the AWS API's address that lists, adds and removes injected faults. No S3 bucket can have this name.
FAULTS_PATH = "/_slipway/faults"

#: The names of the instances.
NAMES = ("main", "test")
#: The second octets of each instance's VPC ranges: Terraform's, the default one, the shared one.
_VPC_OCTETS = {"main": (20, 31, 32), "test": (40, 41, 42)}


@dataclass(frozen=True)
class Settings:
    """One instance of the sandbox. Two of them, with different names, can run side by side."""

    name: str
    api_port: int
    imds_port: int
    stub_port: int
    #: The addresses of instances and Elastic IPs, in RFC 2544's range for benchmarks, which is routed nowhere.
    public_cidr: str
    #: The default VPC's range. Docker assigns networks in AWS's own 172.31.0.0/16.
    vpc_cidr_default: str
    #: The range for a VPC that Terraform makes.
    vpc_cidr: str
    #: The range of the VPC that exists from the start, as a company's account has one beside the default VPC.
    vpc_cidr_shared: str
    #: Where the instance keeps its state.
    directory: Path
    project: Project
    account_id: str = ACCOUNT_ID
    region: str = REGION
    access_key: str = "sandbox"
    secret_key: str = "sandbox"  # noqa: S105 - it opens nothing but this machine's own sandbox
    key_pair_name: str = "slipway-sandbox"
    state_bucket: str = "slipway-state-sandbox"
    shared_vpc_name: str = "shared"
    shared_subnet_name: str = "shared-public"

    @property
    def stub_names(self) -> tuple[str, ...]:
        """The host names that the sandbox serves with TLS: the project's stubs, and RDS's trust store."""
        return (*(stub.hostname for stub in self.project.stubs), TRUSTSTORE_NAME)

    @property
    def label(self) -> str:
        """The Docker label that marks everything of this instance, as ``key=value``."""
        return f"slipway.sandbox={self.name}"

    @property
    def api_url(self) -> str:
        """The AWS API's address on this machine."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def host_api_url(self) -> str:
        """The AWS API's address on every host."""
        return f"http://{HOST_API_ADDRESS}"

    @property
    def pid_file(self) -> Path:
        """Identifies the server's process while it runs."""
        return self.directory / "server.pid"

    @property
    def log_file(self) -> Path:
        """The server's log. It contains no secret."""
        return self.directory / "server.log"

    @property
    def ca_directory(self) -> Path:
        """Certificates and keys of the sandbox's certificate authorities."""
        return self.directory / "ca"

    @property
    def ca_certificate(self) -> Path:
        """The authority that hosts trust for the stubs."""
        return self.ca_directory / "sandbox-ca.pem"

    @property
    def rds_ca_certificate(self) -> Path:
        """The authority of the databases' certificates; the truststore stub serves it."""
        return self.ca_directory / "rds-ca.pem"

    @property
    def app_env(self) -> Path:
        """The API keys that the stubs accept, as a dotenv file for applications."""
        return self.directory / "app.env"

    @property
    def ssh_key(self) -> Path:
        """The private key of the EC2 key pair that the sandbox imports."""
        return self.directory / "ssh" / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys that SSH to the sandbox's hosts accepts."""
        return self.directory / "known_hosts"


def settings_for(name: str | None = None, project: Project | None = None) -> Settings:
    """The settings of the instance *name*; without a name, of ``$SLIPWAY_SANDBOX`` or ``main``.

    *project* is what the project file says, which is read if it is not given. Raises ValueError, with the known names,
    for an unknown name, and ProjectError for a wrong project file.
    """
    chosen = name or os.environ.get(NAME_VARIABLE) or "main"
    of = project or find()
    if chosen not in NAMES:
        raise ValueError(f"no sandbox is called {chosen!r}: choose one of {', '.join(NAMES)}")
    number = NAMES.index(chosen)
    vpc, default, shared = _VPC_OCTETS[chosen]
    return Settings(
        name=chosen,
        api_port=4577 + number,
        imds_port=4587 + number,
        stub_port=4597 + number,
        public_cidr=f"198.18.{number}.0/24",
        vpc_cidr_default=f"10.{default}.0.0/16",
        vpc_cidr=f"10.{vpc}.0.0/16",
        vpc_cidr_shared=f"10.{shared}.0.0/16",
        directory=of.root / ".sandbox" / chosen,
        project=of,
    )
