"""The tests that every plugin inherits for its cassettes fail where a cassette is not as it must be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.cassettes import CassetteMismatch
from orderdesk_devkit.testing.scenarios import Scenarios, load_scenarios
from orderdesk_sdk.errors import ConfigurationError

PLUGIN = Path(__file__).parent.parent.parent / "plugins/bdlinx/tests"
NAME = "too-late"

Trial = Callable[[CassetteTests, Path, Scenarios], None]


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A copy of a plugin's scenarios and cassettes, to be spoiled."""
    shutil.copy(PLUGIN / "scenarios.py", tmp_path)
    shutil.copytree(PLUGIN / "cassettes", tmp_path / "cassettes")
    return tmp_path


def completeness(suite: CassetteTests, tests: Path, scenarios: Scenarios) -> None:
    suite.test_every_scenario_has_a_cassette_and_every_cassette_a_scenario(tests, scenarios)


def origin(suite: CassetteTests, tests: Path, scenarios: Scenarios) -> None:
    suite.test_the_cassette_says_where_it_comes_from(tests / f"cassettes/{NAME}.yaml", scenarios)


def freshness(suite: CassetteTests, tests: Path, scenarios: Scenarios) -> None:
    suite.test_the_cassette_is_not_stale(tests / f"cassettes/{NAME}.yaml", tests)


def sameness(suite: CassetteTests, tests: Path, scenarios: Scenarios) -> None:
    again = tests / "again"
    suite.test_recording_again_gives_the_same_file_but_for_date_and_version(
        tests / f"cassettes/{NAME}.yaml", scenarios, again
    )


def privacy(suite: CassetteTests, tests: Path, scenarios: Scenarios) -> None:
    suite.test_no_cassette_holds_a_secret_or_a_person(tests / f"cassettes/{NAME}.yaml", scenarios)


TRIALS = [completeness, origin, freshness, sameness, privacy]


@pytest.mark.parametrize("trial", TRIALS)
def test_a_good_cassette_passes(tests: Path, trial: Trial) -> None:
    trial(CassetteTests(), tests, load_scenarios(tests))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trial", "old", "new"),
    [
        (origin, "service_version: as configured", "service_version: as guessed"),
        (origin, "integration: bdlinx", "integration: mww"),
        (freshness, "method: POST\n    uri", "method: PUT\n    uri"),
        (freshness, "/stop\n    headers", "/halt\n    headers"),
        (sameness, "too late", "much too late"),
        (sameness, "code: 409", "code: 400"),
        (privacy, "too late", "not-a-real-secret"),
        (privacy, "too late", "ask Understudy"),
        (privacy, "too late", "ask ann@shop.example"),
        (privacy, "too late", "see http://127.0.0.1/"),
        (privacy, "accept: application/json", "authorization: Basic YTpi"),
        (privacy, "accept: application/json", "X-Api-Key: '1'"),
    ],
)
def test_a_spoiled_cassette_fails(tests: Path, trial: Trial, old: str, new: str) -> None:
    file = tests / f"cassettes/{NAME}.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises((AssertionError, CassetteMismatch)):
        trial(CassetteTests(), tests, load_scenarios(tests))


def test_a_cassette_of_another_order_or_of_other_details_is_stale(tests: Path) -> None:
    file = tests / f"cassettes/{NAME}.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (("order: '1042'", "order: '1043'"), ("details: {}", "details: {payment_type: Visa}")):
        file.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(ConfigurationError, match="its order is not the scenario's"):
            freshness(CassetteTests(), tests, load_scenarios(tests))


@pytest.mark.parametrize("spoil", [lambda file: file.unlink(), lambda file: file.rename(file.with_stem("of-nobody"))])
def test_a_cassette_too_few_or_too_many_fails(tests: Path, spoil: Callable[[Path], object]) -> None:
    spoil(tests / f"cassettes/{NAME}.yaml")
    with pytest.raises(AssertionError):
        completeness(CassetteTests(), tests, load_scenarios(tests))


def test_what_only_the_plugin_knows_to_be_private_is_looked_for(tests: Path) -> None:
    class Knowing(CassetteTests):
        personal_texts = ("too late",)

    with pytest.raises(AssertionError):
        privacy(Knowing(), tests, load_scenarios(tests))


def test_a_simulators_cassette_cannot_pass_for_a_live_one_that_nobody_could_record(tests: Path) -> None:
    name = "taken-but-shipped"
    file = tests / f"cassettes/{name}.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("source: simulator", "source: live"), encoding="utf-8")
    with pytest.raises(AssertionError, match="nobody can record it live"):
        CassetteTests().test_the_cassette_says_where_it_comes_from(file, load_scenarios(tests))
