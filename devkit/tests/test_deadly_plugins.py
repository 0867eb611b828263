"""Plugins that end or hang Python when they are imported: named by a process of their own, and switched off."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.import_probe import probe_imports
from orderdesk_sdk.plugin.registry import PluginRegistry
from tests.support.warm_python import WarmPython

pytestmark = pytest.mark.slow

DEADLY = Path(__file__).resolve().parent.parent.parent / "tests" / "distributions" / "deadly"
QUIET = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
ALL = ("deadly-crash", "deadly-exit", "deadly-hang", "deadly-listener")

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, warm_python: WarmPython) -> Path:
    """Where the deadly distribution is installed."""
    target = tmp_path_factory.mktemp("deadly")
    ran = warm_python.run("pip", "install", *QUIET, "--target", target, DEADLY, at=target)
    assert ran.code == 0, ran.output
    return target


@pytest.fixture
def command(installed: Path, tmp_path: Path, warm_python: WarmPython) -> Command:
    """Runs `orderdesk` in an empty folder where the deadly plugins are installed; what it gives."""

    def run(*arguments: str, code: int = 0) -> Any:
        environment = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
        ran = warm_python.run("orderdesk_sdk.cli", *arguments, "--json", at=tmp_path, environment=environment)
        assert ran.code == code, ran.output
        return json.loads(ran.output)

    return run


def test_doctor_names_each_with_what_its_import_did_and_the_remedy(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orderdesk.toml").write_text('[plugins]\ndisabled = ["deadly-hang"]\n', encoding="utf-8")
    failing = [found for found in command("doctor", code=1)["checks"] if found["status"] == "failing"]
    assert [found["code"] for found in failing] == ["plugin", "plugin", "listener"]
    told = {found["location"].split()[1]: found for found in failing}
    assert "its import ended the Python process (signal SIGSEGV)" in told["deadly-crash"]["message"]
    assert "its import ended the Python process (exit code 7)" in told["deadly-exit"]["message"]
    assert "its import ended the Python process (exit code 7)" in told["deadly-listener"]["message"]
    for name, found in told.items():
        assert f"`orderdesk plugins disable {name}`" in found["hint"]
        assert "orderdesk-deadly" in found["location"]


def test_once_they_are_disabled_every_command_works(command: Command) -> None:
    for name in ALL:
        changed = command("plugins", "disable", name)
        assert (changed["name"], changed["disabled"], changed["cases"]) == (name, True, [])
    listed = command("plugins", "list")["plugins"]
    assert {found["name"] for found in listed if found["disabled"]} == set(ALL)
    assert command("doctor")["status"] == "degraded"
    checked = {found["slug"]: found for found in command("integrations", "--check")["integrations"]}
    assert checked["deadly-exit"]["disabled"]
    assert "is disabled" in checked["deadly-exit"]["plugin_error"]["message"]
    assert checked["amazon-mcf"]["plugin_error"] is None
    command("plugins", "enable", "deadly-crash")
    checked = {found["slug"]: found for found in command("integrations", "--check", code=1)["integrations"]}
    assert not checked["deadly-crash"]["disabled"]
    assert "SIGSEGV" in checked["deadly-crash"]["plugin_error"]["message"]


def test_a_name_that_is_not_installed_is_refused_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    assert "no plugin of this name" in command("plugins", "disable", "deadly", code=1)["error"]["message"]
    assert "is not disabled" in command("plugins", "enable", "deadly-exit", code=1)["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_an_import_that_never_ends_is_given_up(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    registry = PluginRegistry()
    others = {*registry.slugs(), *(point.name for point in registry.entry_points(LISTENERS))} - {"deadly-hang"}
    registry.disable(others)
    found = probe_imports(registry, timeout=1)
    assert set(found.integrations) == {"deadly-hang"}
    assert "did not end within 1 s" in found.integrations["deadly-hang"].message
    assert "orderdesk_deadly.hangs" not in sys.modules
    registry.refuse("deadly-hang", found.integrations["deadly-hang"])
    with pytest.raises(PluginError, match="did not end within 1 s"):
        registry.load("deadly-hang")
