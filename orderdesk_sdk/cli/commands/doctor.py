"""`doctor`: what is wrong with configuration, credentials, plugins, listeners and ledger. Calls no service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["doctor"]


@click.command()
@common_options
@click.pass_obj
def doctor(session: Session) -> None:
    """Check configuration, plugins and ledger; calls no service.

    Exit code 1: something is wrong.
    """
    from orderdesk_sdk.cli.checks import Severity, run_checks

    findings = run_checks(session)
    wrong = sum(found.severity is Severity.ERROR for found in findings)
    doubtful = sum(found.severity is Severity.WARNING for found in findings)

    def draw(screen: Screen) -> None:
        from rich.text import Text

        styles = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "bold red"}
        rows = [
            (Text(found.severity.value, styles[found.severity]), found.area, found.location, found.message)
            for found in findings
        ]
        screen.table(("", "what", "where", "finding"), rows, whole=("", "what"))
        for found in findings:
            if found.hint:
                screen.indented(f"{found.location}: {found.hint}", style="yellow")
        if wrong:
            screen.line(f"{wrong} wrong, {doubtful} to look at.", "bold red")
        else:
            screen.line(f"Nothing is wrong{f', {doubtful} to look at' if doubtful else ''}.", "bold green")

    shape: dict[str, object] = {
        "is_ok": not wrong,
        "findings": [
            {
                "area": found.area,
                "location": found.location,
                "severity": found.severity.value,
                "message": found.message,
                "hint": found.hint,
            }
            for found in findings
        ],
    }
    session.print_result(shape, draw)
    if wrong:
        click.get_current_context().exit(1)
