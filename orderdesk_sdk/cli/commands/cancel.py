"""`plan`, `cancel` and `resubmit`: an order's cancellation, and what comes after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import (
    Session,
    by_option,
    common_options,
    name_of_order,
    require_name,
)

if TYPE_CHECKING:
    from datetime import datetime

    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.cancellations import CancellationStatus
    from orderdesk_sdk.plugin.integration import SideEffect

__all__ = ["cancel", "plan", "resubmit"]


class _LineType(click.ParamType["tuple[str, int]"]):
    name = "line"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        code, colon, quantity = str(value).rpartition(":")
        if not colon or not code or not (quantity.isascii() and quantity.isdecimal() and len(quantity) < 10):
            self.fail(f"{value!r} is not a line with its quantity; write it as CODE:QTY, such as MUG-11:1", param, ctx)
        return code, int(quantity)


class _SideEffectType(click.ParamType["SideEffect"]):
    name = "effect"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SideEffect:
        from orderdesk_sdk.plugin.integration import SideEffect

        try:
            return SideEffect(value)
        except ValueError:
            names = ", ".join(effect.value for effect in SideEffect)
            self.fail(f"{value!r} is none of: {names}", param, ctx)


_also_option = click.option(
    "--also",
    "side_effects",
    type=_SideEffectType(),
    multiple=True,
    help="A side effect that the plan shows as on demand; may be repeated. Needs the --plan that was shown with it.",
)


@click.command()
@click.argument("order")
@_also_option
@common_options
@click.pass_obj
def plan(session: Session, order: str, side_effects: tuple[SideEffect, ...]) -> None:
    """Show how ORDER can be canceled now, at each connection. Sends nothing.

    The plan has a token. `orderdesk cancel ORDER --plan TOKEN` does what this plan says, or nothing if it has changed.
    """
    from orderdesk_sdk.desk.documents import plan_document

    with session.desk() as desk:
        cancel_plan = desk.cancellations.plan(order, side_effects=side_effects)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_plan, show_plan_token

        show_plan(screen, cancel_plan)
        show_plan_token(screen, cancel_plan)

    session.print_result(plan_document(cancel_plan), draw)


@click.command()
@click.argument("order", required=False)
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Cancel the orders of this file instead: one a line, or CSV with order, reason, lines; - reads stdin.",
)
@by_option()
@click.option(
    "--at",
    "connections",
    metavar="CONNECTION",
    multiple=True,
    help="Only at this connection; may be repeated. At all of them if not given.",
)
@click.option(
    "--line",
    "line_quantities",
    type=_LineType(),
    metavar="CODE:QTY",
    multiple=True,
    help="Only this line and quantity; may be repeated. id:ID:QTY names a line by its id.",
)
@click.option("--reason", metavar="TEXT", help="The reason; `orderdesk plan` lists those that each service accepts.")
@click.option(
    "--idempotency-key", metavar="TEXT", help="A name for this request. The same name again makes no second request."
)
@click.option(
    "--plan",
    "plan_token",
    metavar="TOKEN",
    help="Only if the plan of this token, from `orderdesk plan`, is still the plan; else shows the new one.",
)
@_also_option
@click.option("--no-send", is_flag=True, help="Only record the cancellation; `orderdesk work` sends it.")
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def cancel(
    session: Session,
    order: str | None,
    file: str | None,
    by: str | None,
    connections: tuple[str, ...],
    line_quantities: tuple[tuple[str, int], ...],
    reason: str | None,
    idempotency_key: str | None,
    plan_token: str | None,
    side_effects: tuple[SideEffect, ...],
    no_send: bool,
) -> None:
    """Cancel ORDER, or the orders of a file, everywhere.

    The cancellation is recorded in the ledger before anything is sent. Running the command again does not cancel twice.
    A reason or a quantity that a service does not accept is an error, and nothing is recorded. Exit code 3: a case
    requires action, or the order was not canceled at a connection: rejected, unsupported or partially canceled.

    With --from, each connection gets its share by itself, and a summary says what was refused and why. After Ctrl-C or
    a crash the same command goes on where it ended. --reason and --at hold for the lines of the file that give none of
    their own. Exit code 1: a line could not be accepted, or the command was stopped before its end.
    """
    from orderdesk_sdk.desk.documents import cancellation_status_document

    lines = _lines_of_one_order(order, file, line_quantities)
    _require_usable_plan(file, plan_token, side_effects)
    if file is not None:
        from orderdesk_sdk.cli.commands.bulk import cancel_from_file

        cancel_from_file(session, file, require_name(by), connections, reason, idempotency_key, send=not no_send)
        return
    with session.desk() as desk:
        status = desk.cancel(
            order or "",
            by=require_name(by),
            reason=reason,
            idempotency_key=idempotency_key,
            connections=connections,
            lines=lines,
            send_now=not no_send,
            plan_token=plan_token,
            side_effects=side_effects,
        )
        now = desk.clock.now()
        name = name_of_order(desk, status.cancellation.order_id)

    document = cancellation_status_document(status)
    session.print_result(document, lambda screen: _show_status(screen, status, now, name))
    session.exit_for_request(status.cases)


def _require_usable_plan(file: str | None, plan_token: str | None, side_effects: tuple[SideEffect, ...]) -> None:
    """Raises click.UsageError for a plan of many orders, and for side effects that no plan has shown."""
    if file is not None and plan_token is not None:
        raise click.UsageError("--plan is for one ORDER; a file has orders of many plans")
    if side_effects and plan_token is None:
        raise click.UsageError("--also needs --plan: look at `orderdesk plan` with the same --also first")


def _lines_of_one_order(
    order: str | None, file: str | None, line_quantities: tuple[tuple[str, int], ...]
) -> dict[str, int]:
    """The lines that were named. Raises click.UsageError where not either an order or a file was."""
    if (order is None) == (file is None):
        raise click.UsageError("give an ORDER, or a file with --from FILE")
    if file is not None and line_quantities:
        raise click.UsageError("--line is for one ORDER; name lines in the third column of the file")
    lines = dict(line_quantities)
    if len(lines) < len(line_quantities):
        raise click.UsageError("a line is given twice; give its whole quantity once")
    return lines


def _show_status(screen: Screen, status: CancellationStatus, now: datetime, order_name: str) -> None:
    from orderdesk_sdk.cases.case import UNSUCCESSFUL
    from orderdesk_sdk.cli.output.cancellations import show_cases

    cancellation = status.cancellation
    lines = ", ".join(f"{quantity} of {line}" for line, quantity in cancellation.lines_by_name.items())
    of_lines = f" of {lines}" if lines else ""
    screen.line(
        f"Order {cancellation.order_number}  cancellation{of_lines} requested by {cancellation.requested_by}", "bold"
    )
    show_cases(screen, status.cases)
    screen.zone(now)
    if not status.is_settled:
        screen.line("`orderdesk work --until-idle` follows up the open cases.")
    failed = [case.connection for case in status.cases if case.state in UNSUCCESSFUL]
    if failed:
        screen.line(f"The order is not canceled at {', '.join(failed)}: it goes on there.", "yellow")
        hint = "Ask the service yourself to cancel it, then report what it did"
        screen.line(f"What to do: {hint}: `orderdesk report-canceled {order_name} --at {failed[0]}`.", "yellow")
    screen.line(f"`orderdesk receipt {order_name}` shows the evidence.")


@click.command()
@click.argument("order")
@click.option(
    "--at", "connection", metavar="CONNECTION", help="The connection; the one it was canceled at if not given."
)
@click.option("--number", metavar="X", help="The new order number; the next free one if not given.")
@by_option()
@common_options
@click.pass_obj
def resubmit(session: Session, order: str, connection: str | None, number: str | None, by: str | None) -> None:
    """Submit a canceled ORDER again, under a new number.

    The new order is a duplicate, linked to the original. An order whose cancellation is not settled cannot be submitted
    again, because it could be made twice. Exit code 3: the service rejected the order, or the case requires action.
    """
    from orderdesk_sdk.desk.documents import case_document

    with session.desk() as desk:
        resubmission = desk.resubmissions.create(order, by=require_name(by), connection=connection, number=number)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cases import show_resubmission

        show_resubmission(screen, resubmission)
        if resubmission.is_open:
            screen.line("`orderdesk work --until-idle` follows up the resubmission.")

    session.print_result({"case": case_document(resubmission)}, draw)
    session.exit_for_request([resubmission])
