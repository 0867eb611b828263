"""`poll`, `confirm`, `refuse`, `withdraw` and `send-again`: what a person does with a case, or an errand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, find_work, shared, who

if TYPE_CHECKING:
    from orderdesk_sdk.cases.ledger import Work
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["confirm", "poll", "refuse", "send_again", "withdraw"]

_note = click.option("--note", metavar="TEXT", help="How it is known: a name, a ticket, a call.")

_message = click.option(
    "--message",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="The service's answer, written by a person there, saved as .eml; - reads stdin.",
)


def _read(file: str | None) -> bytes | None:
    """The mail as it stands in the file, at most a byte more than is taken."""
    if file is None:
        return None
    from orderdesk_sdk.transport.email.parts import LARGEST

    with click.open_file(file, "rb") as stream:
        return bytes(stream.read(LARGEST + 1))


def _give(session: Session, work: Work) -> None:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.cases import errand_lines
    from orderdesk_sdk.desk.documents import case_shape, errand_shape

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.cancellations import standing_table

        if isinstance(work, Case):
            screen.line(f"Order {work.order_number} at {work.connection}", "bold")
            standing_table(screen, [work])
        else:
            errand_lines(screen, work)
        screen.zone(work.updated_at)

    session.give({"case": case_shape(work)} if isinstance(work, Case) else errand_shape(work), draw)


@click.command()
@click.argument("case")
@shared
@click.pass_obj
def poll(session: Session, case: str) -> None:
    """Ask the service now where CASE stands; nothing is sent again.

    CASE is an id, the beginning of one, or ORDER@CONNECTION. Exit code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.check(find_work(desk, case).id)
    _give(session, found)
    session.end([found])


@click.command()
@click.argument("case")
@by_option(required=True)
@_note
@_message
@shared
@click.pass_obj
def confirm(session: Session, case: str, by: str, note: str | None, message: str | None) -> None:
    """Say that the service has done CASE: canceled it.

    CASE is an id, the beginning of one, or ORDER@CONNECTION; of a resubmission or a status change too. Your name is
    the proof; with --message, which a cancellation takes, it is the service's answer, which you have read.
    """
    mail = _read(message)
    with session.desk() as desk:
        found = desk.confirm(find_work(desk, case).id, by=by, note=note, message=mail)
    _give(session, found)


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
@_message
@shared
@click.pass_obj
def refuse(session: Session, case: str, by: str, why: str, note: str | None, message: str | None) -> None:
    """Say that the service will not do CASE: not cancel it.

    CASE is an id, the beginning of one, or ORDER@CONNECTION; of a resubmission or a status change too. Your name is
    the proof; with --message, which a cancellation takes, it is the service's answer, which you have read.
    """
    from orderdesk_sdk.plugin.answer import Refusal

    mail, refusal = _read(message), Refusal(why.replace("-", " "))
    with session.desk() as desk:
        found = desk.refuse(find_work(desk, case).id, by=by, refusal=refusal, note=note, message=mail)
    _give(session, found)


@click.command()
@click.argument("case")
@by_option()
@_note
@shared
@click.pass_obj
def withdraw(session: Session, case: str, by: str | None, note: str | None) -> None:
    """Take CASE back, as long as nothing has been sent."""
    with session.desk() as desk:
        found = desk.withdraw(find_work(desk, case).id, by=who(by), note=note)
    _give(session, found)


@click.command("send-again")
@click.argument("case")
@by_option(required=True)
@shared
@click.pass_obj
def send_again(session: Session, case: str, by: str) -> None:
    """Send the request of CASE again, on your word.

    For a case that is unclear or awaits a person: the first request may have worked, and that is yours to judge. Exit
    code 3: a person must look.
    """
    with session.desk() as desk:
        found = desk.send_again(find_work(desk, case).id, by=by)
    _give(session, found)
    session.end([found])
