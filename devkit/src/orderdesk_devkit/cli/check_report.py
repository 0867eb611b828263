"""What `check-plugin` prints: the violations of a plugin, or of every plugin, and the levels that they reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_devkit.quality.plugin_folder import PluginFolder, all_folders, find_folder
from orderdesk_devkit.quality.report import Level, QualityReport, Violation, check
from orderdesk_devkit.quality.rules import RULES
from orderdesk_devkit.quality.suite_result import SuiteResult
from orderdesk_devkit.quality.suite_run import run_conformance_tests
from orderdesk_sdk.cli.session import Session
from orderdesk_sdk.desk.capabilities import JsonObject
from orderdesk_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["check_plugins"]


def check_plugins(session: Session, names: str | None, *, fix: bool, strict: bool, tests: bool) -> None:
    """Show all violations of one plugin, or of all (None). Exit code 1: one does not keep the level that it claims.

    Args:
        strict: whether a warning counts as an error.
        tests: whether the conformance tests are run.
    """
    folders = all_folders() if names is None else (find_folder(names),)
    if not folders:
        raise NotFoundError(
            "no plugin is installed from its folder", hint="give the path of one, or pip install -e PATH"
        )
    mended = [violation for folder in folders for violation in _apply_fixes(folder)] if fix else []
    # Read anew: what was mended is no violation any more, and may have been the only one.
    anew = [find_folder(str(folder.path)) for folder in folders]
    for folder in anew if tests else ():
        _run_tests(session, folder)
    reports = [check(folder, RULES, strict=strict) for folder in anew]
    session.print_result(
        {
            "is_ok": all(report.is_ok for report in reports),
            "mended": [_violation_document(violation) for violation in mended],
            "plugins": [_report_document(report) for report in reports],
        },
        lambda screen: _print_report(screen, reports, mended),
    )
    if not all(report.is_ok for report in reports):
        click.get_current_context().exit(1)


def _run_tests(session: Session, folder: PluginFolder) -> None:
    """Run the conformance tests, and say on stderr, where a person waits, that they run and how long they took."""
    if not session.as_json:
        click.echo(
            f"{folder.name}: running its conformance tests, a few minutes (--no-tests leaves them out)", err=True
        )
    folder.suite = ran = run_conformance_tests(folder)
    if not session.as_json:
        counts = f"{ran.passed} passed, {len(ran.failed)} failed, {ran.skipped} do not apply"
        click.echo(f"{folder.name}: {counts}, in {ran.seconds:.0f} s", err=True)


def _apply_fixes(folder: PluginFolder) -> list[Violation]:
    """The violations that were mended."""
    mended = []
    for violation in check(folder, RULES).violations:
        if violation.fix is not None:
            violation.fix()
            mended.append(violation)
    return mended


def _print_report(screen: Screen, reports: Sequence[QualityReport], mended: Sequence[Violation]) -> None:
    for violation in mended:
        screen.line(f"mended: {violation.location}: {violation.message}", "green")
    rows = [
        (
            report.folder.name,
            _level_label(report.claimed_level),
            _level_label(report.reached_level) if report.folder.suite is not None else "tests not run",
            "ok" if report.is_ok else "violations",
        )
        for report in reports
    ]
    screen.table(("plugin", "claims", "reaches", ""), rows, whole=("claims", "reaches", ""))
    for report in reports:
        for violation in report.violations:
            screen.indented(
                f"{violation.rule}: {violation.location}: {violation.message}",
                style="yellow" if violation.warning else "red",
            )
            screen.indented(f"hint: {violation.hint}")
        for name, reason in report.exemptions.items():
            screen.indented(f"{report.folder.name} is exempt from {name}: {reason}", style="dim")
    if len(reports) == 1:
        for violation in reports[0].next_level_violations:
            screen.indented(f"for the next level, {_violation_line(violation)}", style="dim")
    wrong = sum(not violation.warning for report in reports for violation in report.violations)
    doubtful = sum(violation.warning for report in reports for violation in report.violations)
    if wrong:
        mechanical = any(violation.fix is not None for report in reports for violation in report.violations)
        hint = "; --fix mends what is mechanical" if mechanical else ""
        screen.line(f"{wrong} wrong, {doubtful} to look at{hint}.", "bold red")
    else:
        screen.line(f"Nothing is wrong{f', {doubtful} to look at' if doubtful else ''}.", "bold green")


def _violation_line(violation: Violation) -> str:
    return f"{violation.rule}: {violation.location}: {violation.message}"


def _level_label(level: Level | None) -> str:
    return "-" if level is None else level.label


def _report_document(report: QualityReport) -> JsonObject:
    return {
        "plugin": report.folder.name,
        "folder": str(report.folder.path),
        "integrations": list(report.folder.integrations),
        "claimed_level": None if report.claimed_level is None else report.claimed_level.label,
        "reached_level": None if report.reached_level is None else report.reached_level.label,
        "tests": _tests_document(report.folder.suite),
        "is_ok": report.is_ok,
        "violations": [_violation_document(violation) for violation in report.violations],
        "next_level": [_violation_document(violation) for violation in report.next_level_violations],
        "exemptions": [{"rule": name, "reason": reason} for name, reason in report.exemptions.items()],
    }


def _tests_document(suite: SuiteResult | None) -> JsonObject | None:
    if suite is None:
        return None
    return {
        "passed": suite.passed,
        "failed": len(suite.failed),
        "skipped": suite.skipped,
        "untested": [f"{part.integration}: {part.what}" for part in suite.untested],
        "seconds": round(suite.seconds, 1),
    }


def _violation_document(violation: Violation) -> JsonObject:
    return {
        "rule": violation.rule,
        "severity": "warning" if violation.warning else "error",
        "location": violation.location,
        "message": violation.message,
        "hint": violation.hint,
        "can_fix": violation.fix is not None,
    }
