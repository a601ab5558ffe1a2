"""Releases are killed at random moments: each host serves the complete old or new one, and the next run converges.

This test has a few rounds on one host. `make interruptions` runs any number, on all hosts side by side.
"""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.faults.deployed_app import DeployedApp
from tests.faults.flow import publish_next
from tests.faults.kills import answers_one_of, end_modules, wait_for_lease

ROUNDS = int(os.environ.get("ROUNDS") or 5)
SEED = int(os.environ.get("SEED") or 4)
"""The short form has the same random moments each time, as far as a machine repeats itself."""
PARTS = max(1, ROUNDS // 5)
"""The rounds are split into this many parts. A host that is free takes the next part."""


@pytest.mark.parametrize("part", range(PARTS))
def test_random_interruptions(app: DeployedApp, part: int) -> None:
    rounds = len(range(part, ROUNDS, PARTS))
    chance = random.Random(SEED + part)  # noqa: S311 - the run must be repeatable
    longest, hit = 12.0, 0
    for number in range(1, rounds + 1):
        served, release = app.serves(), publish_next(app)
        run = app.start("release")
        began, wait = time.monotonic(), chance.uniform(0, longest)
        while run.process.poll() is None and time.monotonic() - began < wait:
            time.sleep(0.02)
        hit += run.process.poll() is None
        run.kill()
        # Half of the kills also end what runs on the host. The others let it finish.
        if chance.random() < 0.5:
            end_modules(app.hosts[0])
        answers_one_of(app, served, release)
        wait_for_lease(app)
        began = time.monotonic()
        done = app.release()
        longest = time.monotonic() - began
        assert done.code == 0, f"part {part}, round {number}, SEED={SEED}:\n{done.output[-3000:]}"
        assert app.serves().startswith(release), f"part {part}, round {number}, SEED={SEED}"
        assert all(serving.has_no_leftovers for serving in app.serving()), (
            f"part {part}, round {number}, SEED={SEED}: {app.serving()}"
        )
        print(f"  {number}: killed after {wait:.1f} s, converged in {longest:.1f} s", flush=True)
    assert hit >= rounds // 2, f"only {hit} of {rounds} were interrupted before their end"
