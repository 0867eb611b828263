"""The rules of the quality ladder, each with the level that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_devkit.quality import checks_docs, checks_names, checks_source, checks_tests
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Fault, Level, Rule
from orderdesk_sdk.plugin.integration import Evidence

__all__ = ["RULES"]


def _vendor_checked(folder: PluginFolder) -> Iterator[Fault]:
    for slug, found in folder.usable.items():
        if found.integration.evidence is not Evidence.VENDOR_CHECKED:
            yield Fault(
                f"integration {slug}",
                f"its evidence is {found.integration.evidence.value!r}",
                "hold plugin and simulator against the vendor's own schema or client in the tests, and declare it",
            )


RULES: tuple[Rule, ...] = (
    Rule(
        "one-name",
        Level.BRONZE,
        "Folder, distribution, package and entry points have one name.",
        checks_names.one_name,
    ),
    Rule("packaged", Level.BRONZE, "Its metadata says what it is, and which SDK it works with.", checks_names.packaged),
    Rule("typed", Level.BRONZE, "Type checkers are told that it has types.", checks_names.typed),
    Rule("loads", Level.BRONZE, "Every integration of it can be used.", checks_names.loads),
    Rule(
        "declares",
        Level.BRONZE,
        "No route is out of reach, no window closed for good, no list of reasons has a gap.",
        checks_source.declares,
    ),
    Rule("no-io", Level.BRONZE, "It makes no call of its own.", checks_source.network),
    Rule(
        "readme",
        Level.BRONZE,
        "The README begins with its name and shows a connection of each integration.",
        checks_docs.explains,
    ),
    Rule("conformance", Level.BRONZE, "The conformance suite is put to each integration.", checks_tests.conforms),
    Rule("repeats", Level.SILVER, "Its flows take no time and no chance of their own.", checks_source.repeats),
    Rule("hosts", Level.SILVER, "It names no host that no setting declares.", checks_source.hosts),
    Rule(
        "small",
        Level.SILVER,
        "At most 150 statements an integration without the simulator, and 250 a module.",
        checks_source.small,
    ),
    Rule("settings", Level.SILVER, "The README names every required setting.", checks_docs.shows_settings),
    Rule("simulator", Level.SILVER, "Whatever it calls can be played on one machine.", checks_tests.simulated),
    Rule(
        "scenarios",
        Level.SILVER,
        "Each integration that makes calls has scenarios, each with a cassette.",
        checks_tests.tells_scenarios,
    ),
    Rule(
        "provenance",
        Level.SILVER,
        "Each cassette says where it comes from; one older than a year is told.",
        checks_tests.provenance,
    ),
    Rule("scrubbed", Level.SILVER, "No cassette holds a credential or a person's address.", checks_tests.scrubbed),
    Rule("evidence", Level.GOLD, "The README says what its knowledge rests on.", checks_docs.says_evidence),
    Rule(
        "recording",
        Level.GOLD,
        "The README gives the command that records its cassettes again.",
        checks_docs.says_recording,
    ),
    Rule("lies", Level.GOLD, "Its simulator can take a cancel and ship all the same.", checks_tests.can_lie),
    Rule("vendor-checked", Level.PLATINUM, "The vendor's own files judge plugin and simulator.", _vendor_checked),
    Rule(
        "live",
        Level.PLATINUM,
        "A conversation with the service itself is among the cassettes.",
        checks_tests.seen_live,
    ),
)
"""Every rule, those of the lowest level first."""
