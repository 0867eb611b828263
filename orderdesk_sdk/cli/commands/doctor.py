"""`doctor`: checks configuration, credentials, plugins, listeners and ledger. Calls no service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cli.findings import Finding
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["doctor"]


@click.command()
@common_options
@click.pass_obj
def doctor(session: Session) -> None:
    """Check configuration, plugins and ledger. Calls no service.

    Exit code 1: a check found an error.
    """
    from orderdesk_sdk.cli.checks import run_checks
    from orderdesk_sdk.cli.findings import Severity

    findings = run_checks(session)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    shape: dict[str, object] = {
        "is_ok": not errors,
        "findings": [
            {
                "area": finding.area,
                "location": finding.location,
                "severity": finding.severity.value,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in findings
        ],
    }
    session.print_result(shape, lambda screen: _show_findings(screen, findings))
    if errors:
        click.get_current_context().exit(1)


def _show_findings(screen: Screen, findings: Sequence[Finding]) -> None:
    from rich.text import Text

    from orderdesk_sdk.cli.findings import Severity

    styles = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
    rows = [
        (Text(finding.severity.value, styles[finding.severity]), finding.area, finding.location, finding.message)
        for finding in findings
    ]
    screen.table(("", "area", "location", "finding"), rows, whole=("", "area"))
    for finding in findings:
        if finding.hint:
            screen.indented(f"{finding.location}: {finding.hint}", style="yellow")
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    counts = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}."
    screen.line(counts, "bold red" if errors else "bold yellow" if warnings else "bold green")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
