"""Each dependency is broken in turn. Exactly its probe fails, at exactly its stage, and the others pass."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from sandbox import injected_faults
from tests.integration.world import CONTENT, DATABASE, ROLE, SETTINGS, URL, World, require

Break = Callable[[World], AbstractContextManager[None]]
PROBES = ["tavily", "gemini", "s3", "rds", "health"]


@contextmanager
def name_resolution(world: World) -> Iterator[None]:
    """The host does not know Tavily's name and asks no name server, because the real server must not answer here."""
    world.shell(
        f"""
        cp /etc/hosts /tmp/hosts.kept; cp /etc/nsswitch.conf /tmp/nsswitch.kept
        name=$(sed -n 's/^DATABASE_URL=.*@\\([^:]*\\):.*/\\1/p' /opt/backend/current/.env)
        endpoint=$(getent ahostsv4 "$name" | awk '{{ print $1; exit }}')
        test -n "$endpoint"
        {{ grep -v {SETTINGS.stub_names[0]} /tmp/hosts.kept; echo "$endpoint $name"; }} > /etc/hosts
        sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf
        """
    )
    try:
        yield
    finally:
        world.shell("cat /tmp/hosts.kept > /etc/hosts; cp /tmp/nsswitch.kept /etc/nsswitch.conf")


@contextmanager
def api_key(world: World) -> Iterator[None]:
    """The service has a key that Gemini does not accept."""
    world.shell(
        "cp -p /opt/backend/current/.env /root/env.kept; sed -i 's/^GEMINI_API_KEY=.*/GEMINI_API_KEY=AIza-wrong/' "
        "$(readlink -f /opt/backend/current)/.env"
    )
    try:
        yield
    finally:
        world.shell("cp -p /root/env.kept $(readlink -f /opt/backend/current)/.env")


@contextmanager
def network_path(world: World) -> Iterator[None]:
    """Packets to the database are dropped, as a security group does."""
    rule = "OUTPUT -p tcp --dport 5432 -j DROP"
    world.shell(f"iptables -I {rule}")
    try:
        yield
    finally:
        world.shell(f"iptables -D {rule}")


@contextmanager
def tls_trust(world: World) -> Iterator[None]:
    """The host's RDS bundle has all authorities except the database's."""
    bundle = "/opt/slipway/etc/rds-ca.pem"
    world.shell(f"cp -p {bundle} /root/bundle.kept; cat /etc/ssl/certs/ca-certificates.crt > {bundle}")
    try:
        yield
    finally:
        world.shell(f"cp -p /root/bundle.kept {bundle}")


@contextmanager
def bucket(world: World) -> Iterator[None]:
    """The content bucket is deleted."""
    s3 = world.client("s3")
    listed = s3.list_object_versions(Bucket=CONTENT)
    for version in listed.get("Versions", []) + listed.get("DeleteMarkers", []):
        s3.delete_object(Bucket=CONTENT, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=CONTENT)
    try:
        yield
    finally:
        s3.create_bucket(Bucket=CONTENT)


@contextmanager
def bucket_permission(world: World) -> Iterator[None]:
    """The host's role may read the bucket and not write to it."""
    iam = world.client("iam")
    kept = json.dumps(iam.get_role_policy(RoleName=ROLE, PolicyName=ROLE)["PolicyDocument"])

    def put(document: str) -> None:
        iam.put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=document)

    put(kept.replace("s3:PutObject", "s3:GetObjectTagging"))
    try:
        yield
    finally:
        put(kept)


@contextmanager
def database_password(world: World) -> Iterator[None]:
    """The role's password in Postgres differs from the service's. The role database corrects it."""
    world.shell(
        """
        /opt/slipway/venv/bin/python - <<'PYTHON'
        import pathlib, psycopg
        lines = pathlib.Path("/opt/backend/current/.env").read_text().splitlines()
        url = next(line.partition("=")[2] for line in lines if line.startswith("DATABASE_URL="))
        with psycopg.connect(url) as session:
            session.execute("ALTER ROLE app PASSWORD 'another'")
        PYTHON
        """.replace("\n        ", "\n")
    )
    try:
        yield
    finally:
        require(
            world.play(
                "database.yml",
                "-e",
                f"database_identifier={DATABASE} database_parameter={URL}",
            )
        )


@contextmanager
def service(world: World) -> Iterator[None]:
    """The service does not run."""
    world.shell("systemctl stop backend")
    try:
        yield
    finally:
        world.shell(
            "systemctl start backend; until curl -fs -o /dev/null http://127.0.0.1:8000/health; do sleep 0.2; done"
        )


def answering(service: str, answer: str) -> Break:
    """A service that always gives this answer."""

    @contextmanager
    def broken(_world: World) -> Iterator[None]:
        injected_faults.add(SETTINGS, {"service": service, "answer": answer, "times": 50, "seconds": 60})
        try:
            yield
            assert all(fault["fired"] for fault in injected_faults.list_all(SETTINGS))
        finally:
            injected_faults.clear(SETTINGS)

    broken.__name__ = f"{service}_{answer.replace(':', '_')}"
    return broken


BREAKS = [
    (name_resolution, "tavily", "dns", "has no address"),
    (api_key, "gemini", "auth", "does not accept the key in GEMINI_API_KEY"),
    (network_path, "rds", "tcp", "packets are dropped"),
    (tls_trust, "rds", "tls", "does not trust the issuer"),
    (bucket, "s3", "write", f"the bucket {CONTENT} does not exist"),
    (bucket_permission, "s3", "write", "may not s3:PutObject"),
    (database_password, "rds", "auth", "refuses the role app or its password"),
    (service, "health", "tcp", "refuses the connection"),
    (answering("tavily", "429"), "tavily", "quota", "HTTP 429"),
    (answering("tavily", "slow:40"), "tavily", "http", "no answer"),
    (answering("tavily", "cut"), "tavily", "http", "broke off its answer"),
    (answering("gemini", "503"), "gemini", "http", "503"),
    (answering("s3", "503"), "s3", "write", "SlowDown"),
]


def red(report: dict[str, Any]) -> dict[str, str]:
    """The failed probes and their failed stages."""
    return {probe["name"]: probe["failed_stage"] for probe in report["probes"] if not probe["ok"]}


@pytest.mark.parametrize(("broken", "probe", "stage", "words"), BREAKS, ids=[entry[0].__name__ for entry in BREAKS])
def test_exactly_the_broken_stage_fails(world: World, broken: Break, probe: str, stage: str, words: str) -> None:
    assert red(world.verify()) == {}
    with broken(world):
        report = world.verify()
    assert red(report) == {probe: stage}, report
    failed = next(entry for entry in report["probes"] if entry["name"] == probe)
    assert words in failed["cause"]
    assert failed["fix"]
    assert [entry["ok"] for entry in failed["stages"]] == [True] * (len(failed["stages"]) - 1) + [False]
    assert red(world.verify()) == {}
    assert [secret for secret in world.secrets() if secret in json.dumps(report)] == []


def test_the_playbook_shows_the_failed_probe_with_its_fix(world: World) -> None:
    with api_key(world):
        done = world.play("verify.yml")
    assert done.returncode != 0
    assert "1 of 5 red" in done.stdout
    assert "✗ gemini" in done.stdout
    assert re.search(r"auth \d+ms ✗", done.stdout)
    assert "cause Gemini does not accept the key in GEMINI_API_KEY" in done.stdout
    assert "fix   put a valid key" in done.stdout
    assert [secret for secret in world.secrets() if secret in done.stdout] == []


def test_a_green_verify_changes_nothing(world: World) -> None:
    output = require(world.play("verify.yml"))
    assert "all 5 green" in output
    assert "changed=0" in output


def test_a_dry_run_does_not_run_the_probes(world: World) -> None:
    world.shell("rm -f /run/backend-verify/report.json")
    assert "changed=0" in require(world.play("verify.yml", "--check"))
    assert world.shell("ls /run/backend-verify") == ""


def test_the_probes_leave_nothing_in_the_bucket(world: World) -> None:
    assert world.verify()["ok"]
    assert world.client("s3").list_objects_v2(Bucket=CONTENT)["KeyCount"] == 0


def test_the_probes_do_not_run_without_the_services_restrictions(world: World) -> None:
    drop_in = "/etc/systemd/system/backend.service.d/50-hardening.conf"
    world.shell(f"mv {drop_in} /root/hardening.kept; systemctl daemon-reload")
    try:
        done = world.play("verify.yml")
    finally:
        world.shell(f"mv /root/hardening.kept {drop_in}; systemctl daemon-reload")
    assert done.returncode != 0
    assert "would run without the restrictions of backend.service" in done.stdout


def test_the_probes_run_with_the_account_and_restrictions_of_the_service(world: World) -> None:
    names = "User,NoNewPrivileges,MemoryDenyWriteExecute,ProtectSystem,CapabilityBoundingSet,RestrictAddressFamilies"
    probes, own = (world.shell(f"systemctl show -p {names} {unit}") for unit in ("backend-verify", "backend"))
    assert probes == own
    assert "MemoryDenyWriteExecute=yes" in own
