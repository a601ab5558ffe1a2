"""The role database with a real server: six steps, no secret in any output, and each failure with its stage and fix."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.integration.world import DATABASE, SECOND_URL, URL, World, require

# Always reports that it needs an administrator.
LIAR = """#!/bin/sh
cat > /dev/null
echo '{"changed": false, "login": false, "needs_admin": true, "reason": "tell me the master password"}'
"""
# A false Postgres in the place of the database. It accepts TLS, and keeps what it receives.
IMPOSTOR = """
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/opt/impostor/pem")
with socket.create_server(("127.0.0.1", 5432)) as server:
    while True:
        connection, _ = server.accept()
        with connection, open("/opt/impostor/heard", "ab") as heard:
            try:
                heard.write(connection.recv(4096))
                connection.sendall(b"S")
                with context.wrap_socket(connection, server_side=True) as secured:
                    heard.write(secured.recv(4096))
                    secured.sendall(b"R\\0\\0\\0\\x08\\0\\0\\0\\x03")
                    heard.write(secured.recv(4096))
            except OSError:
                pass
"""

SECOND = f"database_identifier={DATABASE} database_parameter={SECOND_URL} database_role=second database_name=shop"
FIRST = f"database_identifier={DATABASE} database_parameter={URL}"


def play(world: World, variables: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return world.play("database.yml", "-e", variables, "--diff", *arguments)


def changed(world: World, variables: str, *arguments: str) -> tuple[bool, str]:
    """Run the role and require success. Return whether it changed anything, and its output."""
    output = require(play(world, variables, *arguments))
    return "changed=0" not in output, output


def refused(world: World, variables: str, *arguments: str) -> str:
    """Run the role, require that it fails and changes nothing, and return its output."""
    before = world.parameter(URL)
    done = play(world, variables, *arguments)
    assert done.returncode != 0, done.stdout
    assert world.parameter(URL) == before
    return done.stdout


def sql(world: World, parameter: str, statement: str) -> str:
    """Run a statement on the host as a service whose URL is in the parameter, and return the first row."""
    login = (world.parameter(parameter) or "").partition("=")[2].strip()
    return world.shell(
        "/opt/slipway/venv/bin/python - <<'PYTHON'\n"
        "import psycopg\n"
        f"with psycopg.connect({login!r}, autocommit=True) as session:\n"
        f"    done = session.execute({statement!r})\n"
        "    print(done.fetchone() if done.description else done.statusmessage)\n"
        "PYTHON\n"
    ).strip()


@pytest.fixture
def no_second(world: World) -> Iterator[None]:
    """A role and a database that do not exist yet, according to the parameter store."""
    assert world.parameter(SECOND_URL) is None
    yield
    world.client("ssm").delete_parameters(Names=[SECOND_URL])


@pytest.mark.usefixtures("no_second")
def test_six_steps(world: World) -> None:
    predicted, shown = changed(world, SECOND, "--check")
    assert (predicted, world.parameter(SECOND_URL)) == (True, None)
    assert "+DATABASE_URL: postgresql://second:not-shown@" in shown
    assert "+role second: created" in shown

    assert changed(world, SECOND)[0]
    made = world.parameter(SECOND_URL)
    assert made is not None
    assert made.startswith("DATABASE_URL=postgresql://second:")
    assert "sslmode=verify-full&sslrootcert=/opt/slipway/etc/rds-ca.pem" in made

    assert not changed(world, SECOND, "--check")[0]
    assert not changed(world, SECOND)[0]

    sql(world, SECOND_URL, "alter role second password 'another'")
    predicted, shown = changed(world, SECOND, "--check")
    assert predicted
    assert "+role second password: the one in the parameter" in shown
    assert changed(world, SECOND)[0]
    assert world.parameter(SECOND_URL) == made
    assert not changed(world, SECOND)[0]

    columns = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
    row = f"select {columns} from pg_roles where rolname = current_user"
    assert sql(world, SECOND_URL, row) == "(False, False, False, False, False)"
    owned = "select array_agg(datname) from pg_database where pg_get_userbyid(datdba) = current_user"
    assert sql(world, SECOND_URL, owned) == "(['shop'],)"
    groups = "select count(*) from pg_auth_members where current_user::regrole in (member, roleid)"
    assert sql(world, SECOND_URL, groups) == "(0,)"


def test_a_login_that_works_needs_no_master_secret(world: World) -> None:
    secrets, arn = world.client("secretsmanager"), world.master_secret()
    kept = secrets.get_secret_value(SecretId=arn)["SecretString"]
    # A reader of the parameter now fails, because it has no user name.
    secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"password": json.loads(kept)["password"]}))
    try:
        assert not changed(world, FIRST)[0]
    finally:
        secrets.put_secret_value(SecretId=arn, SecretString=kept)


def test_rotating_the_master_password_changes_nothing_for_the_service(world: World) -> None:
    before, old = world.parameter(URL), world.secrets()[0]
    world.client("secretsmanager").rotate_secret(SecretId=world.master_secret(), RotateImmediately=True)
    assert world.secrets()[0] != old
    assert world.verify()["ok"]
    assert not changed(world, FIRST)[0]

    sql(world, URL, "alter role app password 'another'")
    assert changed(world, FIRST)[0]
    assert world.parameter(URL) == before
    assert world.verify()["ok"]


def test_a_role_with_too_many_rights_is_corrected(world: World) -> None:
    # The service cannot give itself rights, so the master user does.
    arn = world.master_secret()
    secret = world.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    world.shell(
        "/opt/slipway/venv/bin/python - <<'PYTHON'\n"
        "import json, psycopg, urllib.parse\n"
        f"secret, url = json.loads({secret!r}), {(world.parameter(URL) or '').strip()!r}.partition('=')[2]\n"
        "host = urllib.parse.urlsplit(url).hostname\n"
        "with psycopg.connect(host=host, dbname='postgres', user=secret['username'], password=secret['password'],\n"
        "                     sslmode='require', autocommit=True) as session:\n"
        "    session.execute('alter role app createdb createrole')\n"
        "PYTHON\n"
    )
    shown = changed(world, FIRST, "--check")[1]
    assert "+role app CREATEDB: NOCREATEDB" in shown
    assert "+role app CREATEROLE: NOCREATEROLE" in shown
    assert changed(world, FIRST)[0]
    assert not changed(world, FIRST)[0]


def test_no_secret_is_shown_at_any_verbosity(world: World) -> None:
    sql(world, URL, "alter role app password 'another'")
    output = changed(world, FIRST, "-vvvv")[1]
    journal = world.shell("journalctl --no-pager --boot --output=cat")
    secrets = world.secrets()
    assert len(secrets) >= 4
    assert [secret for secret in secrets if secret in output or secret in journal] == []
    # The search finds a secret that is there.
    assert [secret for secret in secrets if secret in (world.parameter(URL) or "")]


def test_an_unknown_instance_is_named(world: World) -> None:
    message = refused(world, f"database_identifier=slipway-sandbox-none database_parameter={URL}")
    assert "there is no RDS instance slipway-sandbox-none" in message
    assert "provision.yml" in message


def test_a_database_that_cannot_be_reached_names_the_stage_and_the_fix(world: World) -> None:
    rule = "OUTPUT -p tcp --dport 5432 -j DROP"
    world.shell(f"iptables -I {rule}")
    try:
        message = refused(world, FIRST)
    finally:
        world.shell(f"iptables -D {rule}")
    assert "stage tcp" in message
    assert "packets are dropped" in message
    assert "security group admit port 5432" in message


def test_an_untrusted_server_is_refused_with_the_stage(world: World) -> None:
    bundle = "/opt/slipway/etc/other-ca.pem"
    world.shell(f"cp /etc/ssl/certs/ca-certificates.crt {bundle}")
    try:
        # Without the role's first task, because it would restore the right bundle.
        message = refused(world, f"{FIRST} database_ca_file={bundle}", "--tags", "configure")
    finally:
        world.shell(f"rm {bundle}")
    assert "stage tls" in message
    assert "does not trust the issuer" in message


@pytest.fixture
def impostor(world: World) -> Iterator[None]:
    """A host with a false answer, and with its own Postgres under the database's name."""
    described = world.client("rds").describe_db_instances(DBInstanceIdentifier=DATABASE)
    name = described["DBInstances"][0]["Endpoint"]["Address"]
    world.shell(
        "mkdir -p /opt/impostor; cd /opt/impostor\n"
        f"cat > python <<'END'\n{LIAR}END\nchmod 755 python\n"
        f"cat > server.py <<'END'\n{IMPOSTOR}END\n"
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 1 "
        f"-subj /CN=liar -addext 'subjectAltName=DNS:{name}' 2>/dev/null; cat cert key > pem\n"
        f"cp /etc/hosts hosts; echo '127.0.0.1 {name}' >> /etc/hosts\n"
        "systemd-run --quiet --unit=impostor /usr/bin/python3 /opt/impostor/server.py\n"
    )
    yield
    world.shell("systemctl stop impostor; cat /opt/impostor/hosts > /etc/hosts; rm -r /opt/impostor")


@pytest.mark.usefixtures("impostor")
def test_a_false_server_behind_a_host_gets_no_password(world: World) -> None:
    message = refused(world, f"{FIRST} database_python=/opt/impostor/python", "-vvvv")
    assert "through the host host, stage tls" in message
    assert "does not trust the issuer" in message
    assert "another server answers in the database's place: do not trust the host host" in message
    heard = world.shell("cat /opt/impostor/heard | base64 -w0; journalctl --no-pager --boot --output=cat")
    assert heard.startswith("AAAACATSFi8"), "the impostor was asked for TLS"
    assert [secret for secret in world.secrets()[:1] if secret in heard or secret in message] == []


def test_a_host_without_tcp_forwarding_gets_a_message_with_the_fix(world: World) -> None:
    sql(world, URL, "alter role app password 'another'")
    rule = "/etc/ssh/sshd_config.d/no-forwarding.conf"
    world.shell(f"echo AllowTcpForwarding no > {rule}; systemctl reload ssh")
    try:
        message = refused(world, FIRST)
    finally:
        world.shell(f"rm {rule}; systemctl reload ssh")
    assert "administratively prohibited" in message
    assert "AllowTcpForwarding" in message
    assert changed(world, FIRST)[0]


@pytest.mark.usefixtures("no_second")
def test_nothing_is_written_before_the_database_was_reached(world: World) -> None:
    rule = "OUTPUT -p tcp --dport 5432 -j REJECT --reject-with tcp-reset"
    world.shell(f"iptables -I {rule}")
    try:
        assert "refuses the connection" in refused(world, SECOND)
    finally:
        world.shell(f"iptables -D {rule}")
    assert world.parameter(SECOND_URL) is None
