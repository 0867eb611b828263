"""`events` and `bulk`: what happened to cases, as it happens, and where the orders of a bulk stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cases.event_feed import FeedEvent, FeedPage
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.desk import Desk

__all__ = ["bulk", "events"]

INTERVAL = 1.0
"""Seconds between two looks of --follow."""
_LOOKED_AT = 500
"""Lines of the ledger that are looked at together."""


@click.command()
@click.argument("order", required=False)
@click.option(
    "--at", "connections", metavar="CONNECTION", multiple=True, help="Only events at this connection; may be repeated."
)
@click.option(
    "--after",
    type=click.IntRange(0),
    metavar="SEQUENCE",
    help="Only events after this sequence.  [default: the last lines]",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="The most events to show.")
@click.option("--follow", is_flag=True, help="Show events as they happen, until Ctrl-C; with --json each is a line.")
@common_options
@click.pass_obj
def events(
    session: Session, order: str | None, connections: tuple[str, ...], after: int | None, limit: int, follow: bool
) -> None:
    """Show what happened to the cases of ORDER, or of all.

    In the order of the ledger, which has a sequence for each line. To miss nothing, go on after the last sequence.
    """
    with session.desk() as desk:
        order_id = desk.orders.get(order).id if order is not None else None
        start = after if after is not None else max(0, desk.feed.head() - limit)
        page = desk.feed.read(start, limit, connections=connections or None)
        wanted = _of_order(page, order_id)
        if not (follow and session.as_json):
            document = {
                "events": [_document(event) for event in wanted],
                "next_after": page.next_after,
                "has_more": page.has_more,
                "is_complete": page.is_complete,
            }
            session.print_result(document, lambda screen: _show(screen, wanted, page, follow=follow))
        else:
            _print_lines(session, wanted)
        if follow:
            _follow(session, desk, page.next_after, connections, order_id)


def _follow(session: Session, desk: Desk, after: int, connections: tuple[str, ...], order_id: str | None) -> None:
    from orderdesk_sdk.cli.signals import stop_event

    with stop_event() as stop:
        while not stop.is_set():
            page = desk.feed.read(after, _LOOKED_AT, connections=connections or None)
            after = page.next_after
            _print_lines(session, _of_order(page, order_id))
            if not page.has_more:
                stop.wait(INTERVAL)


def _of_order(page: FeedPage, order_id: str | None) -> tuple[FeedEvent, ...]:
    return tuple(event for event in page.events if order_id is None or event.order_id == order_id)


def _print_lines(session: Session, wanted: tuple[FeedEvent, ...]) -> None:
    from orderdesk_sdk.cli.output.screen import Screen

    if session.as_json:
        for event in wanted:
            click.echo(json.dumps(_document(event)))
        return
    screen = Screen()
    for event in wanted:
        _show_event(screen, event)


def _document(event: FeedEvent) -> dict[str, object]:
    from orderdesk_sdk.desk.documents import feed_event_document

    return feed_event_document(event)


def _show(screen: Screen, wanted: tuple[FeedEvent, ...], page: FeedPage, *, follow: bool) -> None:
    if not page.is_complete:
        screen.line("Older lines were archived, or the ledger was restored; look at the cases themselves.", "yellow")
    for event in wanted:
        _show_event(screen, event)
    if not wanted and not follow:
        screen.line("Nothing happened there.")
    if page.has_more and not follow:
        screen.line(f"There is more; --after {page.next_after} shows the next.", "dim")


def _show_event(screen: Screen, event: FeedEvent) -> None:
    from orderdesk_sdk.cli.output.screen import printable, state_text
    from orderdesk_sdk.cli.output.times import format_time

    head = f"{format_time(event.at, seconds=True)}  {event.order_number} at {event.connection}"
    message = f" - {event.message}" if event.message else ""
    told = f"{event.summary}{message}"
    text = state_text(event.state).append(printable(f": {told}"), "default not bold") if event.sets_state else told
    screen.hanging(head, text)


@click.command()
@click.argument("key")
@common_options
@click.pass_obj
def bulk(session: Session, key: str) -> None:
    """Show where the orders of the bulk KEY stand.

    KEY is the `bulk` of the result of `orderdesk cancel --from FILE`, or the idempotency key that was given.
    """
    from orderdesk_sdk.desk.documents import bulk_summary_document
    from orderdesk_sdk.errors import NotFoundError

    with session.desk() as desk:
        summary = desk.cancel_many((), by="bulk", idempotency_key=key, send=False).summary()
    if not summary.total:
        raise NotFoundError(
            "there is no such bulk", location=f"bulk {key}", hint="give the key that `orderdesk cancel --from` showed"
        )

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.bulk import show_summary

        show_summary(screen, summary, is_complete=True)

    session.print_result(bulk_summary_document(summary), draw)
