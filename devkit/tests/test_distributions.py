"""The plugins that are kept for tests: one to read, which stands everything, and a hostile one, which is found out.

Neither is installed by tools/dev.py, and neither is released.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance import Requirement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = sorted(path.parent for path in ROOT.glob("tests/distributions/*/pyproject.toml"))
REFERENCE, HOSTILE = ROOT / "tests" / "distributions" / "reference", ROOT / "tests" / "distributions" / "hostile"
QUIET = ("-q", "-p", "no:cacheprovider")


def run(*command: str | Path, at: Path, path: Path, code: int = 0) -> str:
    """What a program says that ends with `code`. path: where the packages are that it finds besides the others."""
    # Wide, so that no line of a summary is cut.
    environment = os.environ | {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000"}
    program = [sys.executable, "-m", *map(str, command)]
    ran = subprocess.run(program, cwd=at, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == code, f"{ran.stdout}{ran.stderr}"
    return ran.stdout


def install(target: Path, *folders: Path) -> Path:
    """Install plugins into a folder, with their entry points, from what is on this machine."""
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", *options, "--target", target, *folders, at=target, path=target)
    return target


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reference plugin is installed and no other."""
    return install(tmp_path_factory.mktemp("alone"), REFERENCE)


@pytest.fixture(scope="module")
def neighbors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both are installed."""
    return install(tmp_path_factory.mktemp("neighbors"), REFERENCE, HOSTILE)


def test_the_reference_plugin_stands_its_tests(alone: Path) -> None:
    """Among them: each hook of hookspecs.py is implemented there, and exercised."""
    told = run("pytest", *QUIET, at=REFERENCE, path=alone)
    assert "conformance: reference: " in told
    assert "conformance: reference-cart: " in told


def test_the_reference_plugin_keeps_the_highest_level(alone: Path) -> None:
    told = run("orderdesk_sdk.cli", "check-plugin", REFERENCE, at=ROOT, path=alone)
    assert "orderdesk-reference  platinum  platinum  ok" in told


def test_a_healthy_neighbor_of_the_hostile_plugin_is_settled(neighbors: Path) -> None:
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


def test_the_suite_complains_of_every_kind_by_the_rule_that_it_breaks(neighbors: Path) -> None:
    told = run("pytest", *QUIET, "--tb=no", "tests/complaints.py", "-k", TELLING, at=HOSTILE, path=neighbors, code=1)
    summary = [line.split("::") for line in told.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    rules = {(kind, rule.partition("ConformanceError: rule: ")[2]) for _, kind, rule in summary}
    assert {(kind, law.value[0]) for kind, law in FOUND_OUT.items()} <= rules
    assert {kind for kind, _ in rules} == {*FOUND_OUT, "TestPart"}
    assert "ModuleNotFoundError: No module named 'orderdesk_hostile_absent'" in told


def test_the_check_complains_of_what_the_hostile_plugin_lacks(neighbors: Path) -> None:
    told = run("orderdesk_sdk.cli", "check-plugin", HOSTILE, at=ROOT, path=neighbors, code=1)
    assert "loads: integration hostile-part: the plugin cannot be used: ModuleNotFoundError" in told
    assert "it names collect.example, which no setting declares" in told


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_kept_for_tests_is_neither_installed_nor_released(folder: Path) -> None:
    table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in table["classifiers"]
    ours = set(table["entry-points"]["orderdesk.integrations"])
    assert not ours & {point.name for point in entry_points(group="orderdesk.integrations")}
    sdk = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert "/tests/distributions" in sdk["sdist"]["exclude"]
    assert sdk["wheel"]["packages"] == ["orderdesk_sdk"]
