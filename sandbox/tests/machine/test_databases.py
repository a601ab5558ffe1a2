"""The master user and the first database, as SQL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import replace

import pytest

from sandbox.contract import Database
from sandbox.machine.databases import SCRAM_ITERATIONS, literal, scram_verifier, statements

DATABASE = Database("db", "vpc-1", "db.example", 5432, "postgres", "16.4", "app", "dba", "secret", "available", ())


def test_no_statement_contains_the_password() -> None:
    sql = statements(replace(DATABASE, master_password="correct-horse"))
    assert "correct-horse" not in sql
    assert f"SCRAM-SHA-256${SCRAM_ITERATIONS}:" in sql


def test_a_verifier_follows_the_standard() -> None:
    # RFC 7677's example gives the salt and iteration count; the keys follow from RFC 5802, section 3.
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", salt, 4096)
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    found = re.fullmatch(r"SCRAM-SHA-256\$4096:(.+)\$(.+):(.+)", scram_verifier("pencil", salt))
    assert found
    assert base64.b64decode(found[1]) == salt
    assert base64.b64decode(found[2]) == hashlib.sha256(client_key).digest()
    # The server's signature of the RFC's own exchange, which needs the server key.
    exchange = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.new(base64.b64decode(found[3]), exchange, "sha256").digest()
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_two_verifiers_of_one_password_differ() -> None:
    assert scram_verifier("same") != scram_verifier("same")


@pytest.mark.parametrize(("text", "quoted"), [("dba", "E'dba'"), ("o'x", "E'o''x'"), ("a\\b", "E'a\\\\b'")])
def test_literals(text: str, quoted: str) -> None:
    assert literal(text) == quoted


def test_without_a_name_no_database_is_made() -> None:
    assert "create database" in statements(DATABASE)
    assert "create database" not in statements(replace(DATABASE, name=None))
