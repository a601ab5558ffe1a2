"""`python -m tests.faults.site` makes what all tests of injected faults share: an application on four hosts."""

from __future__ import annotations

import json
import os
import sys

from sandbox.settings import settings_for
from tests.e2e.run import play
from tests.e2e.world import World
from tests.faults.deployed_app import APP, HOSTS, WORK

# An address range of its own, so that the sandbox can have other applications at the same time.
VARIABLES = f"""
host_count = {HOSTS}
network    = {{ mode = "new", cidr = "10.22.0.0/16" }}
"""


def main() -> int:
    """Make the site. With SLIPWAY_E2E_REUSE, complete an existing one."""
    if settings_for("main").pid_file.exists() and "SLIPWAY_E2E_REUSE" not in os.environ:
        print(
            "A sandbox of this checkout is running, and these tests would use it up: make sandbox-down", file=sys.stderr
        )
        return 2
    WORK.mkdir(parents=True, exist_ok=True)
    variables = WORK / "site.tfvars"
    variables.write_text(VARIABLES, encoding="utf-8")
    # This excludes the service, because the tests release it.
    playbooks = [f"playbooks/{name}.yml" for name in ("sandbox", "provision", "configure")]
    done = play(*playbooks, "-e", f"app={APP}", "-e", f"vars_file={variables}")
    print(done.output, end="")
    if done.code == 0:
        let_apps_read_their_parameters()
    return done.code


def let_apps_read_their_parameters() -> None:
    """All hosts have one role, which may read the parameter of one application. Allow it those of the others too."""
    world = World(settings_for("main"), APP)
    iam, settings = world.client("iam"), world.settings
    (role,) = [
        one["RoleName"] for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(f"slipway-sandbox-{APP}")
    ]
    resource = f"arn:aws:ssm:{settings.region}:{settings.account_id}:parameter/slipway/sandbox/{APP}-*"
    statement = {"Sid": "ReadApps", "Effect": "Allow", "Action": "ssm:GetParameter", "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_role_policy(RoleName=role, PolicyName="apps", PolicyDocument=json.dumps(document))


if __name__ == "__main__":
    sys.exit(main())
