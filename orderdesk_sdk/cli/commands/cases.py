"""`cases`: what is asked of connections, of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options, find_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orderdesk_sdk.cases.case import Case, State
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["cases"]


class _StateType(click.ParamType["State"]):
    name = "state"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> State:
        from orderdesk_sdk.cases.case import State

        states = {state.value: state for state in State}
        word = str(value).lower().replace("-", " ").replace("_", " ")
        if word not in states:
            names = ", ".join(state.replace(" ", "-") for state in states)
            self.fail(f"{value!r} is not a state; the states are: {names}", param, ctx)
        return states[word]


@click.command()
@click.argument("order", required=False)
@click.option(
    "--kind",
    type=click.Choice(["cancel", "resubmission", "status-change", "response"]),
    default="cancel",
    show_default=True,
    help="Only cases of this kind.",
)
@click.option("--open", "open_only", is_flag=True, help="Only cases that are not settled.")
@click.option("--state", "states", type=_StateType(), multiple=True, help="Only cases in this state; may be repeated.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="The most cases to list.")
@click.option("--after", metavar="CASE", help="Only cases that come after this one: the next page.")
@common_options
@click.pass_obj
def cases(
    session: Session,
    order: str | None,
    kind: str,
    open_only: bool,
    states: tuple[State, ...],
    limit: int,
    after: str | None,
) -> None:
    """List the cases of ORDER, or of all orders, oldest first."""
    from orderdesk_sdk.cases.case import OPEN
    from orderdesk_sdk.cli.output.pages import pages_of_cases
    from orderdesk_sdk.desk.documents import case_document

    if open_only and states:
        raise click.UsageError("give --open or --state, not both")
    wanted = sorted(OPEN, key=lambda state: state.value) if open_only else list(states)
    case_class = _class_of(kind)
    with session.desk() as desk:
        last = find_case(desk, after) if after is not None else None
        if last is not None and not isinstance(last, case_class):
            raise click.UsageError(f"--after: {last.id} is a case of the kind {last.kind}")
        order_id = desk.orders.get(order).id if order is not None else None
        pages = pages_of_cases(desk, case_class, order_id=order_id, states=wanted, limit=limit, after=last)

        def draw(screen: Screen) -> None:
            if _show(screen, pages, limit):
                screen.zone(desk.clock.now())

        session.print_list("cases", (case_document(case) for page in pages for case in page), draw)


def _class_of(kind: str) -> type[Case]:
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.response import ResponseCase
    from orderdesk_sdk.cases.resubmission import ResubmitCase
    from orderdesk_sdk.cases.status_change import StatusCase

    kinds: tuple[type[Case], ...] = (CancelCase, ResubmitCase, StatusCase, ResponseCase)
    return next(each for each in kinds if each.kind == kind.replace("-", " "))


def _show(screen: Screen, pages: Iterator[Sequence[Case]], limit: int) -> int:
    """A line for each; how many there are."""
    from orderdesk_sdk.cli.output.cancellations import show_case_list

    last_ids: list[str] = []

    def noting_the_last() -> Iterator[Sequence[Case]]:
        for page in pages:
            last_ids[:] = [page[-1].id]
            yield page

    count = show_case_list(screen, noting_the_last())
    if not count:
        screen.line("No case matches.")
    elif count == limit:
        screen.line(f"No more than {limit} are shown; --after {last_ids[0]} shows the next.", "dim")
    return count
