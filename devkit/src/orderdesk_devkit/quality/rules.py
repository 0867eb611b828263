"""The rules of the four quality levels, each with the level that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_devkit.quality import checks_docs, checks_names, checks_source, checks_tests
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Level, QualityRule, Violation
from orderdesk_sdk.plugin.integration import Verification

__all__ = ["RULES"]


def _vendor_checked(folder: PluginFolder) -> Iterator[Violation]:
    for slug, loaded in folder.usable.items():
        if loaded.integration.verified_by is not Verification.VENDOR_CHECKED:
            yield Violation(
                f"integration {slug}",
                f"it declares verified_by {loaded.integration.verified_by.value!r}",
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
    QualityRule("typed", Level.BRONZE, "Its package tells type checkers that it has types.", checks_names.typed),
    QualityRule("loads", Level.BRONZE, "Every integration of it can be used.", checks_names.loads),
    QualityRule(
        "declares",
        Level.BRONZE,
        "Every route can be reached, every window can be open, and every list of reasons is complete.",
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
        "conformance", Level.BRONZE, "Its tests run the conformance suite on each integration.", checks_tests.conforms
    ),
    QualityRule(
        "passes",
        Level.BRONZE,
        "Its conformance tests pass.",
        checks_tests.tests_pass,
        needs_tests=True,
    ),
    QualityRule(
        "deterministic", Level.SILVER, "Its flows read no clock and no random numbers.", checks_source.deterministic
    ),
    QualityRule(
        "declared-hosts", Level.SILVER, "Every host that it names is declared by a setting.", checks_source.hosts
    ),
    QualityRule(
        "small",
        Level.SILVER,
        "At most 150 statements an integration without the simulator, and 250 a module.",
        checks_source.small,
    ),
    QualityRule("settings", Level.SILVER, "The README names every required setting.", checks_docs.shows_settings),
    QualityRule("simulator", Level.SILVER, "A simulator plays each service that it calls.", checks_tests.simulated),
    QualityRule(
        "scenarios",
        Level.SILVER,
        "Each integration that makes calls has scenarios, each with a cassette.",
        checks_tests.has_scenarios,
    ),
    QualityRule(
        "provenance",
        Level.SILVER,
        "Each cassette says where it comes from; one older than a year is reported.",
        checks_tests.provenance,
    ),
    QualityRule(
        "scrubbed", Level.SILVER, "No cassette holds a credential or a person's address.", checks_tests.scrubbed
    ),
    QualityRule(
        "verification",
        Level.GOLD,
        "The README says what the plugin was checked against.",
        checks_docs.states_verification,
    ),
    QualityRule(
        "recording",
        Level.GOLD,
        "The README gives the command that records its cassettes anew.",
        checks_docs.states_recording,
    ),
    QualityRule(
        "ships-anyway",
        Level.GOLD,
        "Its simulator can accept a cancel and ship the order anyway.",
        checks_tests.can_ship_anyway,
    ),
    QualityRule(
        "tried",
        Level.GOLD,
        "The conformance suite tries all that it declares, or its test class says why not.",
        checks_tests.declarations_tried,
        needs_tests=True,
    ),
    QualityRule(
        "vendor-checked",
        Level.PLATINUM,
        "Its tests check plugin and simulator against the vendor's own files.",
        _vendor_checked,
    ),
    QualityRule(
        "recorded-live",
        Level.PLATINUM,
        "At least one cassette was recorded against the service itself.",
        checks_tests.recorded_live,
    ),
)
"""Every rule, those of the lowest level first."""
