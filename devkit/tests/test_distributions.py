"""The plugins that are kept for tests: one to read, which stands everything, and a hostile one, which is found out.

Neither is installed by tools/dev.py, and neither is released.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.warm_python import WarmPython

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = sorted(path.parent for path in ROOT.glob("tests/distributions/*/pyproject.toml"))
REFERENCE, HOSTILE = ROOT / "tests" / "distributions" / "reference", ROOT / "tests" / "distributions" / "hostile"
QUIET = ("-q", "-p", "no:cacheprovider")


class Runner(Protocol):
    """What a program says that ends with `code`. path: where the packages are that it finds besides the others."""

    def __call__(self, *command: str | Path, at: Path, path: Path, code: int = 0) -> str: ...


@pytest.fixture(scope="module")
def run(warm_python: WarmPython) -> Runner:
    def run(*command: str | Path, at: Path, path: Path, code: int = 0) -> str:
        # Wide, so that no line of a summary is cut.
        environment = {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
        program, *arguments = command
        ran = warm_python.run(str(program), *arguments, at=at, environment=environment)
        assert ran.code == code, ran.output
        return ran.output

    return run


def install(run: Runner, target: Path, *folders: Path) -> Path:
    """Install plugins into a folder, with their entry points, from what is on this machine."""
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", *options, "--target", target, *folders, at=target, path=target)
    return target


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, run: Runner) -> Path:
    """Where the reference plugin is installed and no other."""
    return install(run, tmp_path_factory.mktemp("alone"), REFERENCE)


@pytest.fixture(scope="module")
def neighbors(tmp_path_factory: pytest.TempPathFactory, run: Runner) -> Path:
    """Where both are installed."""
    return install(run, tmp_path_factory.mktemp("neighbors"), REFERENCE, HOSTILE)


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("TestReference and not TestReferenceCart", "conformance: reference: "),
        ("TestReferenceCart", "conformance: reference-cart: "),
        ("not TestReference", " passed"),
    ],
    ids=["service", "cart", "others"],
)
def test_the_reference_plugin_stands_its_tests(tests: str, told: str, alone: Path, run: Runner) -> None:
    """Among the others: each hook of hookspecs.py is implemented there, and exercised."""
    assert told in run("pytest", *QUIET, "-k", tests, at=REFERENCE, path=alone)


def test_the_reference_plugin_keeps_the_highest_level(alone: Path, run: Runner) -> None:
    """But for what its tests say, which run above."""
    told = run("orderdesk_sdk.cli", "check-plugin", REFERENCE, "--no-tests", at=ROOT, path=alone)
    assert "orderdesk-reference  platinum  tests not run  ok" in told


def test_a_healthy_neighbor_of_the_hostile_plugin_is_settled(neighbors: Path, run: Runner) -> None:
    """Law 10, with both installed, and with listeners that raise or cannot be imported."""
    assert "passed" in run("pytest", *QUIET, at=HOSTILE, path=neighbors)


FOUND_OUT = {
    "TestRaises": Requirement.RUNS_WITHOUT_ERROR,
    "TestExits": Requirement.RUNS_WITHOUT_ERROR,
    "TestHangs": Requirement.RUNS_WITHOUT_ERROR,
    "TestFloods": Requirement.RUNS_WITHOUT_ERROR,
    "TestReturnsJunk": Requirement.RUNS_WITHOUT_ERROR,
    "TestYieldsJunk": Requirement.RUNS_WITHOUT_ERROR,
    "TestLacksAPart": Requirement.RUNS_WITHOUT_ERROR,
    "TestShouts": Requirement.ENDS_AS_DECLARED,
    "TestLeaks": Requirement.NO_SECRET,
    "TestStrays": Requirement.OWN_HOSTS,
    "TestLies": Requirement.EVIDENCE,
}
"""What the conformance suite says of each kind of the hostile plugin."""
TELLING = (
    "as_the_declaration_says or (TestLeaks and echoes_the_request) or (TestStrays and declared_hosts)"
    " or (TestLies and malformed)"
)
"""Of the suite what is needed for it."""


def test_the_suite_complains_of_every_kind_by_the_rule_that_it_breaks(neighbors: Path, run: Runner) -> None:
    told = run("pytest", *QUIET, "--tb=no", "tests/complaints.py", "-k", TELLING, at=HOSTILE, path=neighbors, code=1)
    summary = [line.split("::") for line in told.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    rules = {(kind, rule.partition("ConformanceError: rule: ")[2]) for _, kind, rule in summary}
    assert {(kind, law.value[0]) for kind, law in FOUND_OUT.items()} <= rules
    assert {kind for kind, _ in rules} == {*FOUND_OUT, "TestPart"}
    assert "ModuleNotFoundError: No module named 'orderdesk_hostile_absent'" in told


def test_the_check_complains_of_what_the_hostile_plugin_lacks(neighbors: Path, run: Runner) -> None:
    told = run("orderdesk_sdk.cli", "check-plugin", HOSTILE, "--no-tests", at=ROOT, path=neighbors, code=1)
    assert "loads: integration hostile-part: the plugin cannot be used: ModuleNotFoundError" in told
    assert "it names collect.example, which no setting declares" in told


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_kept_for_tests_is_neither_installed_nor_released(folder: Path) -> None:
    table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in table["classifiers"]
    ours = set(table["entry-points"]["orderdesk.integrations"])
    assert not ours & {point.name for point in entry_points(group="orderdesk.integrations")}
    sdk = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert not [name for name in sdk["sdist"]["include"] if name.startswith("/tests")]
    assert sdk["wheel"]["packages"] == ["orderdesk_sdk"]
