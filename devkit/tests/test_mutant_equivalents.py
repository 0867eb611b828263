"""Mutants that are called equivalent: tried like the others, and refused where the suite tells them from the plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.mutation.campaign import Campaign, run_campaign
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_sdk.errors import ConfigurationError

REASON = "only the text of a message to a person differs"
SOURCE = """\
def is_many(number):
    return number > 1 or number > 4
"""
TESTS = """\
import orderdesk_toy_of_equivalents as toy


def test_it():
    assert toy.is_many(2)
    assert not toy.is_many(1)
"""
ALIKE = "__init__.py:is_many: number changed: 4 -> 5"
OTHER = "__init__.py:is_many: number changed: 1 -> 2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "src" / "orderdesk_toy_of_equivalents"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_conformance.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.syspath_prepend(str(package.parent))
    return tmp_path


def plugin_with(folder: Path, *equivalent: str) -> PluginFolder:
    table = {"equivalent_mutants": dict.fromkeys(equivalent, REASON)}
    points = {"orderdesk.integrations": {"toy-of-equivalents": "orderdesk_toy_of_equivalents"}}
    return PluginFolder(folder, {"project": {"entry-points": points}, "tool": {"orderdesk": table}})


def test_one_that_nothing_tells_from_the_plugin_does_not_count(folder: Path) -> None:
    result = run_campaign(plugin_with(folder, ALIKE), Campaign(jobs=1, only=("number changed",)))
    assert [one.mutant.name for one in result.results] == [OTHER, ALIKE]
    assert result.killed_share == 1


def test_one_that_the_suite_kills_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"finds what is called equivalent: .* 1 -> 2 \(by test_it\) "):
        run_campaign(plugin_with(folder, ALIKE, OTHER), Campaign(jobs=1, only=("number changed",)))
