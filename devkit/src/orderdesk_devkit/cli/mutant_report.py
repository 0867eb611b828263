"""What `check-plugin --mutants` prints: how many mistakes the conformance suite found, and each that it did not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from attrs import evolve

from orderdesk_devkit.mutation.campaign import Campaign, CampaignResult, run_campaign
from orderdesk_devkit.mutation.runs import Fate, MutantResult
from orderdesk_devkit.quality.plugin_folder import PluginFolder, all_folders, find_folder
from orderdesk_sdk.cli.session import Session
from orderdesk_sdk.desk.capabilities import JsonObject

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["GOAL", "check_mutants", "result_line"]

GOAL = 0.95
"""The share of the mutants that the suite alone is to find."""
_MAX_TESTS = 5
"""Tests that are named for a survivor."""


def check_mutants(session: Session, plugin: str | None, campaign: Campaign) -> None:
    """Show what became of the mutants of a plugin, or of every plugin (None). Exit code 1: too few were killed."""
    folders = all_folders() if plugin is None else (find_folder(plugin),)
    shown = _Progress(quiet=session.as_json)
    results = [(folder, run_campaign(folder, evolve(campaign, report=shown.count))) for folder in folders]
    session.print_result(
        {"goal": GOAL, "plugins": [_document(folder, result) for folder, result in results]},
        lambda screen: _show(screen, results),
    )
    if any(result.killed_share < GOAL for _, result in results):
        click.get_current_context().exit(1)


def result_line(result: MutantResult) -> str | None:
    """What became of a mutant, in a line: its fate, its place, and what found it; None for one that was not tried."""
    if result.fate is Fate.NOT_TRIED:
        return None
    mutant = result.mutant
    by = f" (by {result.test})" if result.test is not None else ""
    return f"{result.fate.value}: line {mutant.line}, {mutant.name}{by}"


class _Progress:
    """A line for each mutant as soon as it was tried, on stderr: a long campaign that is broken off has told most."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def count(self, result: MutantResult) -> None:
        """Show that one more was tried."""
        line = result_line(result)
        if not self._quiet and line is not None:
            click.echo(line, err=True)


def _show(screen: Screen, results: Sequence[tuple[PluginFolder, CampaignResult]]) -> None:
    rows = [
        (folder.name, *map(str, _counts(result)), f"{result.killed_share:.1%}", f"{result.profile.reached_share:.1%}")
        for folder, result in results
    ]
    head = ("plugin", "made", "equivalent", "killed", "survived", "not tried", "killed share", "lines reached")
    screen.line("")
    screen.table(head, rows)
    for folder, result in results:
        for path, first, last in result.profile.missing_lines:
            screen.line(f"{folder.file()}: {path.name}:{first}-{last}: no test of the suite reaches these lines")
        for survivor in result.survivors:
            _show_survivor(screen, folder, survivor)
        for test in result.profile.tests:
            if test.skipped is not None:
                screen.line(f"{folder.file()}: {test.name} was not tried: {test.skipped}")


def _show_survivor(screen: Screen, folder: PluginFolder, survivor: MutantResult) -> None:
    mutant = survivor.mutant
    screen.line(f"{folder.file()}: {mutant.file.name}:{mutant.line}: {mutant.kind}: no test of the suite fails")
    screen.indented(mutant.name)
    for sign, text in (("-", mutant.before), ("+", mutant.after)):
        for line in text.splitlines():
            screen.indented(f"{sign} {line.strip()}")
    if survivor.fate is Fate.NOT_REACHED:
        screen.indented("no test reaches this line")
    else:
        # The quickest reach it most directly.
        screen.indented(f"passed, and reach it: {', '.join(survivor.passed[:_MAX_TESTS])}")


def _counts(result: CampaignResult) -> tuple[int, int, int, int, int]:
    return (
        len(result.results),
        len(result.equivalent),
        len(result.with_fate(Fate.KILLED, Fate.TIMED_OUT)),
        len(result.survivors),
        len(result.with_fate(Fate.NOT_TRIED)),
    )


def _document(folder: PluginFolder, result: CampaignResult) -> JsonObject:
    made, equivalent, killed, survived, not_tried = _counts(result)
    return {
        "plugin": folder.name,
        "made": made,
        "equivalent": equivalent,
        "killed": killed,
        "survived": survived,
        "not_tried": not_tried,
        "killed_share": round(result.killed_share, 4),
        "reached_share": round(result.profile.reached_share, 4),
        "missing_lines": [
            {"file": str(path), "first": first, "last": last} for path, first, last in result.profile.missing_lines
        ],
        "survivors": [
            {
                "name": one.mutant.name,
                "file": str(one.mutant.file),
                "line": one.mutant.line,
                "kind": one.mutant.kind,
                "before": one.mutant.before,
                "after": one.mutant.after,
                "passed": list(one.passed),
            }
            for one in result.survivors
        ],
    }
