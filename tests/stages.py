"""The stages of `make test`: what each runs, and how its results are counted."""

from __future__ import annotations

import codecs
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests import counts, sanity
from tests.counts import Counts
from tests.postgres import postgres_url

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".cache" / "test-logs"
BIN = Path(sys.executable).parent
# Enough for a test to take down what it has started.
END_SECONDS = 120
# Beginnings of the names of variables by which the Makefile hands values on to a verb.
HANDED_ON = ("SLIPWAY_GIVEN", "SLIPWAY_GOALS")
SAMPLE = ROOT / "examples" / "app"


class EndedError(Exception):
    """A stage was told to end, and wanted to run another command."""


class Runner:
    """Runs a stage's commands, all output going to one log."""

    def __init__(self, name: str, live: bool) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log = LOGS / f"{name}.log"
        self.junit = LOGS / f"{name}.xml"
        self.live = live
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.ended = False
        self.log.write_bytes(b"")
        self.junit.unlink(missing_ok=True)

    def run(self, argv: list[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> int:
        """Run a command to its end, showing its output as it comes, and return its exit code."""
        if self.ended:
            raise EndedError
        self.say(f"$ {' '.join(argv)}\n")
        with subprocess.Popen(
            argv,
            cwd=cwd,
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            # A group of its own, which an interruption can end as a whole.
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            self._process = process
            try:
                if self.ended:
                    # Told so between the look above and the start.
                    _end(process)
                # Not by lines: pytest ends one after 72 tests, which may be minutes.
                decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
                while chunk := os.read(process.stdout.fileno(), 65536):
                    self.say(decoder.decode(chunk))
            except BaseException:
                _end(process)
                raise
            finally:
                self._process = None
        return process.returncode

    def end(self) -> None:
        """End what it runs, from another thread, and let it run nothing more."""
        self.ended = True
        if process := self._process:
            _end(process)

    def run_beside(self, argv: list[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Run a command beside others: its output is shown in one piece, and returned with the exit code."""
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=_environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.say(f"$ {' '.join(argv)}\n{done.stdout}")
        return done.returncode, done.stdout

    def say(self, text: str) -> None:
        """Write to the log, and to the terminal too when the stage runs live."""
        with self._lock:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(text)
            if self.live:
                print(text, end="", flush=True)


@dataclass(frozen=True)
class Stage:
    """One line of the report. `sandbox` names the instance of the sandbox that it starts, if it does."""

    name: str
    run: Callable[[Runner], Counts]
    sandbox: str | None = None


def linters() -> dict[str, tuple[list[str], Path]]:
    """Return each linter's command and folder. .pre-commit-config.yaml has the same commands."""
    mypy = [_tool("mypy"), "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir"]
    return {
        "yamllint": ([_tool("yamllint"), "--strict", "."], ROOT),
        "ansible-lint": ([_tool("ansible-lint"), "-q", "--offline"], ROOT),
        "ruff-check": ([_tool("ruff"), "check", "."], ROOT),
        "ruff-format": ([_tool("ruff"), "format", "--check", "."], ROOT),
        # Its folders are in pyproject.toml.
        "mypy": ([*mypy, str(ROOT / ".cache" / "mypy")], ROOT),
        # A program of its own, with imports that start in its own folder.
        "mypy-sample": ([*mypy, str(ROOT / ".cache" / "mypy-sample"), "."], SAMPLE),
    }


def lint(runner: Runner) -> Counts:
    """Run all linters at once; each counts as one test."""
    commands = linters().values()
    with ThreadPoolExecutor(len(commands)) as pool:
        codes = pool.map(lambda command: runner.run_beside(*command)[0], commands)
        return sum((counts.from_exit_code(code) for code in codes), Counts())


def pytest_stage(name: str, *arguments: Path | str, long: bool = False, sandbox: str | None = None) -> Stage:
    """Make a stage of pytest's arguments (folders, options): of the tests marked `long`, or of all others."""

    def run(runner: Runner) -> Counts:
        argv = [_tool("pytest"), *map(str, arguments), f"--junitxml={runner.junit}", "-q", "-p", "no:cacheprovider"]
        argv += ["-m", "long" if long else "not long"]
        return counts.from_junit(runner.junit, runner.run(argv))

    return Stage(name, run, sandbox)


def app_test(runner: Runner) -> Counts:
    """Run the sample service's tests, with a Postgres of the sandbox's own image."""
    with postgres_url() as url:
        argv = [_tool("pytest"), f"--junitxml={runner.junit}", "-q", "-p", "no:cacheprovider"]
        return counts.from_junit(runner.junit, runner.run(argv, SAMPLE, {"TEST_DATABASE_URL": url}))


def terraform(runner: Runner) -> Counts:
    """Check the format of all, and validate and test each module and root, several at once."""
    # It tells of its progress on standard error, and only its answer on standard output.
    provider = subprocess.run(
        [sys.executable, "-m", "slipway.launch", "provider"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    runner.say(provider.stderr)
    if provider.returncode:
        return Counts(failed=1)
    env = {"TF_CLI_CONFIG_FILE": provider.stdout.strip(), "TF_IN_AUTOMATION": "1"}
    result = counts.from_exit_code(
        runner.run(["terraform", "fmt", "-check", "-recursive", "-diff", "terraform"], env=env)
    )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(pool.map(lambda folder: _terraform_folder(runner, folder, env), terraform_folders()), result)


def terraform_folders() -> list[Path]:
    """Return every folder that is a module or a root."""
    return sorted({path.parent for path in (ROOT / "terraform").rglob("*.tf") if ".terraform" not in path.parts})


def _terraform_folder(runner: Runner, folder: Path, env: dict[str, str]) -> Counts:
    name = folder.relative_to(ROOT / "terraform")
    env = env | {"TF_DATA_DIR": str(ROOT / ".cache" / "terraform" / "-".join(name.parts))}
    command = ["terraform", f"-chdir={folder.relative_to(ROOT)}"]
    code, _ = runner.run_beside([*command, "init", "-backend=false", "-input=false", "-no-color"], env=env)
    if code:
        return Counts(failed=1)
    code, _ = runner.run_beside([*command, "validate", "-no-color"], env=env)
    result = counts.from_exit_code(code)
    if any(folder.rglob("*.tftest.hcl")):
        code, output = runner.run_beside([*command, "test", "-no-color"], env=env)
        result += counts.from_terraform(output, code)
    return result


def sanity_tests(runner: Runner) -> Counts:
    """Run ansible-test's sanity tests of the collection, one by one."""
    place = ROOT / ".cache" / "sanity"
    folder = sanity.prepare(place)
    # ansible-test keeps its virtual environments in the home directory, and wants a UTF-8 locale.
    env = {"HOME": str(place / "home"), "LC_ALL": "C.UTF-8"}
    _, listed = runner.run_beside(sanity.command("--list-tests"), folder, env)
    names = re.findall(r"^[a-z0-9-]+$", listed, re.MULTILINE)
    if not names:
        return Counts(failed=1)
    outcomes = ((name, *runner.run_beside(sanity.command("--test", name), folder, env)) for name in names)
    return sum((sanity.judged(*outcome) for outcome in outcomes), Counts())


def molecule(runner: Runner) -> Counts:
    """Run every scenario of molecule."""
    argv = [str(ROOT / "molecule" / "run"), f"--junitxml={runner.junit}"]
    return counts.from_junit(runner.junit, runner.run(argv))


def mutate(runner: Runner) -> Counts:
    """Take each task of each role away, and see that the role's tests notice it."""
    argv = [str(ROOT / "molecule" / "mutate"), f"--junitxml={runner.junit}"]
    return counts.from_junit(runner.junit, runner.run(argv))


def interruptions(runner: Runner) -> Counts:
    """End 200 releases at random moments; each round is a test, and the seed is printed."""
    argv = [sys.executable, "-m", "tests.faults", "--rounds", "200", f"--junitxml={runner.junit}"]
    return counts.from_junit(runner.junit, runner.run(argv))


def faults(runner: Runner) -> Counts:
    """Let faults happen: side by side to hosts that are an application each, then to all of them as one."""
    if runner.run([sys.executable, "-m", "tests.faults.site"]):
        return Counts(failed=1)
    folder = ROOT / "tests" / "faults"
    fleet = str(folder / "test_fleet.py")
    result = Counts()
    for options in ([str(folder), f"--ignore={fleet}", "-n", "4", "--dist", "loadfile"], [fleet]):
        runner.junit.unlink(missing_ok=True)
        argv = [_tool("pytest"), *options, f"--junitxml={runner.junit}", "-q", "-p", "no:cacheprovider"]
        result += counts.from_junit(runner.junit, runner.run(argv))
    return result


AWS_RULES = ROOT / "tests" / "aws_rules"
E2E = ROOT / "tests" / "e2e"

STAGES = (
    Stage("lint", lint),
    # A file's tests share what it has started, so they stay in one process.
    pytest_stage("unit", ROOT / "tests" / "unit", ROOT / "sandbox" / "tests", "-n", "auto", "--dist", "loadfile"),
    Stage("app-test", app_test),
    Stage("terraform-test", terraform),
    pytest_stage("aws-rules", AWS_RULES),
    pytest_stage("checkov", ROOT / "tests" / "checkov"),
    Stage("molecule", molecule, sandbox="test"),
    pytest_stage("integration", ROOT / "tests" / "integration", sandbox="test"),
    pytest_stage("e2e", E2E, sandbox="main"),
)

#: What takes long by its nature; docs/tests.md says when each was last run, and with which result.
LONG_STAGES = (
    Stage("sanity", sanity_tests),
    pytest_stage("aws-rules-long", AWS_RULES, long=True),
    pytest_stage("e2e-long", E2E, long=True, sandbox="main"),
    Stage("faults", faults, sandbox="main"),
    Stage("interruptions", interruptions, sandbox="main"),
    Stage("mutate", mutate, sandbox="test"),
)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command as Ctrl-C would, and by force what is left of it and of all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tool(name: str) -> str:
    """Return the path of a program of .venv. Raises RuntimeError if the packages for tests are not installed."""
    if not (BIN / name).is_file():
        raise RuntimeError(f"{name} is not in .venv: unset SLIPWAY_PACKAGES and run the same command again")
    return str(BIN / name)


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    """Return a stage's environment: the tools of .venv first, as after activating it, and this project's settings.

    What the Makefile hands on to a verb (SLIPWAY_GIVEN…, SLIPWAY_GOALS) is left out: it belongs to the call of make
    that runs the tests, and a test that prints its environment or calls a verb would find it.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(HANDED_ON)}
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    own = {"PATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    return inherited | own | (more or {})
