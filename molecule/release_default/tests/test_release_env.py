"""The environment file, as the service, another account and systemd see it."""

from __future__ import annotations

from testinfra.host import Host

FILE = "/opt/backend/shared/.env"


def test_only_the_account_can_read_it(host: Host) -> None:
    file = host.file(FILE)
    assert (file.user, file.group, oct(file.mode)) == ("root", "backend", "0o640")
    assert host.run(f"runuser -u backend -- test -r {FILE}").rc == 0
    assert host.run(f"runuser -u nobody -- test -r {FILE}").rc != 0


def test_systemd_reads_every_variable(host: Host) -> None:
    unit = f"systemd-run --quiet --pipe --wait --uid=backend --property=EnvironmentFile={FILE}"
    variables = dict(line.split("=", 1) for line in host.check_output(f"{unit} env").splitlines())
    wanted = {
        "AWS_REGION": "us-east-1",
        "S3_BUCKET": "wins over what was provided",
        "TAVILY_API_KEY": "not a secret",
        "DATABASE_URL": "postgresql://app@db.example/app?sslmode=verify-full",
    }
    assert {name: variables.get(name) for name in wanted} == wanted


def test_nothing_else_is_left_beside_it(host: Host) -> None:
    assert host.check_output("ls -A /opt/backend/shared") == ".env"
