"""What must hold for the cassettes of every plugin, as a class of tests to inherit.

    class TestCassettes(CassetteTests):
        private = ("Atza|",)

It judges the `scenarios.py` and the `cassettes/` beside the test file. What each scenario proves is the plugin's own to
test, with the fixture `cassette`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.cassettes import Source, read_header
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_devkit.testing.record import record_simulated
from orderdesk_devkit.testing.scenarios import Scenarios, load_scenarios, replay_scenario
from orderdesk_devkit.testing.scrubbing import find_unscrubbed
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.registry import PluginRegistry

__all__ = ["CassetteTests"]

_SHORTEST = 4
"""A person's text shorter than this, such as a state, stands everywhere."""
_CHANGES_DAILY = re.compile(r"(?m)^  (?:recorded_at|sdk): .*$")


class CassetteTests:
    """Tests of the cassettes of one plugin.

    Args:
        folder: where `scenarios.py` is; None for the folder of the test file.
        personal_texts: what only the plugin knows that no cassette may hold, such as the person in the simulator's
            responses.
    """

    folder: ClassVar[Path | None] = None
    personal_texts: ClassVar[tuple[str, ...]] = ()

    @pytest.fixture
    def tests(self, request: pytest.FixtureRequest) -> Path:
        """The folder with `scenarios.py` and `cassettes/`."""
        return self.folder or request.path.parent

    @pytest.fixture
    def scenarios(self, tests: Path) -> Scenarios:
        """The table of scenarios in it."""
        return load_scenarios(tests)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Every test with an argument `file` is about one cassette."""
        if "file" in metafunc.fixturenames:
            folder = (self.folder or metafunc.definition.path.parent) / "cassettes"
            metafunc.parametrize("file", sorted(folder.glob("*.yaml")), ids=lambda file: file.stem)

    def test_every_scenario_has_a_cassette_and_every_cassette_a_scenario(
        self, tests: Path, scenarios: Scenarios
    ) -> None:
        names = [scenario.name for scenario in scenarios.table]
        assert names
        assert sorted(file.stem for file in (tests / "cassettes").iterdir()) == sorted(names)

    def test_the_cassette_says_where_it_comes_from(self, file: Path, scenarios: Scenarios) -> None:
        told = read_header(file).provenance
        assert (told.integration, told.service_version) == (scenarios.integration, scenarios.service_version)
        possible = told.source is Source.SIMULATOR or scenarios.named(file.stem).live is not None
        assert possible, "its scenario says that nobody can record it live"

    def test_the_cassette_is_not_stale(self, file: Path, tests: Path) -> None:
        """The plugin still says, to the last exchange, what it said when the cassette was recorded."""
        with replay_scenario(tests, file.stem) as stage:
            assert stage.order == read_header(file).setup.order

    def test_recording_again_gives_the_same_file_but_for_date_and_version(
        self, file: Path, scenarios: Scenarios, tmp_path: Path
    ) -> None:
        if read_header(file).provenance.source is Source.LIVE:
            pytest.skip("recorded live")
        again = tmp_path / file.name
        record_simulated(scenarios, scenarios.named(file.stem), again)
        assert _undated(again) == _undated(file)

    def test_no_cassette_holds_a_secret_or_a_person(self, file: Path, scenarios: Scenarios) -> None:
        text = file.read_text(encoding="utf-8")
        simulator = scenarios.named(file.stem).simulator(VirtualClock())
        fields = settings_fields(PluginRegistry().load(scenarios.integration).integration.settings)
        secrets = {one.name for one in fields if one.kind is SettingKind.SECRET}
        given = simulator.settings("http://127.0.0.1:1")
        words = [str(value) for name, value in given.items() if name in secrets and value]
        words += [word for word in PERSON.values() if len(word) >= _SHORTEST]
        assert [word for word in (*words, *self.personal_texts, "127.0.0.1") if word in text] == []
        assert find_unscrubbed(text) == []


def _undated(file: Path) -> str:
    """The file without what a later day or release changes."""
    return _CHANGES_DAILY.sub("", file.read_text(encoding="utf-8"))
