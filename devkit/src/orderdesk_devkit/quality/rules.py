"""The rules of the quality list of routes, each with the level that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_devkit.quality import checks_docs, checks_names, checks_source, checks_tests
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Level, QualityRule, Violation
from orderdesk_sdk.plugin.integration import Verification

__all__ = ["RULES"]


def _vendor_checked(folder: PluginFolder) -> Iterator[Violation]:
    for slug, found in folder.usable.items():
        if found.integration.verified_by is not Verification.VENDOR_CHECKED:
            yield Violation(
                f"integration {slug}",
                f"its evidence is {found.integration.verified_by.value!r}",
                "hold plugin and simulator against the vendor's own schema or client in the tests, and declare it",
            )


RULES: tuple[QualityRule, ...] = (
    QualityRule(
        "one-name",
        Level.BRONZE,
        "Folder, distribution, package and entry points have one name.",
        checks_names.one_name,
    ),
    QualityRule(
        "packaged", Level.BRONZE, "Its metadata says what it is, and which SDK it works with.", checks_names.packaged
    ),
    QualityRule("typed", Level.BRONZE, "Type checkers are told that it has types.", checks_names.typed),
    QualityRule("loads", Level.BRONZE, "Every integration of it can be used.", checks_names.loads),
    QualityRule(
        "declares",
        Level.BRONZE,
        "No route is out of reach, no window closed for good, no list of reasons has a gap.",
        checks_source.declares,
    ),
    QualityRule("no-io", Level.BRONZE, "It makes no call of its own.", checks_source.no_own_io),
    QualityRule(
        "readme",
        Level.BRONZE,
        "The README begins with its name and shows a connection of each integration.",
        checks_docs.has_readme,
    ),
    QualityRule(
        "conformance", Level.BRONZE, "The conformance suite is put to each integration.", checks_tests.conforms
    ),
    QualityRule(
        "repeats", Level.SILVER, "Its flows take no time and no chance of their own.", checks_source.deterministic
    ),
    QualityRule("hosts", Level.SILVER, "It names no host that no setting declares.", checks_source.hosts),
    QualityRule(
        "small",
        Level.SILVER,
        "At most 150 statements an integration without the simulator, and 250 a module.",
        checks_source.small,
    ),
    QualityRule("settings", Level.SILVER, "The README names every required setting.", checks_docs.shows_settings),
    QualityRule("simulator", Level.SILVER, "Whatever it calls can be played on one machine.", checks_tests.simulated),
    QualityRule(
        "scenarios",
        Level.SILVER,
        "Each integration that makes calls has scenarios, each with a cassette.",
        checks_tests.has_scenarios,
    ),
    QualityRule(
        "provenance",
        Level.SILVER,
        "Each cassette says where it comes from; one older than a year is told.",
        checks_tests.provenance,
    ),
    QualityRule(
        "scrubbed", Level.SILVER, "No cassette holds a credential or a person's address.", checks_tests.scrubbed
    ),
    QualityRule(
        "evidence", Level.GOLD, "The README says what its knowledge rests on.", checks_docs.states_verification
    ),
    QualityRule(
        "recording",
        Level.GOLD,
        "The README gives the command that records its cassettes again.",
        checks_docs.states_recording,
    ),
    QualityRule(
        "lies", Level.GOLD, "Its simulator can take a cancel and ship all the same.", checks_tests.can_ship_anyway
    ),
    QualityRule(
        "vendor-checked", Level.PLATINUM, "The vendor's own files judge plugin and simulator.", _vendor_checked
    ),
    QualityRule(
        "live",
        Level.PLATINUM,
        "A conversation with the service itself is among the cassettes.",
        checks_tests.recorded_live,
    ),
)
"""Every rule, those of the lowest level first."""
