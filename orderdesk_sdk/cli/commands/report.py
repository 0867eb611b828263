"""`set-status`, `report-canceled` and `report-shipped`: a cart's status, and what happened outside this tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import (
    EXIT_ACTION_REQUIRED,
    Session,
    by_option,
    common_options,
    print_cases,
    require_name,
)

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["report_canceled", "report_shipped", "set_status"]

_connections = click.option(
    "--at", "connections", metavar="CONNECTION", multiple=True, help="Only at this connection; may be repeated."
)


@click.command()
@click.argument("order")
@click.argument("status")
@_connections
@click.option("--reason", metavar="TEXT", help="The reason, if the status is canceled.")
@by_option()
@common_options
@click.pass_obj
def set_status(
    session: Session, order: str, status: str, connections: tuple[str, ...], reason: str | None, by: str | None
) -> None:
    """Set the STATUS of ORDER at its carts.

    The status "canceled" cancels the order at its carts, once it is canceled at every fulfillment service. A status
    that a cart does not have is an error, which lists those that it has. Exit code 3: a case requires action, or a
    service rejected it.
    """
    from orderdesk_sdk.desk.documents import cancellation_status_document, case_document

    with session.desk() as desk:
        result = desk.status_changes.create(order, status, by=require_name(by), connections=connections, reason=reason)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases
        from orderdesk_sdk.cli.output.cases import show_status_change

        if result.cancellation is not None:
            number = result.cancellation.cancellation.order_number
            screen.line(f"Order {number}  cancellation at its carts requested", "bold")
            show_cases(screen, result.cancellation.cases)
        for change in result.changes:
            show_status_change(screen, change)
        screen.zone(now)
        if not result.is_settled:
            screen.line("`orderdesk work --until-idle` follows up the open cases.")

    shape: dict[str, object] = {
        "status": result.status,
        "is_settled": result.is_settled,
        "cancellation": None if result.cancellation is None else cancellation_status_document(result.cancellation),
        "changes": [case_document(change) for change in result.changes],
    }
    session.print_result(shape, draw)
    session.exit_for_request((*result.changes, *(result.cancellation.cases if result.cancellation is not None else ())))


@click.command()
@click.argument("order")
@click.option(
    "--at", "connection", metavar="CONNECTION", required=True, help="The connection at which the order was canceled."
)
@by_option()
@common_options
@click.pass_obj
def report_canceled(session: Session, order: str, connection: str, by: str | None) -> None:
    """Report that ORDER was canceled outside this tool.

    The report is verified by polling the connection; no cancellation is requested there. Exit code 3: the case requires
    action, or the service says otherwise: then the report is withdrawn, and the order goes on there.
    """
    from orderdesk_sdk.cases.case import State

    with session.desk() as desk:
        case = desk.notifications.report_canceled(order, connection=connection, by=require_name(by))
    cases = () if case is None else (case,)
    print_cases(session, order, cases, "The order is known to be canceled there; nothing needs to be verified.")
    if case is not None and case.state is State.WITHDRAWN:
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
    session.exit_for(cases)


@click.command()
@click.argument("order")
@_connections
@by_option()
@click.option("--note", metavar="TEXT", help="How this is known: a tracking number, a call.")
@common_options
@click.pass_obj
def report_shipped(
    session: Session, order: str, connections: tuple[str, ...], by: str | None, note: str | None
) -> None:
    """Report that ORDER was shipped. An alarm if it was to be canceled.

    Exit code 3: the order was shipped although its cancellation was requested.
    """
    with session.desk() as desk:
        cases = desk.notifications.report_shipped(order, by=require_name(by), connections=connections, note=note)
    print_cases(session, order, cases, "Its cancellation was never requested, so this is not an alarm.")
    session.exit_for(cases)
