"""`receipt`: what became of an order, with the evidence, and links for others to read what of it may be shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orderdesk_sdk.cases.receipt_links import ReceiptLink
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["receipt"]


@click.command()
@click.argument("order")
@click.option("--limit", type=click.IntRange(1), help="The most lines of its histories to show.  [default: all]")
@click.option(
    "--after", type=click.IntRange(0), default=0, metavar="SEQUENCE", help="Only lines after this one: the next page."
)
@click.option(
    "--link", "makes_link", is_flag=True, help="Make a link to its public receipt. Whoever has the link can read it."
)
@click.option("--days", type=click.IntRange(1, 365), help="With --link: how many days it is valid.  [default: 30]")
@click.option("--links", "lists_links", is_flag=True, help="List the links to its public receipt.")
@click.option("--revoke", "revoked", metavar="LINK", help="Revoke this link; --links shows the ids.")
@by_option()
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def receipt(
    session: Session,
    order: str,
    limit: int | None,
    after: int,
    makes_link: bool,
    days: int | None,
    lists_links: bool,
    revoked: str | None,
    by: str | None,
) -> None:
    """Show what became of ORDER, with the evidence.

    What was requested, answered and decided, when, by whom, and the evidence of each result. Exit code 3: the latest
    case at a connection requires action.

    A link leads a customer or a partner to the public receipt, which names no service, no person and no reason.
    """
    if makes_link + lists_links + (revoked is not None) > 1 or (days is not None and not makes_link):
        raise click.UsageError("give one of --link (with --days), --links and --revoke")
    if makes_link:
        _make_link(session, order, days, require_name(by))
    elif lists_links:
        _list_links(session, order)
    elif revoked is not None:
        _revoke_link(session, order, revoked, require_name(by))
    else:
        _show_receipt(session, order, limit, after)


def _show_receipt(session: Session, order: str, limit: int | None, after: int) -> None:
    from orderdesk_sdk.desk.documents import receipt_document

    with session.desk() as desk:
        order_receipt = desk.cancellations.receipt(order, limit=limit, after=after)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_receipt

        show_receipt(screen, order_receipt)
        if order_receipt.next_after is not None:
            next_page = f"--after {order_receipt.next_after} shows the next"
            screen.line(f"No more than {limit} lines of the histories are shown; {next_page}.", "dim")

    session.print_result(receipt_document(order_receipt), draw)
    others = (*order_receipt.resubmissions, *order_receipt.status_changes, *order_receipt.responses)
    session.exit_for([*order_receipt.coverage.latest.values(), *others])


def _make_link(session: Session, order: str, days: int | None, by: str) -> None:
    """Make a link, and print its token once."""
    from orderdesk_sdk.cli.output.times import format_time
    from orderdesk_sdk.clock import SystemClock
    from orderdesk_sdk.desk.documents import receipt_link_document

    expires_at = None if days is None else SystemClock().now() + timedelta(days=days)
    with session.desk() as desk:
        made = desk.receipt_links.create(order, by=by, expires_at=expires_at)

    def draw(screen: Screen) -> None:
        screen.line(f"/r/{made.token.reveal()}", "bold")
        screen.line(f"Good until {format_time(made.link.expires_at)}, at the address of `orderdesk serve`. It is shown")
        screen.line(f"only now; `orderdesk receipt {order} --revoke {made.link.id}` ends it.")
        screen.zone(made.link.expires_at)

    document = {"link": receipt_link_document(made.link), "token": made.token.reveal()}
    session.print_result(document, draw)


def _list_links(session: Session, order: str) -> None:
    """Print the links of an order, without their tokens, which nobody knows any more."""
    from orderdesk_sdk.clock import SystemClock
    from orderdesk_sdk.desk.documents import receipt_link_document

    with session.desk() as desk:
        links = desk.receipt_links.list(order)
    now = SystemClock().now()
    session.print_result(
        {"links": [receipt_link_document(link) for link in links]}, lambda screen: _show_links(screen, links, now)
    )


def _revoke_link(session: Session, order: str, link_id: str, by: str) -> None:
    """Revoke a link of an order. Raises NotFoundError for one of another order."""
    from orderdesk_sdk.desk.documents import receipt_link_document
    from orderdesk_sdk.errors import NotFoundError

    with session.desk() as desk:
        if link_id not in {link.id for link in desk.receipt_links.list(order)}:
            raise NotFoundError(
                "the order has no such link", location=f"link {link_id}", hint="take an id from --links"
            )
        link = desk.receipt_links.revoke(link_id, by=by)
    session.print_result(
        {"link": receipt_link_document(link)}, lambda screen: screen.line(f"The link {link.id} was revoked.")
    )


def _show_links(screen: Screen, links: Sequence[ReceiptLink], now: datetime) -> None:
    from orderdesk_sdk.cli.output.times import format_time

    if not links:
        screen.line("The order has no links to its receipt; --link makes one.")
        return

    def state(link: ReceiptLink) -> str:
        if link.revoked_at is not None:
            return f"revoked by {link.revoked_by}, {format_time(link.revoked_at)}"
        return "good" if link.is_usable(now) else "expired"

    rows = [
        (link.id, link.created_by, format_time(link.created_at), format_time(link.expires_at), state(link))
        for link in links
    ]
    screen.table(("link", "by", "made", "until", "state"), rows, whole=("link",))
    screen.zone(now)
