"""Rules about a plugin's tests: the conformance suite, its simulator, and the cassettes of its conversations."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Violation
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, describe_exception
from orderdesk_sdk.plugin.hookspecs import SIMULATORS
from orderdesk_sdk.plugin.routes import Button, FinalResponse

if TYPE_CHECKING:
    from orderdesk_devkit.testing.cassettes import CassetteHeader
    from orderdesk_devkit.testing.scenarios import Scenarios

__all__ = [
    "MAX_CASSETTE_AGE",
    "can_ship_anyway",
    "conformance_files",
    "conforms",
    "declarations_tried",
    "tests_pass",
    "provenance",
    "scrubbed",
    "recorded_live",
    "simulated",
    "has_scenarios",
]

_TOLD_LINES = 3
"""Lines of what a failed test said: the rule, and the first that was seen."""
MAX_CASSETTE_AGE = timedelta(days=365)
"""A cassette older than this is reported: the service's answers may have changed since."""


_NEEDED_TO_SHIP_ANYWAY = (
    ("canceled_statuses", "which statuses mean canceled"),
    ("contradicting_options", "under which options it ships after a cancel"),
)
"""What a simulator declares so that it can ship after a cancel: the names, and what each says."""


def conforms(folder: PluginFolder) -> Iterator[Violation]:
    """Its tests run the conformance suite on each integration."""
    tested = {slug for tree in folder.test_modules.values() for slug in _tested(tree)}
    for slug in folder.integrations:
        if slug not in tested:
            name = "".join(word.capitalize() for word in slug.split("-"))
            yield Violation(
                folder.file("tests"),
                f"no test runs the conformance suite on {slug}",
                f'write class Test{name}(PluginConformance): integration = "{slug}"',
            )


def conformance_files(folder: PluginFolder) -> tuple[Path, ...]:
    """The test files that run the conformance suite."""
    return tuple(path for path, tree in folder.test_modules.items() if _subclasses(tree, "PluginConformance"))


def tests_pass(folder: PluginFolder) -> Iterator[Violation]:
    """Its conformance tests pass; nothing is said where they were not run."""
    for failed in folder.suite.failed if folder.suite is not None else ():
        told, _, hint = failed.reason.partition("\nhint: ")
        message = "; ".join(line.strip() for line in told.splitlines()[:_TOLD_LINES])
        test = failed.test.rpartition("::")[2]
        advice = f"run `python -m pytest -k {test}` there" if "::" in failed.test else "run `python -m pytest` there"
        yield Violation(failed.test, message, f"{hint.strip()}; {advice}" if hint else advice)


def declarations_tried(folder: PluginFolder) -> Iterator[Violation]:
    """The suite names nothing as untested but for a reason; nothing is said where it was not run."""
    for part in folder.suite.untested if folder.suite is not None else ():
        yield Violation(
            f"integration {part.integration}",
            f"untested: {part.what}",
            "let a test of your own try it" if part.is_explained else "let the test class or the simulator tell it",
            warning=part.is_explained,
        )


def simulated(folder: PluginFolder) -> Iterator[Violation]:
    """A simulator plays each service that it calls."""
    for slug in folder.integrations_with_calls:
        if slug not in folder.simulators:
            yield Violation(
                f'{folder.file("pyproject.toml")}: [project.entry-points."orderdesk.simulators"]',
                f"{slug} makes calls and has no simulator",
                f'write one, and name it: {slug} = "{folder.package}.simulator:..."',
            )


def can_ship_anyway(folder: PluginFolder) -> Iterator[Violation]:
    """Its simulator can accept a cancel and ship the order anyway, so that the suite tests that too."""
    points = {point.name: point for point in entry_points(group=SIMULATORS)}
    for slug, found in folder.usable.items():
        routes = [route for route in found.integration.cancel if isinstance(route, Button)]
        if slug not in points or not routes or all(isinstance(route.confirm, FinalResponse) for route in routes):
            continue  # `simulated` reports a missing simulator; a response that is declared final is believed.
        try:
            simulator = points[slug].load()
        except Exception as error:  # noqa: BLE001 - whatever keeps the plugin's simulator from being imported is told
            yield Violation(f"simulator {slug}", f"it cannot be imported: {describe_exception(error)}", "mend it")
            continue
        for name, what in _NEEDED_TO_SHIP_ANYWAY:
            if not getattr(simulator, name, None):
                yield Violation(
                    f"{points[slug].value}",
                    f"it does not declare {what}",
                    f"declare `{name}`; see orderdesk_devkit.simulators.simulator",
                )


def has_scenarios(folder: PluginFolder) -> Iterator[Violation]:
    """Each integration that makes calls has scenarios with a cassette each, and its tests play them."""
    declared = dict[str, Path]()
    for file, scenarios in _scenarios(folder.tests).items():
        if isinstance(scenarios, OrderDeskError):
            yield Violation(str(file), scenarios.message, scenarios.hint or "mend it")
            continue
        declared[scenarios.integration] = file
        names = {scenario.name for scenario in scenarios.table}
        kept = {cassette.stem for cassette in _cassettes(file.parent)}
        for name in sorted(names - kept):
            yield Violation(
                str(file),
                f"the scenario {name!r} has no cassette",
                f"record it: python -m orderdesk_devkit.testing.record {scenarios.integration} {name}",
            )
        for name in sorted(kept - names):
            yield Violation(str(file), f"the cassette {name!r} is of no scenario", "remove it, or declare the scenario")
        beside = [tree for path, tree in folder.test_modules.items() if path.parent == file.parent]
        if not any(_subclasses(tree, "CassetteTests") for tree in beside):
            yield Violation(
                str(file.parent),
                "no test runs the suite of cassettes on them",
                "write class TestCassettes(CassetteTests); see orderdesk_devkit.testing.cassette_suite",
            )
    for slug in folder.integrations_with_calls:
        if slug not in declared:
            yield Violation(
                folder.file("tests"),
                f"{slug} makes calls, and no scenarios.py declares any",
                "declare SCENARIOS, as orderdesk_devkit.testing.scenarios shows, and record them",
            )


def provenance(folder: PluginFolder) -> Iterator[Violation]:
    """Each cassette says where it comes from and when; one older than a year is reported."""
    for file, header in _headers(folder):
        if isinstance(header, OrderDeskError):
            yield Violation(str(file), header.message, header.hint or "record it again")
            continue
        recorded = header.provenance
        if recorded.integration not in folder.integrations:
            yield Violation(
                str(file), f"it is of {recorded.integration}, which this plugin does not have", "record it again"
            )
        if date.today() - recorded.recorded_at > MAX_CASSETTE_AGE:  # noqa: DTZ011 - a day, as the cassette has it
            yield Violation(
                str(file),
                f"it was recorded on {recorded.recorded_at}, more than a year ago",
                f"record it again: python -m orderdesk_devkit.testing.record {recorded.integration} {file.stem}",
                warning=True,
            )


def scrubbed(folder: PluginFolder) -> Iterator[Violation]:
    """No cassette holds a credential or a person's address."""
    files = _cassettes_below(folder.tests)
    if not files:
        return
    from orderdesk_devkit.testing.scrubbing import find_unscrubbed

    for file in files:
        found = find_unscrubbed(file.read_text(encoding="utf-8"))
        if found:
            yield Violation(
                str(file),
                f"it holds {len(found)} credentials or addresses",  # Not shown: they would be shown here too.
                "name the fields in `redact_fields`, record it again, and change the credential at the service",
            )


def recorded_live(folder: PluginFolder) -> Iterator[Violation]:
    """At least one cassette of each integration that makes calls was recorded against the service."""
    from orderdesk_devkit.testing.cassettes import Source

    live = {
        found.provenance.integration
        for _, found in _headers(folder)
        if not isinstance(found, OrderDeskError) and found.provenance.source is Source.LIVE
    }
    for slug in folder.integrations_with_calls:
        if slug not in live:
            yield Violation(
                folder.file("tests"),
                f"no conversation of {slug} was recorded against the service",
                f"with an account: python -m orderdesk_devkit.testing.record {slug} SCENARIO --live",
            )


def _cassettes(tests: Path) -> list[Path]:
    return sorted((tests / "cassettes").glob("*.yaml"))


def _cassettes_below(tests: Path) -> list[Path]:
    return [file for place in sorted(tests.rglob("cassettes")) for file in _cassettes(place.parent)]


def _headers(folder: PluginFolder) -> Iterator[tuple[Path, CassetteHeader | OrderDeskError]]:
    files = _cassettes_below(folder.tests)
    if not files:
        return
    from orderdesk_devkit.testing.cassettes import read_header

    for file in files:
        try:
            yield file, read_header(file)
        except ConfigurationError as error:
            yield file, error


def _scenarios(tests: Path) -> Mapping[Path, Scenarios | OrderDeskError]:
    """What the files of scenarios below a folder of tests declare, or what keeps them from being read."""
    files = sorted(tests.rglob("scenarios.py"))
    if not files:
        return {}
    from orderdesk_devkit.testing.scenarios import load_scenarios

    found: dict[Path, Scenarios | OrderDeskError] = {}
    for file in files:
        try:
            found[file] = load_scenarios(file.parent)
        except OrderDeskError as error:
            found[file] = error
        except Exception as error:  # noqa: BLE001 - the author's own module, whatever is wrong with it
            found[file] = ConfigurationError(f"cannot be imported: {describe_exception(error)}", hint="mend it")
    return found


def _tested(tree: ast.Module) -> Iterator[str]:
    """The integrations that the classes of a test file put the suite to."""
    for node in _subclasses(tree, "PluginConformance"):
        for line in node.body:
            match line:
                case ast.Assign([ast.Name("integration")], ast.Constant(str(slug))) | ast.AnnAssign(
                    ast.Name("integration"), _, ast.Constant(str(slug))
                ):
                    yield slug
                case _:
                    continue


def _subclasses(tree: ast.Module, base: str) -> list[ast.ClassDef]:
    """The classes of a module that inherit `base`, through others of the module too."""
    found: dict[str, ast.ClassDef] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in node.bases}
            if base in names or names & set(found):
                found[node.name] = node
    return list(found.values())
