"""`status`, `take-back`, `heard` and `shipped`.

A cart's status, a cancellation taken back, and what others let us know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["report_canceled", "report_shipped", "set_status", "withdraw_order"]

_connections = click.option("--at", "at", metavar="CONNECTION", multiple=True, help="Only there; may be repeated.")


def _give_cases(session: Session, order: str, cases: Sequence[Case], empty_message: str) -> None:
    from orderdesk_sdk.desk.documents import case_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases

        if not cases:
            screen.line(empty_message)
            return
        screen.line(f"Order {cases[0].order_number}", "bold")
        show_cases(screen, cases)
        screen.zone(cases[0].updated_at)

    session.print_result({"order": order, "cases": [case_document(case) for case in cases]}, draw)


@click.command()
@click.argument("order")
@click.argument("status")
@_connections
@click.option("--reason", metavar="TEXT", help="Why, where the status is canceled.")
@by_option()
@common_options
@click.pass_obj
def set_status(
    session: Session, order: str, status: str, connections: tuple[str, ...], reason: str | None, by: str | None
) -> None:
    """Give ORDER a STATUS at its carts.

    "cancellation" is a cancellation there, and a cart is told last. A status that a cart does not have is refused with
    those that it has. Exit code 3: a person must look.
    """
    from orderdesk_sdk.cases.errand import ErrandState
    from orderdesk_sdk.desk.documents import cancellation_status_document, status_change_document

    with session.desk() as desk:
        made = desk.status_changes.create(order, status, by=require_name(by), connections=connections, reason=reason)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases
        from orderdesk_sdk.cli.output.cases import show_status_change

        if made.cancellation is not None:
            screen.line(f"Order {made.cancellation.cancellation.order_number}  to be canceled at its carts", "bold")
            show_cases(screen, made.cancellation.cases)
        for change in made.changes:
            show_status_change(screen, change)
        screen.zone(now)
        if not made.is_settled:
            screen.line("`orderdesk work --until-idle` follows it up.")

    shape: dict[str, object] = {
        "status": made.status,
        "is_settled": made.is_settled,
        "cancellation": None if made.cancellation is None else cancellation_status_document(made.cancellation),
        "changes": [status_change_document(change) for change in made.changes],
    }
    session.print_result(shape, draw)
    if any(change.state is ErrandState.REJECTED for change in made.changes):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
    session.exit_for((*made.changes, *(made.cancellation.cases if made.cancellation is not None else ())))


@click.command("take-back")
@click.argument("order")
@by_option()
@click.option("--note", metavar="TEXT", help="Why.")
@common_options
@click.pass_obj
def withdraw_order(session: Session, order: str, by: str | None, note: str | None) -> None:
    """Take the cancellation to cancel ORDER back where nothing was sent.

    What was asked already goes on: only its service can tell what becomes of it.
    """
    with session.desk() as desk:
        found = desk.cancellations.withdraw(order, by=require_name(by), note=note)
    _give_cases(session, order, found, "Nothing of it is open.")


@click.command()
@click.argument("order")
@click.option("--at", metavar="CONNECTION", required=True, help="Where it is said to be canceled.")
@by_option()
@common_options
@click.pass_obj
def report_canceled(session: Session, order: str, connection: str, by: str | None) -> None:
    """Say that a place canceled ORDER by itself.

    It is polled there, and never asked. Exit code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.notifications.report_canceled(order, connection=connection, by=require_name(by))
    cases = () if found is None else (found,)
    _give_cases(session, order, cases, "There is nothing to look into.")
    session.exit_for(cases)


@click.command()
@click.argument("order")
@_connections
@by_option()
@click.option("--note", metavar="TEXT", help="How it is known: a tracking number, a call.")
@common_options
@click.pass_obj
def report_shipped(
    session: Session, order: str, connections: tuple[str, ...], by: str | None, note: str | None
) -> None:
    """Say that ORDER shipped; an alarm if it was canceled.

    Exit code 3: it was, so a person must look.
    """
    with session.desk() as desk:
        found = desk.notifications.report_shipped(order, by=require_name(by), connections=connections, note=note)
    _give_cases(session, order, found, "It was neither canceled nor asked to be, so this is no alarm.")
    session.exit_for(found)
