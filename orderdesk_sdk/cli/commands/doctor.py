"""`doctor`: what is wrong with configuration, credentials, plugins, listeners and ledger. Calls no service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, shared

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["doctor"]


@click.command()
@shared
@click.pass_obj
def doctor(session: Session) -> None:
    """Check configuration, plugins and ledger; calls no service.

    Exit code 1: something is wrong.
    """
    from orderdesk_sdk.cli.checks import Grade, examine

    findings = examine(session)
    wrong = sum(found.grade is Grade.ERROR for found in findings)
    doubtful = sum(found.grade is Grade.WARNING for found in findings)

    def draw(screen: Screen) -> None:
        from rich.text import Text

        styles = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.ERROR: "bold red"}
        rows = [
            (Text(found.grade.value, styles[found.grade]), found.area, found.place, found.text) for found in findings
        ]
        screen.table(("", "what", "where", "finding"), rows, whole=("", "what"))
        for found in findings:
            if found.remedy:
                screen.indented(f"{found.place}: {found.remedy}", style="yellow")
        if wrong:
            screen.line(f"{wrong} wrong, {doubtful} to look at.", "bold red")
        else:
            screen.line(f"Nothing is wrong{f', {doubtful} to look at' if doubtful else ''}.", "bold green")

    shape: dict[str, object] = {
        "is_ok": not wrong,
        "findings": [
            {
                "area": found.area,
                "place": found.place,
                "grade": found.grade.value,
                "text": found.text,
                "remedy": found.remedy,
            }
            for found in findings
        ],
    }
    session.give(shape, draw)
    if wrong:
        click.get_current_context().exit(1)
