"""`orderdesk check-plugin` and the conformance tests of a plugin: what fails or is untested keeps it from its level."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_devkit.quality.plugin_folder import PluginFolder, find_folder
from orderdesk_devkit.quality.report import Level, QualityReport, check
from orderdesk_devkit.quality.rules import RULES
from orderdesk_devkit.quality.suite_run import run_conformance_tests
from orderdesk_sdk.cli.group import orderdesk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
TESTS = """\
import os
import time

from orderdesk_devkit.testing.conformance.requirement import Requirement, require


class PluginConformance:
    def test_that_holds(self, record_property):
        record_property("untested", ("bdlinx", "endings: declare `endings` in TestBdlinx", False))
        record_property("untested", ("bdlinx", "the setting base_url: it is read by hand", True))

    def test_that_does_not_apply(self):
        import pytest
        pytest.skip("nothing to try")


class TestBdlinx(PluginConformance):
    integration = "bdlinx"

    def test_more(self):
        {more}
"""
FAILS = 'require(Requirement.EVIDENCE, ["first it lies", "then again"])'
HOLDS = "assert os"
DEADLY = """\
[project]
name = "orderdesk-deadly-now"

[project.entry-points."orderdesk.integrations"]
deadly-now = "orderdesk_deadly_now"
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of a plugin that keeps every rule of gold, with quick tests in place of its own."""
    ignored = shutil.ignore_patterns("__pycache__")
    copy = Path(shutil.copytree(ROOT / "plugins" / "bdlinx", tmp_path / "bdlinx", ignore=ignored))
    write_tests(copy, HOLDS)
    return copy


def write_tests(plugin: Path, more: str) -> None:
    (plugin / "tests" / "test_conformance.py").write_text(TESTS.format(more=more), encoding="utf-8")


def verdict_of(folder: PluginFolder, timeout: float = 600.0) -> QualityReport:
    folder.suite = run_conformance_tests(folder, timeout)
    return check(folder, RULES)


def test_what_the_suite_cannot_try_costs_gold_and_is_shown_as_untested(plugin: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["check-plugin", str(plugin)])
    assert ran.exit_code == 1
    assert "gold    silver   violations" in ran.stdout
    assert "tried: integration bdlinx: untested: endings: declare `endings` in TestBdlinx" in ran.stdout
    assert "tried: integration bdlinx: untested: the setting base_url: it is read by hand" in ran.stdout
    assert "1 wrong, 1 to look at" in ran.stdout
    assert "running its conformance tests, a few minutes (--no-tests leaves them out)" in ran.stderr
    assert "2 passed, 0 failed, 1 do not apply, in " in ran.stderr


def test_what_is_exempted_from_being_tried_keeps_gold(plugin: Path) -> None:
    project = plugin / "pyproject.toml"
    exempt = 'level = "gold"\nexempt = { tried = "the service has no state that a test could reach" }'
    project.write_text(project.read_text(encoding="utf-8").replace('level = "gold"', exempt), encoding="utf-8")
    assert verdict_of(find_folder(str(plugin))).reached_level is Level.GOLD
    assert check(find_folder(str(plugin)), RULES).is_ok, "without its tests nobody knows whether it is needed"


def test_a_test_that_fails_leaves_no_level_and_is_told_with_rule_and_hint(plugin: Path) -> None:
    write_tests(plugin, FAILS)
    ran = CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--json"])
    told = json.loads(ran.stdout)["plugins"][0]
    assert (ran.exit_code, told["reached_level"], told["tests"]["failed"]) == (1, None, 1)
    (failed,) = (found for found in told["violations"] if found["rule"] == "passes")
    assert failed["location"].endswith("TestBdlinx::test_more")
    assert failed["message"].startswith("rule: ")
    assert failed["message"].endswith("; first it lies; then again")
    assert failed["hint"].endswith("run `python -m pytest -k test_more` there")


@pytest.mark.parametrize(
    ("more", "timeout", "told"),
    [
        ("os._exit(3)", 600.0, "the process of the tests ended with exit code 3"),
        ("time.sleep(3600)", 1.0, "the tests did not end within 1 s"),
        ("1 +", 600.0, "SyntaxError: invalid syntax"),
    ],
    ids=["it ends Python", "it hangs", "it cannot be read"],
)
def test_tests_that_do_not_end_well_are_told(plugin: Path, more: str, timeout: float, told: str) -> None:
    folder = find_folder(str(plugin))
    assert folder.test_modules, "read before they are broken"
    write_tests(plugin, more)
    verdict = verdict_of(folder, timeout)
    (failed,) = (found for found in verdict.violations if found.rule == "passes")
    assert told in failed.message
    assert verdict.reached_level is None


def test_without_its_tests_no_level_is_reached(plugin: Path) -> None:
    write_tests(plugin, FAILS)
    ran = CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--no-tests"])
    assert "gold    tests not run  ok" in ran.stdout
    assert ran.exit_code == 0


def test_a_plugin_that_ends_python_at_its_import_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "deadly_now"
    package = plugin / "src" / "orderdesk_deadly_now"
    installed = tmp_path / "site" / "orderdesk_deadly_now-1.dist-info"
    for folder in (package, installed):
        folder.mkdir(parents=True)
    (plugin / "pyproject.toml").write_text(DEADLY, encoding="utf-8")
    (package / "__init__.py").write_text("import os\nos._exit(9)\n", encoding="utf-8")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: orderdesk-deadly-now\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[orderdesk.integrations]\ndeadly-now = orderdesk_deadly_now\n")
    for folder in (package.parent, installed.parent):
        monkeypatch.syspath_prepend(str(folder))
    (found,) = (one for one in verdict_of(find_folder(str(plugin))).violations if one.rule == "loads")
    assert "its import ended the Python process (exit code 9)" in found.message
    assert "python -X faulthandler -c 'import orderdesk_deadly_now'" in found.hint
    assert "`orderdesk plugins disable deadly-now`" in found.hint
