"""A shell that redirects AWS calls, and a server that counts the calls that arrive."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SERVICES = ("STS", "EC2", "S3", "SSM", "IAM", "RDS", "SECRETS_MANAGER", "KMS", "LOGS")


class Trap:
    """Acts as the real AWS: it counts requests and refuses all of them."""

    def __init__(self) -> None:
        calls: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                calls.append(f"{self.command} {self.path}")
                self.send_error(403)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815 (http.server's names)

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        self.calls = calls
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()


def poison(trap: Trap, tmp_path: Path) -> dict[str, str]:
    """Every setting of a shell that could redirect the AWS SDKs and Terraform's provider."""
    config = tmp_path / "config"
    config.write_text(
        f"[default]\nregion = eu-west-1\nendpoint_url = {trap.url}\nservices = redirected\n"
        f"[profile real]\nregion = eu-west-1\nendpoint_url = {trap.url}\n"
        f"[services redirected]\nsts =\n  endpoint_url = {trap.url}\ns3 =\n  endpoint_url = {trap.url}\n"
    )
    credentials = tmp_path / "credentials"
    keys = "aws_access_key_id = AKIAREALREALREALREAL\naws_secret_access_key = real\n"
    credentials.write_text(f"[default]\n{keys}[real]\n{keys}")
    return {
        "AWS_ENDPOINT_URL": trap.url,
        **{f"AWS_ENDPOINT_URL_{service}": trap.url for service in SERVICES},
        "AWS_URL": trap.url,
        "AWS_PROFILE": "real",
        "AWS_DEFAULT_PROFILE": "real",
        "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CA_BUNDLE": str(tmp_path / "missing.pem"),
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "missing.token"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{trap.url}/credentials",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.url,
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "TF_VAR_endpoint_url": trap.url,
        "TF_VAR_allowed_account_ids": '["999999999999"]',
        "TF_CLI_ARGS_plan": "-var=env=prod",
    }
