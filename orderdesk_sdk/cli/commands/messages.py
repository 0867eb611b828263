"""`messages list`, `show`, `retry`, `paths` and `take`: what came in, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.output.times import TimeParameter
from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from datetime import datetime

    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["messages"]

STATES = ("received", "handled", "failed", "refused")


@click.group()
@common_options
def messages() -> None:
    """List what came in, and try failed messages again."""


@messages.command("list")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many at most.")
@click.option("--before", type=TimeParameter(), metavar="TIME", help="Only those received before, for the next page.")
@common_options
@click.pass_obj
def list_messages(session: Session, states: tuple[str, ...], limit: int, before: datetime | None) -> None:
    """List messages, the newest first, and how many are in each state."""
    from orderdesk_sdk.cases.messages import MessageState
    from orderdesk_sdk.desk.documents import message_document

    with session.desk() as desk:
        counts = desk.messages.counts()
        found = desk.messages.list(map(MessageState, states), limit=limit, before=before)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.messages import show_messages

        show_messages(screen, found, counts)
        screen.zone(now)

    shape: dict[str, object] = {
        "counts": {state.value: count for state, count in counts.items()},
        "messages": [message_document(message) for message in found],
    }
    session.print_result(shape, draw)


@messages.command("show")
@click.argument("message")
@common_options
@click.pass_obj
def show_message(session: Session, message: str) -> None:
    """Show what is kept of the message with this id."""
    from orderdesk_sdk.desk.documents import message_document

    with session.desk() as desk:
        found = desk.messages.get(message)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.messages import show_one_message

        show_one_message(screen, found)
        screen.zone(found.received_at)

    session.print_result(message_document(found), draw)


@messages.command("retry")
@click.argument("message")
@by_option()
@common_options
@click.pass_obj
def retry_message(session: Session, message: str, by: str | None) -> None:
    """Let a failed or refused message be tried again by the next worker."""
    from orderdesk_sdk.desk.documents import message_document

    with session.desk() as desk:
        found = desk.messages.retry(message, by=require_name(by))
    session.print_result(
        message_document(found), lambda screen: screen.line(f"Message {found.id} is tried again by `orderdesk work`.")
    )


@messages.command("paths")
@common_options
@click.pass_obj
def message_paths_(session: Session) -> None:
    """Show the unguessable paths of `orderdesk serve` that messages are sent to: one for each source."""
    from orderdesk_sdk.desk.message_paths import message_paths

    with session.desk() as desk:
        web, connections = desk.config.web, desk.connections.names()
    base = web.url
    found = {str(source): path for path, source in message_paths(web.message_secret, connections).items()}

    def draw(screen: Screen) -> None:
        if not found:
            screen.line("Messages have no paths: set [web].message_secret.")
        for source, path in found.items():
            screen.line(f"{source}: {base}{path}")

    paths = [
        {"source": source, "path": path, "url": f"{base}{path}" if base else None} for source, path in found.items()
    ]
    session.print_result({"paths": paths}, draw)


@messages.command("take")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--at", "connection", metavar="CONNECTION", required=True, help="The connection that they are about.")
@common_options
@click.pass_obj
def take_messages(session: Session, folder: Path, connection: str) -> None:
    """Take the messages in the files *.json of FOLDER.

    They may come from an SQS queue. Files that were taken are moved into the folder done beside them, unreadable ones
    into refused. Exit code 3: one was refused, or could not be stored and stays.
    """
    from orderdesk_sdk.desk.messages.queues import FolderQueue

    with session.desk() as desk:
        receipts = desk.messages.take_from(FolderQueue(folder), connection)

    def draw(screen: Screen) -> None:
        if not receipts:
            screen.line(f"No messages in {folder}.")
        for receipt in receipts:
            screen.line(f"{receipt.outcome.value}: {receipt.message}")

    shape: dict[str, object] = {
        "messages": [
            {"outcome": receipt.outcome.value, "message": receipt.message, "stored": list(receipt.stored)}
            for receipt in receipts
        ]
    }
    session.print_result(shape, draw)
    if any(receipt.status >= 400 for receipt in receipts):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
