"""`answer`, `poll`, `confirm`, `reject`, `withdraw` and `retry`: what a person does with a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from orderdesk_sdk.cli.session import (
    EXIT_ACTION_REQUIRED,
    Session,
    by_option,
    common_options,
    find_case,
    find_case_or_order,
    print_cases,
    require_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["answer", "confirm", "poll", "reject", "retry", "withdraw"]

F = TypeVar("F", bound=Callable[..., object])

_note = click.option("--note", metavar="TEXT", help="How this is known: a name, a ticket, a call.")

_email = click.option(
    "--email",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="The service's e-mail, written by a person there, saved as .eml; - reads stdin.",
)


def _rejection_option(default: str, help_text: str) -> Callable[[F], F]:
    """The option that says why something is rejected."""
    choices = click.Choice(["too-late", "shipped", "not-allowed"])
    return click.option("--reason", "rejection", type=choices, default=default, show_default=True, help=help_text)


def _read_file(file: str | None) -> bytes | None:
    """The e-mail as it stands in the file, at most one byte more than is accepted."""
    if file is None:
        return None
    from orderdesk_sdk.transport.email.mime_parts import MAX_BYTES

    with click.open_file(file, "rb") as stream:
        return bytes(stream.read(MAX_BYTES + 1))


def _print_case(session: Session, case: Case) -> None:
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cli.output.cases import show_other_case
    from orderdesk_sdk.desk.documents import case_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases

        if isinstance(case, CancelCase):
            screen.line(f"Order {case.order_number} at {case.connection}", "bold")
            show_cases(screen, [case])
        else:
            show_other_case(screen, case)
        screen.zone(case.updated_at)

    session.print_result({"case": case_document(case)}, draw)


@click.command()
@click.argument("case")
@click.argument("decision", type=click.Choice(["accept", "reject"]))
@by_option(required=True)
@_rejection_option("not-allowed", "Why the request is rejected.")
@click.option("--note", metavar="TEXT", help="The same in words, for the asker.")
@common_options
@click.pass_obj
def answer(session: Session, case: str, decision: str, by: str, rejection: str, note: str | None) -> None:
    """Accept or reject a request that we cancel an order.

    To accept asks the fulfillment services to cancel; what they say is answered when all of them have settled. CASE is
    the id of a response, the beginning of one, or ORDER@CONNECTION. Exit code 3: the case requires action.
    """
    from orderdesk_sdk.plugin.answer import Rejection

    with session.desk() as desk:
        found = find_case(desk, case).id
        if decision == "accept":
            decided = desk.responses.accept(found, by=by, note=note)
        else:
            reason = Rejection(rejection.replace("-", " "))
            decided = desk.responses.reject(found, by=by, rejection=reason, note=note)
    _print_case(session, decided)
    session.exit_for([decided])


@click.command()
@click.argument("case")
@common_options
@click.pass_obj
def poll(session: Session, case: str) -> None:
    """Ask the service now for the status of CASE. The request itself is not sent again.

    CASE is an id, the beginning of one, or ORDER@CONNECTION. Exit code 3: the case requires action.
    """
    with session.desk() as desk:
        polled = desk.cases.poll(find_case(desk, case).id)
    _print_case(session, polled)
    session.exit_for([polled])


@click.command()
@click.argument("case")
@by_option(required=True)
@_note
@_email
@common_options
@click.pass_obj
def confirm(session: Session, case: str, by: str, note: str | None, email: str | None) -> None:
    """Confirm that the service did what CASE asks for.

    CASE is an id, the beginning of one, or ORDER@CONNECTION, of any kind. Your name is the evidence. For a
    cancellation, --email makes the service's e-mail the evidence, which you have read.
    """
    message = _read_file(email)
    with session.desk() as desk:
        settled = desk.cases.confirm(find_case(desk, case).id, by=by, note=note, email=message)
    _print_case(session, settled)


@click.command()
@click.argument("case")
@by_option(required=True)
@_rejection_option("too-late", "Why the service rejected the request.")
@_note
@_email
@common_options
@click.pass_obj
def reject(session: Session, case: str, by: str, rejection: str, note: str | None, email: str | None) -> None:
    """Record that the service rejected CASE.

    CASE is an id, the beginning of one, or ORDER@CONNECTION, of any kind. Your name is the evidence. For a
    cancellation, --email makes the service's e-mail the evidence, which you have read.
    """
    from orderdesk_sdk.plugin.answer import Rejection

    message, reason = _read_file(email), Rejection(rejection.replace("-", " "))
    with session.desk() as desk:
        settled = desk.cases.reject(find_case(desk, case).id, by=by, rejection=reason, note=note, email=message)
    _print_case(session, settled)


@click.command()
@click.argument("ref", metavar="ORDER|CASE")
@by_option()
@click.option("--note", metavar="TEXT", help="Why.")
@common_options
@click.pass_obj
def withdraw(session: Session, ref: str, by: str | None, note: str | None) -> None:
    """Withdraw a cancellation that was not sent yet.

    Of ORDER at all its connections, or of one CASE. A request that was sent already goes on: only its service can
    say how it ends. CASE is an id, the beginning of one, or ORDER@CONNECTION. Exit code 3: at a connection of ORDER it
    was too late.
    """
    from orderdesk_sdk.orders.order import Order

    with session.desk() as desk:
        case = find_case_or_order(desk, ref)
        if isinstance(case, Order):
            cases = desk.cancellations.withdraw(f"id:{case.id}", by=require_name(by), note=note)
            _print_withdrawn(session, ref, cases)
            return
        withdrawn = desk.cases.withdraw(case.id, by=require_name(by), note=note)
    _print_case(session, withdrawn)


def _print_withdrawn(session: Session, order: str, cases: Sequence[CancelCase]) -> None:
    """The cases that were open when ORDER was withdrawn, and where that came too late."""
    too_late = [case.connection for case in cases if case.is_open]
    remark = (
        f"Too late to withdraw at {', '.join(too_late)}: a request was sent already. Only the service can say how it"
        " ends; `orderdesk work --until-idle` follows it up."
    )
    print_cases(session, order, cases, "The order has no open case.", remark if too_late else "")
    if too_late:
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)


@click.command()
@click.argument("case")
@by_option(required=True)
@common_options
@click.pass_obj
def retry(session: Session, case: str, by: str) -> None:
    """Send the request of CASE again, on your decision.

    For a case in the state "unknown" or "action required". The first request may have worked: find that out before you
    send it again. Exit code 3: the case requires action.
    """
    with session.desk() as desk:
        retried = desk.cases.retry(find_case(desk, case).id, by=by)
    _print_case(session, retried)
    session.exit_for([retried])
