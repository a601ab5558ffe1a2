"""The removal of what an engine leaves, and of nothing else."""

from __future__ import annotations

from sandbox.machine.firewall import removals

BEFORE = ["-P INPUT ACCEPT", "-P FORWARD ACCEPT", "-N mine", '-A INPUT -p tcp -m comment --comment "my rule" -j mine']
AFTER = [
    "-P INPUT ACCEPT",
    "-P FORWARD DROP",
    "-N DOCKER",
    "-N mine",
    '-A INPUT -p tcp -m comment --comment "my rule" -j mine',
    "-A INPUT -s 192.0.2.1/32 -j DROP",
    '-A FORWARD -o docker0 -m comment --comment "of the bridge" -j DOCKER',
]


def test_only_the_engines_part_is_removed() -> None:
    assert removals(BEFORE, AFTER) == [
        ["-D", "FORWARD", "-o", "docker0", "-m", "comment", "--comment", "of the bridge", "-j", "DOCKER"],
        ["-F", "DOCKER"],
        ["-X", "DOCKER"],
        ["-P", "FORWARD", "ACCEPT"],
    ]


def test_what_was_there_before_stays() -> None:
    assert removals(AFTER, AFTER) == []
