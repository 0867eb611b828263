"""`plan`, `cancel`, `cases`, `receipt` and `resubmit`: the way of an order from the wish to the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import PERSON_NEEDED, Session, by_option, name_of_order, shared, who

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


class _PartType(click.ParamType["tuple[str, int]"]):
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
@shared
@click.pass_obj
def plan(session: Session, order: str) -> None:
    """Show what a cancellation of ORDER would do now. Sends nothing."""
    from orderdesk_sdk.desk.documents import plan_shape

    with session.desk() as desk:
        made = desk.plan(order)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import plan_table

        plan_table(screen, made)

    session.give(plan_shape(made), draw)


@click.command()
@click.argument("order")
@by_option()
@click.option(
    "--at", "places", metavar="CONNECTION", multiple=True, help="Only there; may be repeated. Everywhere if not given."
)
@click.option(
    "--line",
    "parts",
    type=_PartType(),
    metavar="CODE:QTY",
    multiple=True,
    help="Only these lines; may be repeated. id:ID:QTY names one by its id.",
)
@click.option("--reason", metavar="TEXT", help="Why; `orderdesk plan` lists what a place takes.")
@click.option("--key", metavar="TEXT", help="A name for this wish: the same key again is the same wish.")
@click.option("--no-send", is_flag=True, help="Only record the wish; `orderdesk work` sends it.")
@shared
@click.pass_obj
def cancel(
    session: Session,
    order: str,
    by: str | None,
    places: tuple[str, ...],
    parts: tuple[tuple[str, int], ...],
    reason: str | None,
    key: str | None,
    no_send: bool,
) -> None:
    """Cancel ORDER everywhere it was submitted.

    The wish is in the ledger before anything is sent. Asking twice is asking once. A reason or a part that a place
    does not take is refused before anything is recorded. Exit code 3: a person must look.
    """
    from orderdesk_sdk.desk.documents import standing_shape

    lines = dict(parts)
    if len(lines) < len(parts):
        raise click.UsageError("a line is named twice; give its whole quantity once")
    with session.desk() as desk:
        standing = desk.cancel(order, by=who(by), reason=reason, key=key, at=places, lines=lines, send=not no_send)
        now = desk.clock.now()
        name = name_of_order(desk, standing.cancellation.order_id)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import standing_table

        wish = standing.cancellation
        part = ", ".join(f"{quantity} of {line}" for line, quantity in wish.part.items())
        what = f"{part} of it to be canceled" if part else "to be canceled"
        screen.line(f"Order {wish.order_number}  {what}, asked by {wish.asked_by}", "bold")
        standing_table(screen, standing.cases)
        screen.zone(now)
        if not standing.is_settled:
            screen.line("`orderdesk work --until-idle` follows it up.")
        screen.line(f"`orderdesk receipt {name}` shows the proof.")

    session.give(standing_shape(standing), draw)
    session.end(standing.cases)


@click.command()
@click.argument("order", required=False)
@click.option("--open", "open_only", is_flag=True, help="Only those that are not settled.")
@click.option("--state", "states", type=_StateType(), multiple=True, help="Only those in this state; may be repeated.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many at most.")
@shared
@click.pass_obj
def cases(session: Session, order: str | None, open_only: bool, states: tuple[State, ...], limit: int) -> None:
    """List cases, of ORDER or of all orders, oldest first."""
    from orderdesk_sdk.cases.case import OPEN
    from orderdesk_sdk.cli.output.pages import pages_of_cases
    from orderdesk_sdk.desk.documents import case_shape

    if open_only and states:
        raise click.UsageError("give --open or --state, not both")
    wanted = sorted(OPEN, key=lambda state: state.value) if open_only else list(states)
    with session.desk() as desk:
        pages = pages_of_cases(desk, order=order, states=wanted, limit=limit)

        def draw(screen: Screen) -> None:
            from orderdesk_sdk.cli.output.cancellations import cases_table

            count = cases_table(screen, pages)
            if not count:
                screen.line("There are no such cases.")
                return
            if count == limit:
                screen.line(f"The first {limit}; --limit shows more.", "dim")
            screen.zone(desk.clock.now())

        session.give_list("cases", (case_shape(case) for page in pages for case in page), draw)


@click.command()
@click.argument("order")
@shared
@click.pass_obj
def receipt(session: Session, order: str) -> None:
    """Show the proof of what became of ORDER.

    What was asked, answered and decided, when, by whom, and the evidence. Exit code 3: a person must look at the
    latest case of a place, or at what was to be submitted or set.
    """
    from orderdesk_sdk.desk.documents import receipt_shape

    with session.desk() as desk:
        made = desk.receipt(order)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import receipt_page

        receipt_page(screen, made)

    session.give(receipt_shape(made), draw)
    session.end([*made.coverage.latest.values(), *made.resubmissions, *made.status_changes])


@click.command()
@click.argument("order")
@click.option("--at", metavar="CONNECTION", help="Where to; the connection it was canceled at if not given.")
@click.option("--number", metavar="X", help="The new number; a free one if not given.")
@by_option()
@shared
@click.pass_obj
def resubmit(session: Session, order: str, at: str | None, number: str | None, by: str | None) -> None:
    """Submit a canceled ORDER again, under a new number.

    It becomes a duplicate, linked to the original. Never while the cancellation is unsettled: the order would be made
    twice. Exit code 3: the service refused it.
    """
    from orderdesk_sdk.cases.errand import ErrandState
    from orderdesk_sdk.desk.documents import resubmission_shape

    with session.desk() as desk:
        made = desk.resubmit(order, by=who(by), at=at, number=number)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cases import resubmission_lines

        resubmission_lines(screen, made)
        if made.is_open:
            screen.line("`orderdesk work --until-idle` follows it up.")

    session.give({"resubmission": resubmission_shape(made)}, draw)
    if made.state is ErrandState.REFUSED:
        click.get_current_context().exit(PERSON_NEEDED)
    session.end([made])
