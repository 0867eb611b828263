"""`import`, `orders`, `place`, `take-over`, `move`: the orders of the embedded host and where they were submitted."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.output.times import TimeParameter
from orderdesk_sdk.cli.session import (
    Session,
    by_option,
    common_options,
    name_of_order,
    require_name,
    sqlite_order_store,
)

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.desk import Desk

__all__ = ["import_orders", "move", "orders", "register", "claim_number"]


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@by_option()
@common_options
@click.pass_obj
def import_orders(session: Session, file: str, by: str | None) -> None:
    """Import orders from a JSON FILE; - reads stdin.

    The file has Order Desk's shape: an order, a list of them, or an API response. A new order is added, a known one (by
    id) updated, one that is the same left alone: all of the file or, where anything in it is wrong, none. Orders of
    several shops may have one number; it is told, with how to name each.
    """
    from orderdesk_sdk.orders.serialization import read_order_text

    with click.open_file(file, "rb") as stream:
        text = stream.read()
    read = read_order_text(text, location="stdin" if file == "-" else file, timezone=session.config().timezone)
    with session.desk(creating=True) as desk:
        report = desk.orders.import_orders(read, by=require_name(by))
    clashes = [{"number": clash.number, "ids": list(clash.ids), "message": clash.message} for clash in report.conflicts]
    groups = {"added": report.added, "updated": report.updated, "unchanged": report.unchanged}

    def draw(screen: Screen) -> None:
        for word, numbers in groups.items():
            if numbers:
                some = ", ".join(numbers[:10]) + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
                screen.line(f"{word}: {some}")
        for clash in report.conflicts:
            screen.line(f"Note: {clash.message}.", "yellow")
        if read.missing_note is not None:
            screen.line(f"Note: {read.missing_note}.", "yellow")
        if not read:
            screen.line("The file has no orders in it.")

    session.print_result(
        {**{word: list(numbers) for word, numbers in groups.items()}, "clashes": clashes, "total": read.total}, draw
    )


@click.command()
@click.option("--folder", metavar="NAME", help="Only those in this folder.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most.")
@common_options
@click.pass_obj
def orders(session: Session, folder: str | None, limit: int) -> None:
    """List orders, their folders and places."""
    from orderdesk_sdk.desk.documents import order_document

    with session.desk() as desk:
        host = sqlite_order_store(desk)
        names = {known.id: known.name for known in host.folders()}
        found = [
            (order, names.get(order.folder_id or 0), host.remote_orders(order.id))
            for order in host.list_orders(folder, limit=limit)
        ]
        handles = [name_of_order(desk, order.id) for order, _, _ in found]

    def draw(screen: Screen) -> None:
        rows = [
            (
                order.number if handle == order.number else f"{order.number} ({handle})",
                name or "-",
                order.source_name,
                str(sum(line.quantity for line in order.lines)),
                ", ".join(f"{remote_order.connection} ({remote_order.remote_id})" for remote_order in remote_orders)
                or "nowhere",
            )
            for (order, name, remote_orders), handle in zip(found, handles, strict=True)
        ]
        screen.table(("order", "folder", "from", "units", "submitted to"), rows, whole=("order",))
        if len(found) == limit:
            screen.line(f"The first {limit}; --limit shows more.", "dim")

    session.print_result({"orders": [order_document(*row) for row in found]}, draw)


@click.command()
@click.argument("order")
@click.option("--at", required=True, metavar="CONNECTION", help="The connection that has it, by its name.")
@click.option("--remote-id", metavar="X", help="Its number there; the order's own if not given.")
@click.option(
    "--submitted-at",
    type=TimeParameter(),
    metavar="TIME",
    help="ISO 8601, local where it has no zone; now if not given.",
)
@by_option()
@common_options
@click.pass_obj
def register(
    session: Session, order: str, connection: str, remote_id: str | None, submitted_at: datetime | None, by: str | None
) -> None:
    """Register that ORDER was submitted to a connection.

    This submits nothing. In a sandbox, where nobody else does, the simulator is given the order as well.
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
            done = "was given the order" if seeded else "has the order already"
            screen.line(f"Sandbox: the simulator of {connection} {done}.", "dim")
        screen.zone(remote_order.submitted_at)

    shape: dict[str, object] = {
        "order_number": number,
        "remote_order": remote_order_document(remote_order),
        "simulator_seeded": seeded,
    }
    session.print_result(shape, draw)


def _create_at_simulator(desk: Desk, ref: str, connection: str, remote_id: str | None) -> bool | None:
    """Let the connection's simulator have the order; False where it had it, None where it is not simulated."""
    sandbox = desk.config.sandbox
    if sandbox is None or connection not in sandbox.simulators:
        return None
    from orderdesk_sdk.cli.sandbox_client import seed_order

    order = desk.orders.get(ref)
    lines = [(line.code or line.id, line.quantity) for line in order.lines]
    return seed_order(
        sandbox.simulators[connection], remote_id or order.number, [line for line in lines if line[1] > 0]
    )


@click.command("take-over")
@click.argument("order")
@by_option()
@common_options
@click.pass_obj
def claim_number(session: Session, order: str, by: str | None) -> None:
    """Let ORDER alone go by its number, where others have it too.

    For an order that was made anew: name it by its id, as in id:58101. The others are found by their ids from then on,
    and what is under way for them goes on.
    """
    with session.desk() as desk:
        known = desk.orders.get(order)
        others = desk.orders.claim_number(order, by=require_name(by))

    def draw(screen: Screen) -> None:
        left = f"; the others are {', '.join(f'id:{other}' for other in others)}" if others else ", as before"
        screen.line(f"Order {known.number} is id:{known.id}{left}.")

    session.print_result({"order_number": known.number, "order_id": known.id, "taken_from": list(others)}, draw)


@click.command()
@click.argument("order")
@click.argument("folder")
@by_option()
@common_options
@click.pass_obj
def move(session: Session, order: str, folder: str, by: str | None) -> None:
    """Put ORDER into FOLDER. A folder move cancels nothing by itself; a rule may."""
    from orderdesk_sdk.cli.output.rules import execution_document, result_text

    with session.desk() as desk:
        known = desk.orders.get(order)
        before = len(desk.ledger.rule_executions(known.id))
        moved = desk.orders.move(order, folder, by=require_name(by))
        number, fired = known.number, desk.ledger.rule_executions(known.id)[before:]
        name = name_of_order(desk, known.id)
    note = f"a folder move cancels nothing by itself; `orderdesk cancel {name}` does"

    def draw(screen: Screen) -> None:
        if moved.source == moved.destination:
            screen.line(f"Order {number} is in {moved.destination} already.")
        else:
            screen.line(f"Order {number} is now in {moved.destination}; it was in {moved.source or 'no folder'}.")
        for _, execution in fired:
            screen.indented(f"rule {execution.rule!r}, {execution.action}: {result_text(execution)}")
        if not fired:
            screen.line(f"Note: {note}.")

    shape: dict[str, object] = {
        "order_number": number,
        "source": moved.source,
        "destination": moved.destination,
        "note": note,
        "rules": [execution_document(at, execution) for at, execution in fired],
    }
    session.print_result(shape, draw)
