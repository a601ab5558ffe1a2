"""First boot installs Session Manager's agent where the image has none, and only what Amazon has signed."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.repo.helpers import ROOT, text_of

HOST = ROOT / "terraform" / "modules" / "host"
SCRIPT = HOST / "session-manager.sh"
# AWS Systems Manager User Guide, "Verifying the signature of SSM Agent", and github.com/aws/amazon-ecs-ami,
# files/amazon-ssm-agent.gpg.
FINGERPRINT = "1C5B395CBE5E74E2F1CA21592784DBF388D19D46"
TOOLS = {
    "systemctl": '[ "$1" = cat ] && { [ "$AGENT" = "$2" ]; exit $?; }; echo "systemctl $*" >> "$DONE"',
    "dpkg": '[ "$1" = -i ] || { echo arm64; exit 0; }; echo "dpkg $1 $(cat "$2")" >> "$DONE"; exit "$DPKG"',
    "gpgv": 'echo "gpgv $2 $(cat "$3") $(cat "$4")" >> "$DONE"; exit "$SIGNED"',
    "python3": '[ "$ANSWERS" = yes ] || { echo try >> "$DONE"; exit 1; }; printf "%s" "${3##*/}" > "$4"',
    "apt-get": 'echo "apt-get $*" >> "$DONE"; exit 1',
}
FINE = {"AGENT": "none", "DPKG": "0", "SIGNED": "0", "ANSWERS": "yes", "SLIPWAY_PAUSE": "0"}
CHECKED = "gpgv /usr/local/lib/slipway/amazon-ssm-agent.gpg amazon-ssm-agent.deb.sig amazon-ssm-agent.deb"
INSTALLED = [CHECKED, "dpkg -i amazon-ssm-agent.deb", "systemctl enable --now amazon-ssm-agent.service"]


def boot(folder: Path, without: tuple[str, ...] = (), **answers: str) -> tuple[str, list[str]]:
    """Run the script with tools that answer as told; what it says, and what it has done."""
    tools = folder / "bin"
    tools.mkdir()
    for name, text in TOOLS.items():
        if name not in without:
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
    for name in ("mktemp", "rm", "cat", "sleep", "sh"):
        (tools / name).symlink_to(
            next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        )
    done = folder / "done"
    done.touch()
    environment = {"PATH": str(tools), "DONE": str(done), "TMPDIR": str(folder), **FINE, **answers}
    ended = subprocess.run(["/bin/sh", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert [path.name for path in folder.iterdir() if path.name.startswith("tmp")] == []
    return ended.stdout, done.read_text().splitlines()


def test_what_amazon_has_signed_is_installed(tmp_path: Path) -> None:
    said, done = boot(tmp_path)
    assert done == INSTALLED
    assert said == "slipway: Session Manager's agent is installed\n"


@pytest.mark.parametrize("unit", ["amazon-ssm-agent.service", "snap.amazon-ssm-agent.amazon-ssm-agent.service"])
def test_an_image_that_has_the_agent_is_left_alone(tmp_path: Path, unit: str) -> None:
    assert boot(tmp_path, AGENT=unit) == ("", [])


def test_what_amazon_has_not_signed_is_not_installed(tmp_path: Path) -> None:
    said, done = boot(tmp_path, SIGNED="1")
    assert done == [CHECKED]
    assert "was not installed: its signature is not Amazon's. Run" in said


def test_what_cannot_be_checked_is_not_installed(tmp_path: Path) -> None:
    said, done = boot(tmp_path, without=("gpgv",))
    assert done == ["apt-get update"]
    assert "gpgv, which checks its signature, could not be installed" in said


def test_what_cannot_be_fetched_is_tried_again_and_named(tmp_path: Path) -> None:
    said, done = boot(tmp_path, ANSWERS="no")
    assert done == ["try"] * 5
    assert (
        "https://s3.amazonaws.com/ec2-downloads-windows/SSMAgent/latest/debian_arm64/amazon-ssm-agent.deb could not"
        in said
    )


@pytest.mark.parametrize(("without", "answers", "told"), [(("dpkg",), {}, "nor dpkg"), ((), {"DPKG": "1"}, "refused")])
def test_other_failures_let_the_boot_go_on(
    tmp_path: Path, without: tuple[str, ...], answers: dict[str, str], told: str
) -> None:
    said, done = boot(tmp_path, without, **answers)
    assert told in said
    assert "systemctl enable --now amazon-ssm-agent.service" not in done


def test_the_key_is_amazons() -> None:
    """RFC 4880, 12.2: SHA-1 over the public key packet with a header of 0x99 and a length of two octets."""
    armored = text_of(HOST / "amazon-ssm-agent.asc")
    found = re.search(r"\n\n([A-Za-z0-9+/=\n]+)\n=", armored)
    assert found
    key = base64.b64decode(found[1])
    assert key[0] == 0x99
    packet = key[: 3 + int.from_bytes(key[1:3], "big")]
    assert hashlib.sha1(packet, usedforsecurity=False).hexdigest().upper() == FINGERPRINT
    stated = text_of(HOST / "session.tf").partition("\nlocals {")[0]
    assert FINGERPRINT in re.sub(r"[\s#]", "", stated)


def test_the_script_is_run_as_it_is_written() -> None:
    assert not os.access(SCRIPT, os.X_OK)
    assert text_of(SCRIPT).startswith("#!/bin/sh\n")
