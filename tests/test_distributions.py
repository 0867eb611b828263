"""The plugins that are kept for tests: the one to read stands everything, and neither is ever installed or released."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "tests" / "distributions" / "reference"


def run(*command: str | Path, at: Path, path: Path) -> str:
    """What a program says that succeeds. path: where the packages are that it finds besides the installed ones."""
    environment = os.environ | {"PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    program = [sys.executable, "-m", *map(str, command)]
    ran = subprocess.run(program, cwd=at, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reference plugin is installed, with its entry points."""
    target = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("pip", "install", *options, "--target", target, REFERENCE, at=target, path=target)
    return target


def test_the_reference_plugin_stands_its_tests(installed: Path) -> None:
    """Among them: each hook of hookspecs.py is implemented there, and exercised."""
    told = run("pytest", "-q", "-p", "no:cacheprovider", at=REFERENCE, path=installed)
    assert "conformance: reference: " in told
    assert "conformance: reference-cart: " in told


def test_the_reference_plugin_keeps_the_highest_level(installed: Path) -> None:
    told = run("orderdesk_sdk.cli", "check", REFERENCE, at=ROOT, path=installed)
    assert "orderdesk-reference  platinum  platinum  ok" in told


@pytest.mark.parametrize("folder", sorted(REFERENCE.parent.iterdir()), ids=lambda folder: folder.name)
def test_what_is_kept_for_tests_is_neither_installed_nor_released(folder: Path) -> None:
    table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in table["classifiers"]
    ours = set(table["entry-points"]["orderdesk.integrations"])
    assert not ours & {point.name for point in entry_points(group="orderdesk.integrations")}
    sdk = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert "/tests/distributions" in sdk["sdist"]["exclude"]
    assert sdk["wheel"]["packages"] == ["orderdesk_sdk"]
