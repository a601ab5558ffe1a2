"""What plans read of an account, served on this machine: ``python -m tests.aws_rules.account``.

It prints its port, and answers until its input ends. A process of its own, because moto reads its settings while it is
imported. Each region has moto's default VPC, and a VPC with one public subnet that somebody else might have made.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "sandbox" / "server" / "aws" / "images.json"
REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-2")
#: The sandbox's account belongs to the sandbox environment alone, so dev and prod have another.
ACCOUNT = "123456789012"
SANDBOX_ACCOUNT = "000000000000"
SANDBOX_KEY = "sandbox"
#: The Name tag of the network that is there already.
EXISTING = "aws-rules-existing"


def main() -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ.update({"MOTO_AMIS_PATH": str(IMAGES), "AWS_EC2_METADATA_DISABLED": "true"})
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    class Silent(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's interface
            """Write nothing."""

    for account in (ACCOUNT, SANDBOX_ACCOUNT):
        for region in REGIONS:
            make_network(account, region)
    application = by_account(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


def by_account(application: WSGIApplication) -> WSGIApplication:
    """Two accounts in one server: requests that the sandbox's key has signed belong to the sandbox's account."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        is_sandbox = f"Credential={SANDBOX_KEY}/" in environ.get("HTTP_AUTHORIZATION", "")
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = SANDBOX_ACCOUNT if is_sandbox else ACCOUNT
        return application(environ, start_response)

    return serve


def make_network(account: str, region: str) -> None:
    """Make a VPC whose one subnet gives public addresses and has a way to the internet."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415

    ec2: Any = ec2_backends[account][region]
    vpc = ec2.create_vpc("10.50.0.0/16")
    subnet = ec2.create_subnet(vpc.id, "10.50.0.0/24", availability_zone=f"{region}a")
    ec2.modify_subnet_attribute(subnet.id, "map_public_ip_on_launch", "true")
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    table = ec2.create_route_table(vpc.id)
    ec2.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)
    ec2.associate_route_table(route_table_id=table.id, subnet_id=subnet.id)
    ec2.create_tags([vpc.id, subnet.id], {"Name": EXISTING})


if __name__ == "__main__":
    main()
