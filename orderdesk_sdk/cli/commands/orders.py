"""`import`, `orders`, `register`, `claim-number`, `move`: the embedded order store, and where orders were submitted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING

import click

from orderdesk_sdk.cli.output.times import TimeParameter
from orderdesk_sdk.cli.session import (
    Session,
    by_option,
    common_options,
    name_of_order,
    require_name,
)

if TYPE_CHECKING:
    from orderdesk_sdk.cases.order_states import OrderState
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.desk.order_search import OrderPage, OrderSummary

__all__ = ["import_orders", "move", "orders", "register", "claim_number"]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@by_option()
@common_options
@click.pass_obj
def import_orders(session: Session, file: str, by: str | None) -> None:
    """Import orders from a JSON FILE; - reads stdin.

    The file has Order Desk's format: an order, a list of orders, or a response of its API. A new order is added, one
    with a known id is updated, an equal one is left unchanged. If anything in the file is wrong, nothing is imported.
    Orders of several shops may share a number; the result names each by its id.
    """
    from orderdesk_sdk.orders.serialization import OrderStream

    with _seekable(file) as text, session.desk(creating=True) as desk:
        location = "stdin" if file == "-" else file
        read = OrderStream(text, location=location, timezone=session.config().timezone)
        report = desk.orders.import_orders(read, by=require_name(by))
    conflicts = [
        {"number": conflict.number, "ids": list(conflict.ids), "message": conflict.message}
        for conflict in report.conflicts
    ]
    groups = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}

    def draw(screen: Screen) -> None:
        for word, numbers in groups.items():
            if numbers:
                some = ", ".join(numbers[:10]) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
                screen.line(f"{word}: {some}")
        for conflict in report.conflicts:
            screen.line(f"Note: {conflict.message}.", "yellow")
        if read.missing_note is not None:
            screen.line(f"Note: {read.missing_note}.", "yellow")
        if not read.count:
            screen.line("The file contains no orders.")

    session.print_result(
        {**{word: list(numbers) for word, numbers in groups.items()}, "conflicts": conflicts, "total": read.total},
        draw,
    )


@contextmanager
def _seekable(file: str) -> Iterator[IO[bytes]]:
    """A file for reading; what comes through a pipe as a file without a name."""
    with click.open_file(file, "rb") as opened:
        if opened.seekable():
            yield opened
            return
        import tempfile  # It takes as long as half of click.

        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(opened, copy)
            copy.seek(0)
            yield copy


class _StateType(click.ParamType["OrderState"]):
    name = "state"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> OrderState:
        from orderdesk_sdk.cases.order_states import OrderState

        try:
            return OrderState(str(value).lower())
        except ValueError:
            names = ", ".join(state.value for state in OrderState)
            self.fail(f"{value!r} is none of: {names}", param, ctx)


@click.command()
@click.option("--search", "text", metavar="TEXT", help="Only orders whose number, e-mail or name begins with this.")
@click.option("--folder", metavar="NAME", help="Only orders in this folder.")
@click.option("--state", type=_StateType(), help="Only orders in this state: open, canceled, rejected or alarm.")
@click.option("--needs-person", is_flag=True, help="Only orders with a case that waits for a person.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="The most orders to list.")
@click.option("--after", metavar="ORDER", help="Only orders that come after this one: the next page.")
@common_options
@click.pass_obj
def orders(
    session: Session,
    text: str | None,
    folder: str | None,
    state: OrderState | None,
    needs_person: bool,
    limit: int,
    after: str | None,
) -> None:
    """List orders and how their cancellation stands.

    A state is that of the newest cancellation at each connection; an order may be in several.
    """
    from orderdesk_sdk.desk.documents import order_page_document

    with session.desk() as desk:
        page = desk.orders.search(text, folder=folder, state=state, needs_person=needs_person, limit=limit, after=after)
        references = [name_of_order(desk, summary.order.id) for summary in page.orders]
    session.print_result(order_page_document(page), lambda screen: _show_orders(screen, page, references))


def _show_orders(screen: Screen, page: OrderPage, references: Sequence[str]) -> None:
    rows = [
        (
            summary.order.number if reference == summary.order.number else f"{summary.order.number} ({reference})",
            summary.folder or "-",
            summary.order.source_name,
            str(sum(line.quantity for line in summary.order.lines)),
            _state_of(summary),
            ", ".join(f"{remote.connection} ({remote.remote_id})" for remote in summary.remote_orders) or "-",
        )
        for summary, reference in zip(page.orders, references, strict=True)
    ]
    screen.table(("order", "folder", "from", "units", "state", "submitted to"), rows, whole=("order",))
    if not page.is_complete:
        screen.line("More orders match than are looked at; give more of the text.", "yellow")
    if page.next_after is not None:
        screen.line(f"There may be more; --after {page.next_after} shows the next.", "dim")


def _state_of(summary: OrderSummary) -> str:
    """What most wants to be looked at, and at how many places the order is canceled."""
    mark = "needs a person" if summary.needs_person else ""
    if summary.worst_state is None:
        return mark or "-"
    places = len(summary.remote_orders)
    of_places = f"canceled at {summary.canceled_at} of {places}" if places > 1 else ""
    return ", ".join(part for part in (summary.worst_state.value, of_places, mark) if part)


@click.command()
@click.argument("order")
@click.option(
    "--at", "connection", required=True, metavar="CONNECTION", help="The connection to which it was submitted."
)
@click.option("--remote-id", metavar="X", help="The order's number there; its own number if not given.")
@click.option(
    "--submitted-at",
    type=TimeParameter(),
    metavar="TIME",
    help="ISO 8601, local time if it names no zone; now if not given.",
)
@by_option()
@common_options
@click.pass_obj
def register(
    session: Session, order: str, connection: str, remote_id: str | None, submitted_at: datetime | None, by: str | None
) -> None:
    """Register that ORDER was submitted to a connection.

    This submits nothing. In a sandbox the order is also created at the connection's simulator.
    """
    from orderdesk_sdk.cli.output.times import format_time
    from orderdesk_sdk.desk.documents import remote_order_document

    with session.desk() as desk:
        seeded = _create_at_simulator(desk, order, connection, remote_id)
        remote_order = desk.orders.register(
            order, connection=connection, by=require_name(by), remote_id=remote_id, submitted_at=submitted_at
        )
        number = desk.orders.get(order).number

    def draw(screen: Screen) -> None:
        since = format_time(remote_order.submitted_at, seconds=True)
        screen.line(
            f"Order {number} is at {connection} as {remote_order.remote_id} ({remote_order.role.value}), since {since}."
        )
        if seeded is not None:
            result = "The order was created" if seeded else "The order exists already"
            screen.line(f"Sandbox: {result[0].lower()}{result[1:]} at the simulator of {connection}.", "dim")
        screen.zone(remote_order.submitted_at)

    shape: dict[str, object] = {
        "order_number": number,
        "remote_order": remote_order_document(remote_order),
        "simulator_seeded": seeded,
    }
    session.print_result(shape, draw)


def _create_at_simulator(desk: Desk, ref: str, connection: str, remote_id: str | None) -> bool | None:
    """Create the order at the connection's simulator; False where it exists there, None where none is simulated."""
    sandbox = desk.config.sandbox
    if sandbox is None or connection not in sandbox.simulators:
        return None
    from orderdesk_sdk.cli.sandbox_client import seed_order

    order = desk.orders.get(ref)
    lines = [(line.code or line.id, line.quantity) for line in order.lines]
    return seed_order(
        sandbox.simulators[connection], remote_id or order.number, [line for line in lines if line[1] > 0]
    )


@click.command()
@click.argument("order")
@by_option()
@common_options
@click.pass_obj
def claim_number(session: Session, order: str, by: str | None) -> None:
    """Let only ORDER be found by its number.

    For an order that was created a second time with the same number: name it by its id, as in id:58101. The other
    orders are found by their ids from then on, and their open cases go on.
    """
    with session.desk() as desk:
        owner = desk.orders.get(order)
        others = desk.orders.claim_number(order, by=require_name(by))

    def draw(screen: Screen) -> None:
        left = f"; the other orders are {', '.join(f'id:{other}' for other in others)}" if others else ", as before"
        screen.line(f"Order {owner.number} is id:{owner.id}{left}.")

    session.print_result({"order_number": owner.number, "order_id": owner.id, "other_order_ids": list(others)}, draw)


@click.command()
@click.argument("order")
@click.argument("folder")
@by_option()
@common_options
@click.pass_obj
def move(session: Session, order: str, folder: str, by: str | None) -> None:
    """Move ORDER to FOLDER. A move cancels nothing; a rule that it triggers may."""
    from orderdesk_sdk.cli.output.rules import result_text
    from orderdesk_sdk.desk.rule_previews import execution_document

    with session.desk() as desk:
        order_id = desk.orders.get(order).id
        before = len(desk.ledger.rule_executions(order_id))
        moved = desk.orders.move(order, folder, by=require_name(by))
        number, executions = desk.orders.get(f"id:{order_id}").number, desk.ledger.rule_executions(order_id)[before:]
        name = name_of_order(desk, order_id)
    note = f"moving an order cancels nothing; to cancel it, run `orderdesk cancel {name}`"

    def draw(screen: Screen) -> None:
        if moved.source == moved.destination:
            screen.line(f"Order {number} is in {moved.destination} already.")
        else:
            screen.line(f"Order {number} was moved from {moved.source or 'no folder'} to {moved.destination}.")
        for _, execution in executions:
            screen.indented(f"rule {execution.rule!r}, {execution.action}: {result_text(execution)}")
        if not executions:
            screen.line(f"Note: {note}.")

    shape: dict[str, object] = {
        "order_number": number,
        "source": moved.source,
        "destination": moved.destination,
        "note": note,
        "rules": [execution_document(at, execution) for at, execution in executions],
    }
    session.print_result(shape, draw)
