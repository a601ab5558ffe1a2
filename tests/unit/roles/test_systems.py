"""What the roles do on each system they are written for, without such a host: names, paths and package managers.

The table is what the systems themselves have: packages of their repositories, paths of those packages, Amazon's and
Ubuntu's own documentation. A role's variables are loaded as its tasks load them, the least specific file first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.template import trust_as_template

from tests.unit.roles.loading import read, templar_of, variables_of

ROLES = Path(__file__).resolve().parents[3] / "roles"
ROLE_NAMES = sorted(role.name for role in ROLES.iterdir() if (role / "tasks").is_dir())


@dataclass(frozen=True)
class System:
    """A system as Ansible's facts tell of it, and what there must be of it in the roles."""

    distribution: str
    major: str
    family: str
    manager: str
    base: dict[str, Any]
    python: dict[str, Any]
    docker: dict[str, Any]

    @property
    def name(self) -> str:
        """As the files in vars/ are called."""
        return f"{self.distribution}_{self.major}"


_APT_BASE = {
    "packages": {"ca-certificates", "curl", "git", "unzip"},
    "awscli_package": "awscli",
    "nologin": "/usr/sbin/nologin",
    "time_package": "chrony",
    "time_service": "chrony",
    "time_sources": "/etc/chrony/sources.d/slipway.sources",
    "lists_fetch": ["apt-get", "update"],
}
_APT_PYTHON = {
    "packages": {"python3", "python3-venv"},
    "interpreter": "/usr/bin/python3",
    "ca_bundle": "/etc/ssl/certs/ca-certificates.crt",
}
_APT_DOCKER = {"packages": {"docker.io", "apparmor"}, "service": "docker", "group": "docker"}

SYSTEMS = (
    System("Debian", "12", "Debian", "apt", _APT_BASE, _APT_PYTHON, _APT_DOCKER),
    System(
        *("Debian", "13", "Debian", "apt", _APT_BASE, _APT_PYTHON),
        _APT_DOCKER | {"packages": {"docker.io", "docker-cli", "apparmor"}},
    ),
    System("Ubuntu", "22", "Debian", "apt", _APT_BASE, _APT_PYTHON, _APT_DOCKER),
    System("Ubuntu", "24", "Debian", "apt", _APT_BASE | {"awscli_package": ""}, _APT_PYTHON, _APT_DOCKER),
    System(
        *("Amazon", "2023", "RedHat", "dnf"),
        {
            "packages": {"ca-certificates", "curl-minimal", "git", "unzip"},
            "awscli_package": "awscli-2",
            "nologin": "/sbin/nologin",
            "time_package": "chrony",
            "time_service": "chronyd",
            "time_sources": "",
            "lists_fetch": [],
        },
        {
            "packages": {"python3", "python3-pip"},
            "interpreter": "/usr/bin/python3",
            "ca_bundle": "/etc/pki/tls/certs/ca-bundle.crt",
        },
        {"packages": {"docker"}, "service": "docker", "group": "docker"},
    ),
)
on_each_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)


def variables(role: str, system: System) -> dict[str, Any]:
    """The role's variables on the system, in Ansible's order."""
    facts = {"distribution": system.distribution, "distribution_major_version": system.major}
    given: dict[str, Any] = {
        "ansible_facts": facts | {"os_family": system.family, "pkg_mgr": system.manager},
        "ansible_check_mode": False,
        "ansible_managed": "Ansible managed",
    }
    files = ("defaults/main", "vars/main", f"vars/{system.family}", f"vars/{system.name}")
    return given | variables_of(ROLES / role, files)


def evaluate(role: str, system: System, expression: str, **more: Any) -> Any:
    """The value of a template of the role on the system; an undefined name is fatal."""
    return templar_of(variables(role, system) | more).template(trust_as_template(expression))


def tasks(role: str) -> list[dict[str, Any]]:
    """Every task and handler of a role, those inside blocks too."""
    pending: list[dict[str, Any]] = []
    for file in sorted([*(ROLES / role).glob("tasks/*.yml"), *(ROLES / role).glob("handlers/*.yml")]):
        pending += read(file) or []
    found = []
    while pending:
        task = pending.pop()
        found.append(task)
        for section in ("block", "rescue", "always"):
            pending += task.get(section, [])
    return found


@pytest.mark.parametrize("role", ["base", "python", "docker"])
@on_each_system
def test_names_and_paths_are_the_systems(role: str, system: System) -> None:
    expected = getattr(system, role)
    found = {name: evaluate(role, system, f"{{{{ __{role}_{name} }}}}") for name in expected}
    assert {name: set(value) if name == "packages" else value for name, value in found.items()} == expected


@on_each_system
def test_base_lets_the_system_pass(system: System) -> None:
    assert system.name in evaluate("base", system, "{{ __base_systems }}")


def test_the_table_holds_every_system_that_base_lets_pass() -> None:
    assert [system.name for system in SYSTEMS] == evaluate("base", SYSTEMS[0], "{{ __base_systems }}")


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_file_is_of_a_system_of_the_table(role: str) -> None:
    known = {"main"} | {system.family for system in SYSTEMS} | {system.name for system in SYSTEMS}
    assert {file.stem for file in (ROLES / role / "vars").glob("*.yml")} <= known


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_every_family_has_the_same_variables(role: str) -> None:
    families = {system.family: set(read(ROLES / role / "vars" / f"{system.family}.yml") or {}) for system in SYSTEMS}
    assert len({frozenset(names) for names in families.values()}) == 1
    for system in SYSTEMS:
        special = set(read(ROLES / role / "vars" / f"{system.name}.yml") or {})
        assert special <= families[system.family]


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_packages_are_installed_by_whatever_the_system_has(role: str) -> None:
    own = ("ansible.builtin.apt", "ansible.builtin.dnf", "ansible.builtin.yum", "ansible.builtin.apt_repository")
    assert [task["name"] for task in tasks(role) if any(module in task for module in own)] == []


@pytest.mark.parametrize("role", ROLE_NAMES)
@pytest.mark.parametrize("system", [one for one in SYSTEMS if one.manager != "apt"], ids=lambda system: system.name)
def test_no_command_of_apt_is_run_where_there_is_none(role: str, system: System) -> None:
    commands = [task for task in tasks(role) if "ansible.builtin.command" in task]
    run = [task for task in commands if evaluate(role, system, "{{ " + str(task.get("when", True)) + " }}")]
    assert [task["name"] for task in run if "apt" in str(task["ansible.builtin.command"])] == []
    lists = next((task for task in commands if "package lists" in task["name"]), None)
    assert lists is None or lists not in run


@on_each_system
def test_what_base_installs_is_a_list_of_names(system: System) -> None:
    task = next(task for task in tasks("base") if task["name"] == "Install the common packages")
    names = evaluate("base", system, task["ansible.builtin.package"]["name"], base_packages=["jq"])
    assert set(names) == system.base["packages"] | {"jq"}


@on_each_system
def test_the_command_line_of_aws_is_refused_where_there_is_no_package(system: System) -> None:
    task = next(task for task in tasks("base") if "ansible.builtin.assert" in task)
    conditions = task["ansible.builtin.assert"]["that"]
    values = {"__base_system": system.name, "base_awscli": True}
    met = all(evaluate("base", system, "{{ " + condition + " }}", **values) for condition in conditions)
    assert met == (system.name != "Ubuntu_24")


@on_each_system
def test_tool_venv_is_told_the_systems_python_and_authorities(system: System) -> None:
    module = next(task["slipway.fastapi.tool_venv"] for task in tasks("python") if "slipway.fastapi.tool_venv" in task)
    assert evaluate("python", system, module["python"]) == system.python["interpreter"]
    assert evaluate("python", system, module["ca_bundle"]) == system.python["ca_bundle"]


@pytest.mark.parametrize("role", ["base", "haproxy", "reachability", "service"])
@on_each_system
def test_units_and_files_are_the_same_on_every_system(role: str, system: System) -> None:
    given = {
        "reachability_bucket": "content",
        "reachability_region": "us-east-1",
        "reachability_health_url": "http://127.0.0.1:8000/health",
        "service_release": "0123456789ab-01234567",
    }
    for file in sorted((ROLES / role / "templates").glob("*.j2")):
        text = file.read_text(encoding="utf-8")
        assert evaluate(role, system, text, **given) == evaluate(role, SYSTEMS[0], text, **given)
        # What differs between systems has no place in a unit: the release brings its own Python.
        assert "apt" not in text
        assert "/usr/bin/python" not in text
