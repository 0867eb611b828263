"""`eligibility`: what services say of an order before they are asked to cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["eligibility"]


@click.command()
@click.argument("order")
@click.option(
    "--at", "connections", metavar="CONNECTION", multiple=True, help="Only at this connection; may be repeated."
)
@by_option()
@common_options
@click.pass_obj
def eligibility(session: Session, order: str, connections: tuple[str, ...], by: str | None) -> None:
    """Ask services whether they would cancel ORDER now.

    They also say which reasons they accept. What they say is kept with its time, and `orderdesk plan` shows it. Nothing
    changes there, and nothing is promised: only the answer to a cancel decides. Exit code 3: a service did not say it.
    """
    from orderdesk_sdk.desk.documents import eligibility_result_document

    with session.desk() as desk:
        found = desk.orders.get(order)
        results = desk.eligibility.read(f"id:{found.id}", by=require_name(by), connections=connections)
    document = {
        "order_id": found.id,
        "order_number": found.number,
        "results": [eligibility_result_document(result) for result in results],
    }

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.eligibility import show_eligibility_results

        show_eligibility_results(screen, found, results)

    session.print_result(document, draw)
    if any(result.reading is None for result in results):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
