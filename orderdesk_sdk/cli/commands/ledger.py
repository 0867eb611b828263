"""`ledger backup`, `restore`, `verify` and `accept`, and `forget`: the ledger as a file, and who is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name, sqlite_order_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cases.integrity import IntegrityFlaw
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["forget", "ledger"]

_MAX_SHOWN = 20


@click.group()
@common_options
def ledger() -> None:
    """Back up the ledger, and verify that it is as it was written."""


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common_options
@click.pass_obj
def backup(session: Session, file: Path) -> None:
    """Copy the ledger into FILE, whole and verified, while it is in use.

    A plain copy of a ledger in use lacks its newest lines. Exit code 1: the copy is there, and as little as it was
    written as the ledger itself.
    """
    from orderdesk_sdk.stores.sqlite.backup import make_backup

    made = make_backup(_path(session), file)

    def draw(screen: Screen) -> None:
        screen.line(f"Copied to {made.path}, with all {made.head.count} lines of its history.")
        _show_flaws(screen, made.flaws)
        screen.line(f"Its head: {made.head}")

    shape: dict[str, object] = {"file": str(made.path), "head": str(made.head), **_flaws_document(made.flaws)}
    session.print_result(shape, draw)
    if made.flaws:
        click.get_current_context().exit(1)


@ledger.command()
@click.option("--head", metavar="HEAD", help="A head that was noted earlier: is it a part of this ledger?")
@common_options
@click.pass_obj
def verify(session: Session, head: str | None) -> None:
    """Verify that the ledger is as it was written, and tell its head.

    Note the head elsewhere: whoever can write the file could write all of it anew, and only a head from before tells
    that. Exit code 1: it is not as it was written.
    """
    from contextlib import closing
    from itertools import islice

    from orderdesk_sdk.cases.integrity import ChainHead
    from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

    noted = ChainHead.parse(head) if head is not None else None
    with closing(SqliteLedger(_path(session))) as found:
        now = found.head()
        flaws = tuple(islice(found.find_flaws(noted), _MAX_SHOWN))

    def draw(screen: Screen) -> None:
        if not flaws:
            screen.line(f"All {now.count} lines of its history are as they were written.", "bold green")
        _show_flaws(screen, flaws)
        screen.line(f"Its head: {now}")

    session.print_result({"head": str(now), **_flaws_document(flaws)}, draw)
    if flaws:
        click.get_current_context().exit(1)


@ledger.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common_options
@click.pass_obj
def restore_ledger(session: Session, file: Path) -> None:
    """Put the backup FILE in the ledger's place, and move the ledger away.

    Refused while a program uses the ledger. What was done after the backup is not in it.
    """
    from orderdesk_sdk.stores.sqlite.backup import restore

    path = session.config().ledger
    made = restore(file, path)

    def draw(screen: Screen) -> None:
        screen.line(f"{path} is the backup now, with {made.head.count} lines of history.")
        if made.replaced_file is not None:
            screen.line(f"The ledger before it lies in {made.replaced_file}.")
        screen.line("What was done after the backup is not in it: see `orderdesk cases --open` before you go on.")

    away = None if made.replaced_file is None else str(made.replaced_file)
    session.print_result({"file": str(path), "head": str(made.head), "away": away}, draw)


@ledger.command()
@common_options
@click.pass_obj
def accept(session: Session) -> None:
    """Use a ledger as it is although the file beside it is missing.

    Only where you know that nothing was in that file: after a crash, say, another program has put it into the ledger.
    What was in it otherwise is lost, and may be sent a second time.
    """
    from orderdesk_sdk.stores.sqlite.backup import accept_current_state

    path = _path(session)
    head = accept_current_state(path)
    session.print_result(
        {"file": str(path), "head": str(head)},
        lambda screen: screen.line(f"{path} is used as it is, with {head.count} lines of history."),
    )


@click.command()
@click.argument("order")
@by_option(required=True)
@common_options
@click.pass_obj
def forget(session: Session, order: str, by: str | None) -> None:
    """Remove who people are, and what they wrote of ORDER.

    What was asked, answered and proved stays, with its times, and is still verified; the receipt says that texts were
    removed. Refused while something about the order is open. Backups and the service's own records are not changed.
    """
    from orderdesk_sdk.orders.references import OrderId

    with session.desk() as desk:
        host, found = sqlite_order_store(desk), desk.orders.get(order)
        count = desk.orders.forget(order, by=require_name(by))
        copies = [host.get_order(OrderId(copy)).number for copy in host.duplicates_of(found.id)]

    def draw(screen: Screen) -> None:
        histories = "one history" if count == 1 else f"{count} histories"
        screen.line(f"Order {found.number}: personal texts are removed, from the order itself and {histories}.")
        if copies:
            screen.line(f"Duplicates of it have texts of their own: {', '.join(copies)}.", "yellow")
        screen.line("Backups still have them.", "dim")

    session.print_result(
        {"order_id": found.id, "order_number": found.number, "histories": count, "copies": copies}, draw
    )


def _path(session: Session) -> Path:
    """The ledger's file. Raises NotFoundError where there is none: nothing here makes one."""
    from orderdesk_sdk.errors import NotFoundError

    path = session.config().ledger
    if not path.exists():
        raise NotFoundError(
            "there is no ledger", location=str(path), hint="go where your orderdesk.toml is, or name it with --config"
        )
    return path


def _show_flaws(screen: Screen, flaws: Sequence[IntegrityFlaw]) -> None:
    if not flaws:
        return
    screen.line("IT IS NOT AS IT WAS WRITTEN:", "bold red")
    for flaw in flaws:
        screen.indented(str(flaw), style="red")
    screen.line(
        "What to do: keep the file, and compare it with the last backup. Receipts of these prove nothing.", "red"
    )


def _flaws_document(flaws: Sequence[IntegrityFlaw]) -> dict[str, object]:
    return {
        "is_intact": not flaws,
        "flaws": [{"subject_id": flaw.subject_id, "message": flaw.message} for flaw in flaws],
    }
