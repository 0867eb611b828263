"""`inbox` and `mark-seen`: what needs a person, most urgent first, and the alarms that somebody has taken care of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, by_option, common_options, find_case

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["inbox", "mark_seen"]

KINDS = ("alarm", "cancel", "status change", "resubmission", "response", "message")


@click.command()
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these; may be repeated.")
@click.option("--at", "connection", metavar="CONNECTION", help="Only at this connection.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="How many to pass over, for the next page.")
@common_options
@click.pass_obj
def inbox(session: Session, kinds: tuple[str, ...], connection: str | None, limit: int, offset: int) -> None:
    """List everything that needs a person, most urgent first.

    Alarms come first: orders that shipped although they were canceled. Then what is overdue, then what is to be done,
    by when it is due; in the end messages that could not be handled. Exit code 3: the list is not empty.
    """
    from orderdesk_sdk.cases.inbox import InboxKind
    from orderdesk_sdk.desk.inbox import inbox_document

    with session.desk() as desk:
        counts = desk.inbox.counts()
        page = desk.inbox.list(kinds=tuple(map(InboxKind, kinds)), connection=connection, limit=limit, offset=offset)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.inbox import show_inbox

        show_inbox(screen, page, now, offset=offset)

    session.print_result(inbox_document(page, counts), draw)
    if page.items:
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)


@click.command("mark-seen")
@click.argument("case")
@by_option(required=True)
@click.option("--note", metavar="TEXT", help="What was done about it: the parcel was called back, say.")
@common_options
@click.pass_obj
def mark_seen(session: Session, case: str, by: str, note: str | None) -> None:
    """Record that somebody has taken care of an alarm.

    It leaves the inbox. CASE is an id, the beginning of one, or ORDER@CONNECTION. In the receipt it stays an alarm.
    """
    from orderdesk_sdk.desk.documents import iso_time

    with session.desk() as desk:
        seen = desk.inbox.mark_seen(find_case(desk, case).id, by=by, note=note)
    session.print_result(
        {"case_id": seen.case_id, "by": seen.by, "at": iso_time(seen.at)},
        lambda screen: screen.line(f"{seen.by} has taken care of the alarm of case {seen.case_id}."),
    )
