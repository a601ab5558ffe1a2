"""The plans, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws_rules import combinations, refusals
from tests.aws_rules.planning import Job, Plans, account, planning


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Enough combinations to hold every pair of choices. The others take minutes: they are tests of the long form."""
    chosen = [mark for mark in metafunc.definition.iter_markers("parametrize") if mark.args[0] == "combination"]
    if "combination" not in metafunc.fixturenames or chosen:
        return
    few = combinations.every_pair()
    seen = {each.without_region() for each in few}
    rest = [each for each in combinations.product() if each.without_region() not in seen]
    parameters = [pytest.param(each, id=each.name) for each in few]
    parameters += [pytest.param(each, id=each.name, marks=pytest.mark.long) for each in rest]
    metafunc.parametrize("combination", parameters)


@pytest.fixture(scope="session")
def plans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    """The plans that the chosen tests ask for, while they are being made."""
    parameters = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    # Each plan is made once, however many tests ask for it.
    found = list(dict.fromkeys(each["combination"] for each in parameters if "combination" in each))
    with account() as endpoint:
        jobs = [
            Job("stacks/ec2", {each.name: combinations.variables(each, endpoint) for each in half})
            for half in (found[0::2], found[1::2])
            if half
        ]
        if any("state" in item.nodeid for item in request.session.items):
            jobs.append(Job("state", combinations.state_buckets()))
        if any("planted" in item.nodeid or "translation" in item.nodeid for item in request.session.items):
            text = combinations.variables(refusals.COMBINATION, endpoint)
            jobs += [
                Job("stacks/ec2", {f"planted{number}": text}, refusals.files(number))
                for number in range(refusals.PLANS)
            ]
        with planning(jobs, endpoint, tmp_path_factory.mktemp("plans")) as made:
            yield made
