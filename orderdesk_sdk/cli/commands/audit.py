"""`audit`: who did, saw or tried what in console and API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["audit"]


@click.command()
@click.option("--limit", type=click.IntRange(0, 1000), default=50, show_default=True, help="How many at most.")
@click.option("--before", type=click.IntRange(1), metavar="NUMBER", help="Only records before this one: the next page.")
@click.option("--subject", metavar="TEXT", help='Only records about this, such as "user Ann".')
@click.option("--verify", is_flag=True, help="Verify that every record is as it was written.")
@common_options
@click.pass_obj
def audit(session: Session, limit: int, before: int | None, subject: str | None, verify: bool) -> None:
    """List who did what, the newest first.

    What was done, seen and tried in console and API, and who signed in.

    With --verify, exit code 1 if a record was changed or is missing.
    """
    from orderdesk_sdk.desk.documents.access import audit_document

    with session.desk() as desk:
        found = desk.audit.list(limit, before, subject=subject)
        count = desk.audit.count()
        flaws = [str(flaw) for flaw in desk.audit.verify()] if verify else None

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.access import show_audit

        show_audit(screen, found, count, flaws)

    session.print_result({"count": count, "entries": [audit_document(entry) for entry in found], "flaws": flaws}, draw)
    if flaws:
        click.get_current_context().exit(1)
