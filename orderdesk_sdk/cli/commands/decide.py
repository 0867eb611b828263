"""`poll`, `confirm`, `refuse`, `withdraw` and `send-again`: what a person does with a case, or a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, common_options, find_case, require_name

if TYPE_CHECKING:
    from orderdesk_sdk.cases.ledger import AnyCase
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["confirm", "poll", "reject", "retry", "withdraw"]

_note = click.option("--note", metavar="TEXT", help="How it is known: a name, a ticket, a call.")

_email = click.option(
    "--message",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="The service's answer, written by a person there, saved as .eml; - reads stdin.",
)


def _read_file(file: str | None) -> bytes | None:
    """The mail as it stands in the file, at most a byte more than is taken."""
    if file is None:
        return None
    from orderdesk_sdk.transport.email.mime_parts import MAX_BYTES

    with click.open_file(file, "rb") as stream:
        return bytes(stream.read(MAX_BYTES + 1))


def _give_case(session: Session, case: AnyCase) -> None:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.cases import show_other_case
    from orderdesk_sdk.desk.documents import case_document, other_case_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import show_cases

        if isinstance(case, Case):
            screen.line(f"Order {case.order_number} at {case.connection}", "bold")
            show_cases(screen, [case])
        else:
            show_other_case(screen, case)
        screen.zone(case.updated_at)

    session.print_result({"case": case_document(case)} if isinstance(case, Case) else other_case_document(case), draw)


@click.command()
@click.argument("case")
@common_options
@click.pass_obj
def poll(session: Session, case: str) -> None:
    """Ask the service now where CASE stands; nothing is sent again.

    CASE is an id, the beginning of one, or ORDER@CONNECTION. Exit code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.cases.poll(find_case(desk, case).id)
    _give_case(session, found)
    session.exit_for([found])


@click.command()
@click.argument("case")
@by_option(required=True)
@_note
@_email
@common_options
@click.pass_obj
def confirm(session: Session, case: str, by: str, note: str | None, email: str | None) -> None:
    """Say that the service has done CASE: canceled it.

    CASE is an id, the beginning of one, or ORDER@CONNECTION; of a resubmission or a status change too. Your name is
    the proof; with --message, which a cancellation takes, it is the service's answer, which you have read.
    """
    mail = _read_file(email)
    with session.desk() as desk:
        found = desk.cases.confirm(find_case(desk, case).id, by=by, note=note, email=mail)
    _give_case(session, found)


@click.command()
@click.argument("case")
@by_option(required=True)
@click.option(
    "--why",
    type=click.Choice(["too-late", "shipped", "not-allowed"]),
    default="too-late",
    show_default=True,
    help="What the service said.",
)
@_note
@_email
@common_options
@click.pass_obj
def reject(session: Session, case: str, by: str, rejection: str, note: str | None, email: str | None) -> None:
    """Say that the service will not do CASE: not cancel it.

    CASE is an id, the beginning of one, or ORDER@CONNECTION; of a resubmission or a status change too. Your name is
    the proof; with --message, which a cancellation takes, it is the service's answer, which you have read.
    """
    from orderdesk_sdk.plugin.answer import Rejection

    mail, refusal = _read_file(email), Rejection(rejection.replace("-", " "))
    with session.desk() as desk:
        found = desk.cases.reject(find_case(desk, case).id, by=by, rejection=refusal, note=note, email=mail)
    _give_case(session, found)


@click.command()
@click.argument("case")
@by_option()
@_note
@common_options
@click.pass_obj
def withdraw(session: Session, case: str, by: str | None, note: str | None) -> None:
    """Take CASE back, as long as nothing has been sent."""
    with session.desk() as desk:
        found = desk.cases.withdraw(find_case(desk, case).id, by=require_name(by), note=note)
    _give_case(session, found)


@click.command("send-again")
@click.argument("case")
@by_option(required=True)
@common_options
@click.pass_obj
def retry(session: Session, case: str, by: str) -> None:
    """Send the request of CASE again, on your word.

    For a case that is unclear or awaits a person: the first request may have worked, and that is yours to judge. Exit
    code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.cases.retry(find_case(desk, case).id, by=by)
    _give_case(session, found)
    session.exit_for([found])
