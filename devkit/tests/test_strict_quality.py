"""What is only a warning about a plugin: told always, and an error with --strict."""

from __future__ import annotations

import json
import re
import shutil
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

import orderdesk_bdlinx
from orderdesk_devkit.quality.plugin_folder import find_folder
from orderdesk_devkit.quality.report import check
from orderdesk_devkit.quality.rules import RULES
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.profiles.api_settings import orderdesk_cancel, orderdesk_poll
from orderdesk_sdk.plugin.registry import PluginRegistry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of a plugin that keeps every rule of gold."""
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(ROOT / "plugins" / "bdlinx", tmp_path / "bdlinx", ignore=ignored))


def test_what_warns_while_it_loads_is_told_and_breaks_nothing_unless_strict(plugin: Path) -> None:
    class Warns:
        @staticmethod
        @hookimpl
        def orderdesk_integration() -> Integration:
            warnings.warn("read_bytes goes with acme 2", DeprecationWarning, stacklevel=1)
            return orderdesk_bdlinx.orderdesk_integration()

        orderdesk_cancel, orderdesk_poll = staticmethod(orderdesk_cancel), staticmethod(orderdesk_poll)

    def registry() -> PluginRegistry:
        made = PluginRegistry()
        made.register(Warns(), "bdlinx")
        return made

    verdict = check(find_folder(str(plugin), registry()), RULES)
    (warned,) = verdict.violations
    assert (warned.rule, warned.warning, verdict.is_ok) == ("loads", True, True)
    assert "its import or declaration warns: DeprecationWarning: read_bytes goes with acme 2" in warned.message
    strict = check(find_folder(str(plugin), registry()), RULES, strict=True)
    assert ([one.warning for one in strict.violations], strict.is_ok, strict.reached_level) == ([False], False, None)


def test_the_command_counts_a_warning_as_an_error_with_strict(plugin: Path) -> None:
    cassette = plugin / "tests" / "cassettes" / "too-late.yaml"
    text = cassette.read_text(encoding="utf-8")
    cassette.write_text(re.sub(r"recorded_at: .*", "recorded_at: 2021-03-01", text), encoding="utf-8")
    assert CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--no-tests"]).exit_code == 0
    ran = CliRunner().invoke(orderdesk, ["check-plugin", str(plugin), "--strict", "--no-tests", "--json"])
    assert ran.exit_code == 1
    (found,) = json.loads(ran.stdout)["plugins"][0]["violations"]
    assert (found["rule"], found["severity"]) == ("provenance", "error")
