"""An environment in which everything that could lead AWS calls elsewhere does so."""

from __future__ import annotations

from pathlib import Path

_WRONG = "http://127.0.0.1:9"
"""Nothing listens there (the discard port), so whatever follows it fails."""


def poisoned_environment(directory: Path) -> dict[str, str]:
    """Write hostile shared files into `directory` and return variables that lead to them, and astray in other ways."""
    config = directory / ".aws" / "config"
    config.parent.mkdir(parents=True)
    config.write_text(
        f"[default]\nregion = eu-west-3\nendpoint_url = {_WRONG}\nca_bundle = /nonexistent/ca.pem\nservices = wrong\n"
        f"[services wrong]\nsts =\n  endpoint_url = {_WRONG}\nssm =\n  endpoint_url = {_WRONG}\n",
    )
    credentials = config.with_name("credentials")
    credentials.write_text("[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file\n")
    (directory / ".boto").write_text("[Credentials]\naws_access_key_id = AKIABOTO\naws_secret_access_key = boto\n")
    proxies = {name: _WRONG for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (upper, upper.lower())}
    return {
        **proxies,
        "HOME": str(directory),
        "AWS_PROFILE": "nonexistent",
        "AWS_DEFAULT_PROFILE": "nonexistent",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_CREDENTIAL_FILE": str(credentials),
        "AWS_ACCESS_KEY_ID": "AKIASHELL",
        "AWS_SECRET_ACCESS_KEY": "shell",
        "AWS_SESSION_TOKEN": "shell-token",
        "AWS_ACCOUNT_ID": "999999999999",
        "AWS_REGION": "eu-west-3",
        "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": _WRONG,
        "AWS_ENDPOINT_URL_STS": _WRONG,
        "AWS_ENDPOINT_URL_SSM": _WRONG,
        "AWS_ENDPOINT_URL_S3": _WRONG,
        "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
        "REQUESTS_CA_BUNDLE": "/nonexistent/ca.pem",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_RETRY_MODE": "nonsense",
        "AWS_MAX_ATTEMPTS": "nonsense",
        "AWS_STS_REGIONAL_ENDPOINTS": "nonsense",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "nonsense",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "nonsense",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": _WRONG,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{_WRONG}/credentials",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/token",
        "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/shell",
        "AWS_CSM_ENABLED": "true",
        "AWS_DATA_PATH": str(directory),
    }
