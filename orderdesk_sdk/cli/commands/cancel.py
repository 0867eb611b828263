"""`plan`, `cancel`, `cases`, `receipt` and `resubmit`: the way of an order from the cancellation to the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import (
    EXIT_ACTION_REQUIRED,
    Session,
    by_option,
    common_options,
    name_of_order,
    require_name,
)

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import State
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["cancel", "cases", "plan", "receipt", "resubmit"]


class _StateType(click.ParamType["State"]):
    name = "state"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> State:
        from orderdesk_sdk.cases.case import State

        known = {state.value: state for state in State}
        word = str(value).lower().replace("-", " ").replace("_", " ")
        if word not in known:
            self.fail(f"{value!r} is no state; there are: {', '.join(known).replace(' ', '-')}", param, ctx)
        return known[word]


class _LineType(click.ParamType["tuple[str, int]"]):
    name = "part"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        code, colon, quantity = str(value).rpartition(":")
        if not colon or not code or not (quantity.isascii() and quantity.isdecimal() and len(quantity) < 10):
            self.fail(f"{value!r} is no part of an order; write it as CODE:QTY, such as MUG-11:1", param, ctx)
        return code, int(quantity)


@click.command()
@click.argument("order")
@common_options
@click.pass_obj
def plan(session: Session, order: str) -> None:
    """Show what a cancellation of ORDER would do now. Sends nothing."""
    from orderdesk_sdk.desk.documents import plan_document

    with session.desk() as desk:
        made = desk.cancellations.plan(order)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_plan

        show_plan(screen, made)

    session.print_result(plan_document(made), draw)


@click.command()
@click.argument("order")
@by_option()
@click.option(
    "--at", "places", metavar="CONNECTION", multiple=True, help="Only there; may be repeated. Everywhere if not given."
)
@click.option(
    "--line",
    "parts",
    type=_LineType(),
    metavar="CODE:QTY",
    multiple=True,
    help="Only these lines; may be repeated. id:ID:QTY names one by its id.",
)
@click.option("--reason", metavar="TEXT", help="Why; `orderdesk plan` lists what a place takes.")
@click.option(
    "--key", metavar="TEXT", help="A name for this cancellation: the same key again is the same cancellation."
)
@click.option("--no-send", is_flag=True, help="Only record the cancellation; `orderdesk work` sends it.")
@common_options
@click.pass_obj
def cancel(
    session: Session,
    order: str,
    by: str | None,
    connections: tuple[str, ...],
    line_quantities: tuple[tuple[str, int], ...],
    reason: str | None,
    idempotency_key: str | None,
    no_send: bool,
) -> None:
    """Cancel ORDER everywhere it was submitted.

    The cancellation is in the ledger before anything is sent. Asking twice is asking once. A reason or a part that a
    place does not take is refused before anything is recorded. Exit code 3: a person must look.
    """
    from orderdesk_sdk.desk.documents import cancellation_status_document

    lines = dict(line_quantities)
    if len(lines) < len(line_quantities):
        raise click.UsageError("a line is named twice; give its whole quantity once")
    with session.desk() as desk:
        standing = desk.cancel(
            order,
            by=require_name(by),
            reason=reason,
            idempotency_key=idempotency_key,
            connections=connections,
            lines=lines,
            send_now=not no_send,
        )
        now = desk.clock.now()
        name = name_of_order(desk, standing.cancellation.order_id)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases

        cancellation = standing.cancellation
        part = ", ".join(f"{quantity} of {line}" for line, quantity in cancellation.lines_by_name.items())
        what = f"{part} of it to be canceled" if part else "to be canceled"
        screen.line(f"Order {cancellation.order_number}  {what}, asked by {cancellation.requested_by}", "bold")
        show_cases(screen, standing.cases)
        screen.zone(now)
        if not standing.is_settled:
            screen.line("`orderdesk work --until-idle` follows it up.")
        screen.line(f"`orderdesk receipt {name}` shows the proof.")

    session.print_result(cancellation_status_document(standing), draw)
    session.exit_for(standing.cases)


@click.command()
@click.argument("order", required=False)
@click.option("--open", "open_only", is_flag=True, help="Only those that are not settled.")
@click.option("--state", "states", type=_StateType(), multiple=True, help="Only those in this state; may be repeated.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many at most.")
@common_options
@click.pass_obj
def cases(session: Session, order: str | None, open_only: bool, states: tuple[State, ...], limit: int) -> None:
    """List cases, of ORDER or of all orders, oldest first."""
    from orderdesk_sdk.cases.case import OPEN
    from orderdesk_sdk.cli.output.pages import pages_of_cases
    from orderdesk_sdk.desk.documents import case_document

    if open_only and states:
        raise click.UsageError("give --open or --state, not both")
    wanted = sorted(OPEN, key=lambda state: state.value) if open_only else list(states)
    with session.desk() as desk:
        pages = pages_of_cases(desk, order=order, states=wanted, limit=limit)

        def draw(screen: Screen) -> None:
            from orderdesk_sdk.cli.output.cancellations import show_case_list

            count = show_case_list(screen, pages)
            if not count:
                screen.line("There are no such cases.")
                return
            if count == limit:
                screen.line(f"The first {limit}; --limit shows more.", "dim")
            screen.zone(desk.clock.now())

        session.print_list("cases", (case_document(case) for page in pages for case in page), draw)


@click.command()
@click.argument("order")
@common_options
@click.pass_obj
def receipt(session: Session, order: str) -> None:
    """Show the proof of what became of ORDER.

    What was asked, answered and decided, when, by whom, and the evidence. Exit code 3: a person must look at the
    latest case of a place, or at what was to be submitted or set.
    """
    from orderdesk_sdk.desk.documents import receipt_document

    with session.desk() as desk:
        made = desk.cancellations.receipt(order)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_receipt

        show_receipt(screen, made)

    session.print_result(receipt_document(made), draw)
    session.exit_for([*made.coverage.latest.values(), *made.resubmissions, *made.status_changes])


@click.command()
@click.argument("order")
@click.option("--at", metavar="CONNECTION", help="Where to; the connection it was canceled at if not given.")
@click.option("--number", metavar="X", help="The new number; a free one if not given.")
@by_option()
@common_options
@click.pass_obj
def resubmit(session: Session, order: str, connection: str | None, number: str | None, by: str | None) -> None:
    """Submit a canceled ORDER again, under a new number.

    It becomes a duplicate, linked to the original. Never while the cancellation is unsettled: the order would be made
    twice. Exit code 3: the service refused it.
    """
    from orderdesk_sdk.cases.errand import ErrandState
    from orderdesk_sdk.desk.documents import resubmission_document

    with session.desk() as desk:
        made = desk.resubmissions.create(order, by=require_name(by), connection=connection, number=number)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cases import show_resubmission

        show_resubmission(screen, made)
        if made.is_open:
            screen.line("`orderdesk work --until-idle` follows it up.")

    session.print_result({"resubmission": resubmission_document(made)}, draw)
    if made.state is ErrandState.REJECTED:
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
    session.exit_for([made])
