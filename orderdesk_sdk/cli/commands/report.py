"""`status`, `take-back`, `heard` and `shipped`: a cart's status, a wish taken back, and what others let us know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import PERSON_NEEDED, Session, by_option, shared, who

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["heard", "shipped", "status", "take_back"]

_at = click.option("--at", "at", metavar="CONNECTION", multiple=True, help="Only there; may be repeated.")


def _give(session: Session, order: str, cases: Sequence[Case], nothing: str) -> None:
    from orderdesk_sdk.desk.documents import case_shape

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import standing_table

        if not cases:
            screen.line(nothing)
            return
        screen.line(f"Order {cases[0].order_number}", "bold")
        standing_table(screen, cases)
        screen.zone(cases[0].updated_at)

    session.give({"order": order, "cases": [case_shape(case) for case in cases]}, draw)


@click.command()
@click.argument("order")
@click.argument("status")
@_at
@click.option("--reason", metavar="TEXT", help="Why, where the status is canceled.")
@by_option()
@shared
@click.pass_obj
def status(session: Session, order: str, status: str, at: tuple[str, ...], reason: str | None, by: str | None) -> None:
    """Give ORDER a STATUS at its carts.

    "canceled" is a cancellation there, and a cart is told last. A status that a cart does not have is refused with
    those that it has. Exit code 3: a person must look.
    """
    from orderdesk_sdk.cases.errand import ErrandState
    from orderdesk_sdk.desk.documents import standing_shape, status_change_shape

    with session.desk() as desk:
        made = desk.change_status(order, status, by=who(by), at=at, reason=reason)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import standing_table
        from orderdesk_sdk.cli.output.cases import status_change_lines

        if made.canceled is not None:
            screen.line(f"Order {made.canceled.cancellation.order_number}  to be canceled at its carts", "bold")
            standing_table(screen, made.canceled.cases)
        for change in made.changes:
            status_change_lines(screen, change)
        screen.zone(now)
        if not made.is_settled:
            screen.line("`orderdesk work --until-idle` follows it up.")

    shape: dict[str, object] = {
        "status": made.status,
        "is_settled": made.is_settled,
        "canceled": None if made.canceled is None else standing_shape(made.canceled),
        "changes": [status_change_shape(change) for change in made.changes],
    }
    session.give(shape, draw)
    if any(change.state is ErrandState.REFUSED for change in made.changes):
        click.get_current_context().exit(PERSON_NEEDED)
    session.end((*made.changes, *(made.canceled.cases if made.canceled is not None else ())))


@click.command("take-back")
@click.argument("order")
@by_option()
@click.option("--note", metavar="TEXT", help="Why.")
@shared
@click.pass_obj
def take_back(session: Session, order: str, by: str | None, note: str | None) -> None:
    """Take the wish to cancel ORDER back where nothing was sent.

    What was asked already goes on: only its service can tell what becomes of it.
    """
    with session.desk() as desk:
        found = desk.take_back(order, by=who(by), note=note)
    _give(session, order, found, "Nothing of it is open.")


@click.command()
@click.argument("order")
@click.option("--at", metavar="CONNECTION", required=True, help="Where it is said to be canceled.")
@by_option()
@shared
@click.pass_obj
def heard(session: Session, order: str, at: str, by: str | None) -> None:
    """Say that a place canceled ORDER by itself.

    It is read back there, and never asked. Exit code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.canceled_elsewhere(order, at=at, by=who(by))
    cases = () if found is None else (found,)
    _give(session, order, cases, "There is nothing to look into.")
    session.end(cases)


@click.command()
@click.argument("order")
@_at
@by_option()
@click.option("--note", metavar="TEXT", help="How it is known: a tracking number, a call.")
@shared
@click.pass_obj
def shipped(session: Session, order: str, at: tuple[str, ...], by: str | None, note: str | None) -> None:
    """Say that ORDER shipped; an alarm if it was canceled.

    Exit code 3: it was, so a person must look.
    """
    with session.desk() as desk:
        found = desk.shipped(order, by=who(by), at=at, note=note)
    _give(session, order, found, "It was neither canceled nor asked to be, so this is no alarm.")
    session.end(found)
