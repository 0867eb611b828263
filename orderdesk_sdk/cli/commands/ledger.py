"""`ledger backup`, `restore`, `verify` and `accept`, and `forget`: the ledger's file, and personal data in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, by_option, common_options, embedded_order_store, require_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cases.integrity import IntegrityFlaw
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["forget", "ledger"]

_MAX_SHOWN = 20


@click.group()
@common_options
def ledger() -> None:
    """Back up, restore and verify the ledger."""


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common_options
@click.pass_obj
def backup(session: Session, file: Path) -> None:
    """Copy the ledger to FILE, complete and verified, even while it is in use.

    A plain copy of a ledger in use lacks its newest entries. Exit code 1: the copy was made, but the ledger was
    changed or damaged, and so is the copy.
    """
    from orderdesk_sdk.stores.sqlite.backup import make_backup

    copy = make_backup(_path(session), file)

    def draw(screen: Screen) -> None:
        screen.line(f"Copied to {copy.path}, with all {copy.head.count} entries of its history.")
        _show_flaws(screen, copy.flaws)
        screen.line(f"Head: {copy.head}")

    shape: dict[str, object] = {"file": str(copy.path), "head": str(copy.head), **_flaws_document(copy.flaws)}
    session.print_result(shape, draw)
    if copy.flaws:
        click.get_current_context().exit(1)


@ledger.command()
@click.option("--head", metavar="HEAD", help="A head that was noted earlier; verify that this ledger continues it.")
@common_options
@click.pass_obj
def verify(session: Session, head: str | None) -> None:
    """Verify that the ledger was not changed or damaged, and show its head.

    Note the head elsewhere: a person who can write the file could rewrite all of it, and only an earlier head reveals
    that. Exit code 1: the ledger was changed or damaged.
    """
    from contextlib import closing
    from itertools import islice

    from orderdesk_sdk.cases.integrity import ChainHead
    from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

    noted = ChainHead.parse(head) if head is not None else None
    with closing(SqliteLedger(_path(session))) as opened:
        current = opened.head()
        flaws = tuple(islice(opened.find_flaws(noted), _MAX_SHOWN))

    def draw(screen: Screen) -> None:
        if not flaws:
            screen.line(f"All {current.count} entries of the history are unchanged.", "bold green")
        _show_flaws(screen, flaws)
        screen.line(f"Head: {current}")

    session.print_result({"head": str(current), **_flaws_document(flaws)}, draw)
    if flaws:
        click.get_current_context().exit(1)


@ledger.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@common_options
@click.pass_obj
def restore_ledger(session: Session, file: Path) -> None:
    """Replace the ledger by the backup FILE, and keep the replaced ledger.

    An error while another program uses the ledger. The backup does not contain what was done after it was made.
    """
    from orderdesk_sdk.stores.sqlite.backup import restore

    path = session.config().ledger
    restored = restore(file, path)

    def draw(screen: Screen) -> None:
        screen.line(f"{path} was restored from the backup, with {restored.head.count} entries of history.")
        if restored.replaced_file is not None:
            screen.line(f"The replaced ledger is kept as {restored.replaced_file}.")
        screen.line("What was done after the backup is missing: check `orderdesk cases --open` before you go on.")

    replaced = None if restored.replaced_file is None else str(restored.replaced_file)
    session.print_result({"file": str(path), "head": str(restored.head), "replaced_file": replaced}, draw)


@ledger.command()
@common_options
@click.pass_obj
def accept(session: Session) -> None:
    """Use a ledger although the write-ahead file beside it is missing.

    Only when you know that the file held nothing that is not in the ledger, for example because another program merged
    it after a crash. Otherwise what it held is lost, and a request may be sent a second time.
    """
    from orderdesk_sdk.stores.sqlite.backup import accept_current_state

    path = _path(session)
    head = accept_current_state(path)
    session.print_result(
        {"file": str(path), "head": str(head)},
        lambda screen: screen.line(f"{path} is in use as it is, with {head.count} entries of history."),
    )


@click.command()
@click.argument("order")
@by_option(required=True)
@common_options
@click.pass_obj
def forget(session: Session, order: str, by: str | None) -> None:
    """Remove the personal data of ORDER.

    Names, addresses and what people wrote. What was requested and answered, the evidence and the times stay, and
    can still be verified; the receipt says that texts were removed. An error while a case of the order is open.
    Backups and the records of services are not changed.
    """
    from orderdesk_sdk.orders.references import OrderId

    with session.desk() as desk:
        store, erased = embedded_order_store(desk), desk.orders.get(order)
        count = desk.orders.forget(order, by=require_name(by))
        duplicates = [store.get_order(OrderId(one)).number for one in store.duplicates_of(erased.id)]

    def draw(screen: Screen) -> None:
        histories = "one history" if count == 1 else f"{count} histories"
        screen.line(f"Order {erased.number}: personal data was removed from the order and {histories}.")
        if duplicates:
            screen.line(f"Its duplicates have personal data of their own: {', '.join(duplicates)}.", "yellow")
        screen.line("Backups still contain the personal data.", "dim")

    session.print_result(
        {"order_id": erased.id, "order_number": erased.number, "histories": count, "duplicates": duplicates}, draw
    )


def _path(session: Session) -> Path:
    """The ledger's file. Raises NotFoundError where it does not exist: these commands create none."""
    from orderdesk_sdk.errors import NotFoundError

    path = session.config().ledger
    if not path.exists():
        raise NotFoundError(
            "the ledger does not exist",
            location=str(path),
            hint="change to the folder of orderdesk.toml, or name it with --config",
        )
    return path


def _show_flaws(screen: Screen, flaws: Sequence[IntegrityFlaw]) -> None:
    if not flaws:
        return
    screen.line("THE LEDGER WAS CHANGED OR DAMAGED:", "bold red")
    for flaw in flaws:
        screen.indented(str(flaw), style="red")
    screen.line(
        "What to do: keep the file, and compare it with the last backup. Receipts of these cases prove nothing.", "red"
    )


def _flaws_document(flaws: Sequence[IntegrityFlaw]) -> dict[str, object]:
    return {
        "is_intact": not flaws,
        "flaws": [{"subject_id": flaw.subject_id, "message": flaw.message} for flaw in flaws],
    }
