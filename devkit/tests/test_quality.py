"""The quality levels: every rule finds the plugin that breaks it, says where and what to do, and mends what it can."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner

import orderdesk_bdlinx
from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_devkit.quality.checks_source import statement_count
from orderdesk_devkit.quality.plugin_folder import PluginFolder, find_folder
from orderdesk_devkit.quality.report import Level, QualityReport, QualityRule, Violation, check
from orderdesk_devkit.quality.rules import RULES
from orderdesk_devkit.quality.suite_result import SuiteResult
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.errors import ConfigurationError, NotFoundError
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.profiles.api_settings import orderdesk_cancel, orderdesk_poll
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Button, ManualConfirmation

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
REFERENCE = ROOT / "docs" / "reference" / "cli-json.md"

PASSED = SuiteResult(passed=40)
"""How the conformance tests of a plugin end that keeps the rules about them; test_plugin_suite.py runs some."""

Break = Callable[[Path], None]


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of a plugin that keeps every rule of gold."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "plugins" / "bdlinx", tmp_path / "bdlinx", ignore=ignored))


def verdict_of(plugin: Path, registry: PluginRegistry | None = None) -> QualityReport:
    folder = find_folder(str(plugin), registry)
    folder.suite = PASSED
    return check(folder, RULES)


def changed(name: str, old: str, new: str) -> Break:
    """Changes a file of the plugin."""

    def change(plugin: Path) -> None:
        text = (plugin / name).read_text(encoding="utf-8")
        assert old in text, "what is to be changed is there"
        (plugin / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def gone(name: str) -> Break:
    return lambda plugin: (plugin / name).unlink()


def code(text: str) -> Break:
    """Adds a module with this text."""

    def add(plugin: Path) -> None:
        (plugin / "src/orderdesk_bdlinx/more.py").write_text(text, encoding="utf-8")

    return add


def renamed(plugin: Path) -> None:
    plugin.rename(plugin.with_name("other"))


def one_more_cassette(plugin: Path) -> None:
    shutil.copy(plugin / "tests/cassettes/too-late.yaml", plugin / "tests/cassettes/too-soon.yaml")


PROJECT, README = "pyproject.toml", "README.md"
CASSETTE = "tests/cassettes/too-late.yaml"
FLOW = "import {0}\n\ndef flow(service):\n    yield service.get('/orders', str({1}))\n"


def test_every_plugin_of_this_checkout_keeps_what_gold_asks_for_beside_its_tests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    ran = CliRunner().invoke(orderdesk, ["check-plugin", "--all", "--no-tests", "--json"])
    told = json.loads(ran.stdout)
    folders = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml"))
    assert [one["folder"] for one in told["plugins"]] == folders
    assert {(one["claimed_level"], one["reached_level"]) for one in told["plugins"]} == {("gold", None)}
    # A cassette that grows old is told, and is no reason for a test to fail on a day when nobody changed anything.
    assert [fault for one in told["plugins"] for fault in one["violations"] if fault["severity"] == "error"] == []
    assert (ran.exit_code, told["is_ok"]) == (0, True)


@pytest.mark.parametrize(
    ("breaks", "rule", "text"),
    [
        (changed(PROJECT, 'name = "orderdesk-bdlinx"', 'name = "bdlinx-plugin"'), "one-name", "bdlinx-plugin"),
        (changed(PROJECT, 'bdlinx = "orderdesk_bdlinx"', 'bdlinx = "bdlinx"'), "one-name", "of another package"),
        (changed(PROJECT, 'bdlinx = "orderdesk_bdlinx.', 'other = "orderdesk_bdlinx.'), "one-name", "'other' is of no"),
        (changed(PROJECT, '"orderdesk-sdk>=0.1,<0.2"', '"orderdesk-sdk"'), "packaged", "no lower and upper bound"),
        (changed(PROJECT, '    "orderdesk-sdk>=0.1,<0.2",', ""), "packaged", "does not ask for orderdesk-sdk"),
        (changed(PROJECT, 'license = "MIT"\n', ""), "packaged", "is missing"),
        (gone("src/orderdesk_bdlinx/py.typed"), "typed", "is missing"),
        (
            changed(
                PROJECT,
                'bdlinx = "orderdesk_bdlinx"',
                'bdlinx = "orderdesk_bdlinx"\nbdlinx-eu = "orderdesk_bdlinx"',
            ),
            "loads",
            "no such integration is installed",
        ),
        (code("import requests\n"), "no-io", "it imports requests"),
        (code("from urllib import request\n"), "no-io", "it imports urllib.request"),
        (code("import httpx\n\nhttpx.get('/orders')\n"), "no-io", "it calls httpx.get"),
        (code("TEXT = open('x').read()\n"), "no-io", "it calls open"),
        (gone(README), "readme", "is missing"),
        (changed(README, "# orderdesk-bdlinx", "# BDLinx"), "readme", "does not begin with"),
        (changed(README, 'integration = "bdlinx"', ""), "readme", "it shows no connection of bdlinx"),
        (gone("tests/test_conformance.py"), "conformance", "no test runs the conformance suite on bdlinx"),
        (changed("tests/test_conformance.py", '"bdlinx"', '"mww"'), "conformance", "on bdlinx"),
        (code(FLOW.format("datetime", "datetime.datetime.now()")), "deterministic", "flow calls datetime.datetime.now"),
        (code(FLOW.format("uuid", "uuid.uuid4()")), "deterministic", "calls uuid.uuid4"),
        (code(FLOW.format("random", "random.randrange(9)")), "deterministic", "calls random.randrange"),
        (code("URL = 'https://files.bdlinx.example/orders'\n"), "declared-hosts", "it names files.bdlinx.example"),
        (code("X = 1\n" * 251), "small", "251 statements; 250 are allowed"),
        (code("X = 1\n" * 145), "small", "without its simulator; 150 are allowed"),
        (changed(README, "api_secret", "..."), "settings", "does not name api_secret, which bdlinx requires"),
        (
            changed(PROJECT, 'bdlinx = "orderdesk_bdlinx.simulator:BdlinxSimulator"', ""),
            "simulator",
            "has no simulator",
        ),
        (gone("tests/scenarios.py"), "scenarios", "no scenarios.py declares any"),
        (changed("tests/scenarios.py", "SCENARIOS", "SCENES"), "scenarios", "it declares no SCENARIOS"),
        (changed("tests/scenarios.py", "from __future__ import annotations", "1 / 0"), "scenarios", "ZeroDivision"),
        (gone(CASSETTE), "scenarios", "the scenario 'too-late' has no cassette"),
        (one_more_cassette, "scenarios", "the cassette 'too-soon' is of no scenario"),
        (gone("tests/test_cassettes.py"), "scenarios", "no test runs the suite of cassettes"),
        (changed(CASSETTE, "provenance:", "origin:"), "provenance", "is no cassette of ours"),
        (changed(CASSETTE, "integration: bdlinx", "integration: mww"), "provenance", "it is of mww"),
        (
            changed(CASSETTE, "interactions:", "# robin@example.com\ninteractions:"),
            "scrubbed",
            "it holds 1 credentials or",
        ),
        (changed(README, "Verification:", "By the way:"), "verification", "what the plugin was checked against"),
        (changed(README, "record bdlinx", "rec bdlinx"), "recording", "how the cassettes of bdlinx are recorded again"),
    ],
)
def test_a_rule_finds_who_breaks_it(plugin: Path, breaks: Break, rule: str, text: str) -> None:
    assert verdict_of(plugin).violations == ()
    breaks(plugin)
    verdict = verdict_of(plugin)
    found = [fault for fault in verdict.violations if fault.rule == rule]
    assert [fault for fault in found if text in fault.message], verdict.violations
    assert all(fault.location and fault.hint for fault in verdict.violations)
    assert not verdict.is_ok
    level = next(one.level for one in RULES if one.name == rule)
    assert (verdict.reached_level or 0) < level


def test_evidence_that_is_declared_must_be_told(tmp_path: Path) -> None:
    plugin = Path(shutil.copytree(ROOT / "plugins" / "mww", tmp_path / "mww"))
    assert verdict_of(plugin).violations == ()
    changed(README, "Verification: MWW", "Verification: none yet. MWW")(plugin)
    texts = [fault.message for fault in verdict_of(plugin).violations if fault.rule == "verification"]
    assert texts == ["its verification is \"none yet\", and mww declares 'published API'"]


def test_size_is_counted_in_statements_so_that_lines_and_docstrings_cost_nothing() -> None:
    packed = "def total(first, second):\n    return sum([first, second])\n"
    spread = (
        'def total(\n    first,\n    second,\n):\n    """Both."""\n    return sum(\n        [first, second],\n    )\n'
    )
    assert statement_count(ast.parse(packed)) == 2
    assert statement_count(ast.parse(spread)) == 2


def test_a_folder_of_another_name_is_found(plugin: Path) -> None:
    renamed(plugin)
    faults = verdict_of(plugin.with_name("other")).violations
    assert [(fault.rule, fault.message) for fault in faults] == [("one-name", "the folder has another name")]


def test_a_gap_in_a_list_of_reasons_is_found(plugin: Path) -> None:
    class WithGap:
        orderdesk_cancel = staticmethod(orderdesk_cancel)
        orderdesk_poll = staticmethod(orderdesk_poll)

        @hookimpl
        def orderdesk_integration(self) -> Integration:
            gappy = Button(ManualConfirmation(), reasons=ReasonList((ReasonCode("X", "Anything"),)))
            return evolve(orderdesk_bdlinx.orderdesk_integration(), cancel=(gappy,))

    registry = PluginRegistry()
    registry.register(WithGap(), "bdlinx")
    faults = verdict_of(plugin, registry).violations
    assert {fault.rule for fault in faults} == {"declares"}
    assert "its reasons have a gap: no code stands for 'customer asked'" in faults[0].message
    assert "exactly one ReasonCode" in faults[0].hint


def test_a_simulator_that_never_lies_is_found(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BdlinxSimulator, "contradicting_options", {})
    (fault,) = verdict_of(plugin).violations
    assert (fault.rule, fault.message) == (
        "ships-anyway",
        "it does not declare under which options it ships after a cancel",
    )


def test_an_old_cassette_is_told_and_breaks_nothing(plugin: Path) -> None:
    recorded = re.search(r"recorded_at: .*", (plugin / CASSETTE).read_text(encoding="utf-8"))
    assert recorded is not None
    changed(CASSETTE, recorded[0], "recorded_at: 2021-03-01")(plugin)
    verdict = verdict_of(plugin)
    (fault,) = verdict.violations
    assert (fault.rule, fault.warning) == ("provenance", True)
    assert "recorded on 2021-03-01, more than a year ago" in fault.message
    assert (verdict.is_ok, verdict.reached_level) == (True, Level.GOLD)


def test_what_stands_in_a_cassette_is_not_shown(plugin: Path) -> None:
    changed(CASSETTE, "interactions:", "# robin@example.com\ninteractions:")(plugin)
    assert "robin" not in repr(verdict_of(plugin).violations)


def test_what_platinum_asks_for_is_told_ahead(plugin: Path) -> None:
    assert [fault.rule for fault in verdict_of(plugin).next_level_violations] == ["vendor-checked", "recorded-live"]


# Levels and exemptions ------------------------------------------------------------------------------------------------


def rules(*broken: str) -> tuple[QualityRule, ...]:
    """A rule for each level, named like it; those named are broken."""

    def rule(level: Level) -> QualityRule:
        faults = [Violation("here", "it is broken", "mend it")] * (level.label in broken)
        return QualityRule(level.label, level, "it holds", lambda _: faults)

    return tuple(map(rule, Level))


def claiming(**claims: object) -> PluginFolder:
    return PluginFolder(Path("acme"), {"tool": {"orderdesk": claims}}, suite=PASSED)


@pytest.mark.parametrize(
    ("broken", "reached"),
    [((), "platinum"), (("gold",), "silver"), (("bronze", "gold"), None), (("platinum",), "gold")],
)
def test_a_level_is_reached_where_it_and_all_below_are_kept(broken: tuple[str, ...], reached: str | None) -> None:
    found = check(claiming(level="bronze"), rules(*broken)).reached_level
    assert (found.label if found is not None else None) == reached


def test_what_is_above_the_claim_breaks_nothing() -> None:
    verdict = check(claiming(level="silver"), rules("gold", "platinum"))
    assert (verdict.is_ok, verdict.violations) == (True, ())
    assert [fault.rule for fault in verdict.next_level_violations] == ["gold"]


def test_an_exemption_with_a_reason_holds() -> None:
    why = "the service is our own"
    verdict = check(claiming(level="platinum", exempt={"gold": why}), rules("gold"))
    assert (verdict.is_ok, verdict.reached_level, dict(verdict.exemptions)) == (True, Level.PLATINUM, {"gold": why})


@pytest.mark.parametrize(
    ("exempt", "text"),
    [
        ({"gold": ""}, "gold has no reason"),
        ({"gold": "because"}, "gold has no reason"),
        ({"gold": True}, "gold has no reason"),
        ({"silver": "the service is our own"}, "silver is kept, so it needs no exemption"),
        ({"glod": "the service is our own"}, "unknown rule 'glod'"),
        ("gold", "must be a table"),
    ],
)
def test_an_exemption_needs_a_rule_and_a_reason(exempt: object, text: str) -> None:
    verdict = check(claiming(level="platinum", exempt=exempt), rules("gold"))
    assert text in [fault.message for fault in verdict.violations if fault.rule == "level"]
    assert not verdict.is_ok


@pytest.mark.parametrize(("level", "text"), [(None, "it claims no level"), ("golden", "it claims 'golden'")])
def test_a_plugin_must_claim_a_level(level: object, text: str) -> None:
    verdict = check(claiming() if level is None else claiming(level=level), rules("gold"))
    assert text in verdict.violations[0].message
    assert 'write level = "silver"' in verdict.violations[0].hint


# The command ----------------------------------------------------------------------------------------------------------


def test_fix_mends_what_is_mechanical_and_tells_the_rest(plugin: Path) -> None:
    gone("src/orderdesk_bdlinx/py.typed")(plugin)
    changed(README, "# orderdesk-bdlinx", "# BDLinx")(plugin)
    changed(PROJECT, '[tool.orderdesk]\nlevel = "gold"\n', "")(plugin)
    gone("tests/test_conformance.py")(plugin)
    command = ["check-plugin", str(plugin), "--fix", "--no-tests", "--json"]
    told = json.loads(CliRunner().invoke(orderdesk, command).stdout)
    assert {one["rule"] for one in told["mended"]} == {"typed", "readme"}
    assert [(one["rule"], one["can_fix"]) for one in told["plugins"][0]["violations"]] == [
        ("level", False),
        ("conformance", False),
    ]
    assert (plugin / README).read_text(encoding="utf-8").startswith("# orderdesk-bdlinx\n\nCancels orders at BDLinx")
    shutil.copy(ROOT / "plugins/bdlinx/tests/test_conformance.py", plugin / "tests")
    told = json.loads(CliRunner().invoke(orderdesk, command).stdout)
    assert [one["rule"] for one in told["mended"]] == ["level"]
    assert (told["is_ok"], told["plugins"][0]["claimed_level"]) == (True, "gold")
    assert json.loads(CliRunner().invoke(orderdesk, command).stdout)["mended"] == []


def test_a_person_reads_rule_location_message_and_hint(plugin: Path) -> None:
    gone("tests/test_conformance.py")(plugin)
    ran = CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--no-tests"])
    said = " ".join(ran.stdout.split())
    assert "no test runs the conformance suite on bdlinx" in said
    assert "hint: write class TestBdlinx(PluginConformance)" in said
    assert ran.exit_code == 1


def test_a_slug_is_as_good_as_a_path() -> None:
    told = json.loads(CliRunner().invoke(orderdesk, ["check-plugin", "mww-europe", "--no-tests", "--json"]).stdout)
    assert [one["plugin"] for one in told["plugins"]] == ["orderdesk-mww"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["check-plugin"], "name a plugin, or give --all"),
        (["check-plugin", "bdlinx", "--all"], "name a plugin, or give --all"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], text: str) -> None:
    ran = CliRunner().invoke(orderdesk, arguments)
    assert (ran.exit_code, text in ran.stderr) == (2, True)


def test_a_folder_that_is_no_plugin_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no pyproject"):
        find_folder(str(tmp_path))
    (tmp_path / PROJECT).write_text("[project", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is no TOML"):
        find_folder(str(tmp_path))
    with pytest.raises(NotFoundError, match="neither such a folder nor such an integration"):
        find_folder("no-such-plugin")


def test_the_reference_shows_what_check_gives_of_a_plugin(plugin: Path) -> None:
    changed(README, "Verification:", "By the way:")(plugin)
    (plugin / "tests" / "test_conformance.py").unlink()  # So none are run, and `tests` is there all the same.
    real = json.loads(CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--json"]).stdout)
    section = REFERENCE.read_text(encoding="utf-8").partition("## `orderdesk check-plugin`\n")[2]
    example = json.loads(section.partition("```json\n")[2].partition("```")[0])
    assert set(example) == set(real)
    assert set(example["plugins"][0]) == set(real["plugins"][0])
    assert set(example["plugins"][0]["tests"]) == set(real["plugins"][0]["tests"])
    assert set(example["plugins"][0]["violations"][0]) == set(real["plugins"][0]["violations"][0])
