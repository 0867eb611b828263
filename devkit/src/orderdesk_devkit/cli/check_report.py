"""What `check-plugin` tells: the violations of a plugin, or of every plugin, and the levels that they reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_devkit.quality.plugin_folder import PluginFolder, all_folders, find_folder
from orderdesk_devkit.quality.report import Level, QualityReport, Violation, check
from orderdesk_devkit.quality.rules import RULES
from orderdesk_sdk.cli.session import Session
from orderdesk_sdk.desk.capabilities import JsonObject
from orderdesk_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["check_plugins"]


def check_plugins(session: Session, names: str | None, *, fix: bool) -> None:
    """Show all faults of one plugin, or of all (None); exit code 1 where one does not keep what it claims."""
    folders = all_folders() if names is None else (find_folder(names),)
    if not folders:
        raise NotFoundError(
            "no plugin is installed from its folder", hint="give the path of one, or pip install -e PATH"
        )
    mended = [fault for folder in folders for fault in _apply_fixes(folder)] if fix else []
    # Read anew: what was mended is no fault any more, and may have been the only one.
    verdicts = [check(find_folder(str(folder.path)), RULES) for folder in folders]
    session.print_result(
        {
            "is_ok": all(verdict.is_ok for verdict in verdicts),
            "mended": [_violation_document(fault) for fault in mended],
            "plugins": [_report_document(verdict) for verdict in verdicts],
        },
        lambda screen: _print_report(screen, verdicts, mended),
    )
    if not all(verdict.is_ok for verdict in verdicts):
        click.get_current_context().exit(1)


def _apply_fixes(folder: PluginFolder) -> list[Violation]:
    """The faults that were mended."""
    mended = []
    for fault in check(folder, RULES).violations:
        if fault.fix is not None:
            fault.fix()
            mended.append(fault)
    return mended


def _print_report(screen: Screen, reports: Sequence[QualityReport], mended: Sequence[Violation]) -> None:
    for fault in mended:
        screen.line(f"mended: {fault.location}: {fault.message}", "green")
    rows = [
        (
            verdict.folder.name,
            _level_label(verdict.claimed_level),
            _level_label(verdict.reached_level),
            "ok" if verdict.is_ok else "faults",
        )
        for verdict in reports
    ]
    screen.table(("plugin", "claims", "reaches", ""), rows, whole=("claims", "reaches", ""))
    for verdict in reports:
        for fault in verdict.violations:
            screen.indented(
                f"{fault.rule}: {fault.location}: {fault.message}", style="yellow" if fault.warning else "red"
            )
            screen.indented(f"what to do: {fault.hint}")
        for name, why in verdict.exemptions.items():
            screen.indented(f"{verdict.folder.name} is exempt from {name}: {why}", style="dim")
    if len(reports) == 1:
        for fault in reports[0].next_level_violations:
            screen.indented(f"for the next level, {fault.rule}: {fault.location}: {fault.message}", style="dim")
    wrong = sum(not fault.warning for verdict in reports for fault in verdict.violations)
    doubtful = sum(fault.warning for verdict in reports for fault in verdict.violations)
    if wrong:
        mechanical = any(fault.fix is not None for verdict in reports for fault in verdict.violations)
        hint = "; --fix mends what is mechanical" if mechanical else ""
        screen.line(f"{wrong} wrong, {doubtful} to look at{hint}.", "bold red")
    else:
        screen.line(f"Nothing is wrong{f', {doubtful} to look at' if doubtful else ''}.", "bold green")


def _level_label(level: Level | None) -> str:
    return "-" if level is None else level.label


def _report_document(report: QualityReport) -> JsonObject:
    return {
        "plugin": report.folder.name,
        "folder": str(report.folder.path),
        "integrations": list(report.folder.integrations),
        "claims": None if report.claimed_level is None else report.claimed_level.label,
        "reaches": None if report.reached_level is None else report.reached_level.label,
        "is_ok": report.is_ok,
        "faults": [_violation_document(fault) for fault in report.violations],
        "ahead": [_violation_document(fault) for fault in report.next_level_violations],
        "exempt": [{"rule": name, "why": why} for name, why in report.exemptions.items()],
    }


def _violation_document(fault: Violation) -> JsonObject:
    return {
        "rule": fault.rule,
        "grade": "warning" if fault.warning else "error",
        "place": fault.location,
        "text": fault.message,
        "remedy": fault.hint,
        "can_fix": fault.fix is not None,
    }
