"""`ledger` with its commands, and `forget`: the ledger is copied, verified, migrated, and relieved of what may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.commands.ledger_database import copy_command, existing_file, ledger_file, migrate_command
from orderdesk_sdk.cli.output.times import DaysParameter
from orderdesk_sdk.cli.session import (
    Session,
    by_option,
    clock_of,
    common_options,
    embedded_order_store,
    require_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from orderdesk_sdk.cases.integrity import IntegrityFlaw
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["forget", "ledger"]

_MAX_SHOWN = 20


@click.group()
@common_options
def ledger() -> None:
    """Back up, verify, copy and archive the ledger."""


ledger.add_command(copy_command)
ledger.add_command(migrate_command)


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

    copy = make_backup(existing_file(session), file)

    def draw(screen: Screen) -> None:
        screen.line(f"Copied to {copy.path}, with {counted(copy.head.count, 'entry', 'entries')} of its history.")
        _show_flaws(screen, copy.flaws)
        screen.line(f"Head: {copy.head}")

    shape: dict[str, object] = {"file": str(copy.path), "head": str(copy.head), **_flaws_document(copy.flaws)}
    session.print_result(shape, draw)
    if copy.flaws:
        click.get_current_context().exit(1)


@ledger.command("rebuild-queue")
@common_options
@click.pass_obj
def rebuild_queue(session: Session) -> None:
    """Rebuild the queue of the engine procrastinate from the ledger.

    The queue only wakes workers; the ledger says what is due. Workers may go on meanwhile.
    """
    from orderdesk_sdk.runtime.engines.choosing import wake_queue

    with session.desk() as desk:
        count = wake_queue(desk.ledger).rebuild(desk.ledger)

    session.print_result(
        {"wakes": count},
        lambda screen: screen.line(f"Rebuilt the queue, with {counted(count, 'wake')}."),
    )


@ledger.command()
@click.option("--head", metavar="HEAD", help="A head that was noted earlier; verify that this ledger continues it.")
@click.option(
    "--archive",
    "archives",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    multiple=True,
    help="Verify this archive of the ledger too; may be repeated.",
)
@common_options
@click.pass_obj
def verify(session: Session, head: str | None, archives: tuple[Path, ...]) -> None:
    """Verify that the ledger was not changed or damaged, and show its head.

    Note the head elsewhere: a person who can write the file could rewrite all of it, and only an earlier head reveals
    that. Exit code 1: the ledger was changed or damaged.
    """
    from contextlib import closing
    from itertools import chain, islice

    from orderdesk_sdk.cases.integrity import ChainHead
    from orderdesk_sdk.stores.opening import open_ledger

    noted = ChainHead.parse(head) if head is not None else None
    in_file = session.config().ledger_file is not None
    with closing(open_ledger(existing_file(session) if in_file else session.config().ledger)) as opened:
        current = opened.head()
        looks = [opened.find_flaws(noted), *map(opened.find_archive_flaws, archives)]
        flaws = tuple(islice(chain.from_iterable(looks), _MAX_SHOWN))

    def draw(screen: Screen) -> None:
        if not flaws:
            screen.line(
                f"{counted(current.count, 'entry', 'entries')} of the history checked: unchanged.", "bold green"
            )
            for archive in archives:
                screen.line(f"{archive} holds what the ledger had.", "bold green")
        _show_flaws(screen, flaws)
        screen.line(f"Head: {current}")

    session.print_result({"head": str(current), **_flaws_document(flaws)}, draw)
    if flaws:
        click.get_current_context().exit(1)


@ledger.command("archive")
@click.option(
    "--older-than",
    type=DaysParameter(),
    required=True,
    metavar="DAYS",
    help="How long nothing has happened to an order, for example 400d.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The archive.",
)
@by_option()
@common_options
@click.pass_obj
def archive_histories(session: Session, older_than: timedelta, target: Path, by: str | None) -> None:
    """Move the histories of settled orders into FILE, so that the ledger does not grow.

    What was decided stays in the ledger: an order that is canceled again, shipped or submitted again is treated as
    before, and its receipt says where the rest of its history is. FILE is complete and on disk before the ledger
    deletes anything; if the command is ended by force, run it again with the same FILE.
    """
    with session.desk() as desk:
        report = desk.cases.archive(older_than, target, by=require_name(by))

    def draw(screen: Screen) -> None:
        if report.path is None:
            screen.line("No history is old enough; no file was made.")
            return
        if not report.entry_count:
            screen.line(f"No history is old enough; {report.path} stays as it was.")
            return
        entries = counted(report.entry_count, "entry", "entries")
        cases = counted(report.case_count, "case")
        screen.line(f"Moved to {report.path}: {entries} of the history of {cases}.")
        if report.kept_count:
            kept = counted(report.kept_count, "case")
            screen.line(f"Kept in the ledger too: {kept}, because a request about the order came meanwhile.")
        screen.line("Keep the file as you keep the ledger: it holds the evidence of these cases.", "dim")

    shape: dict[str, object] = {
        "file": None if report.path is None else str(report.path),
        "cases": report.case_count,
        "entries": report.entry_count,
        "kept_cases": report.kept_count,
    }
    session.print_result(shape, draw)


@ledger.command("forget")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@by_option()
@common_options
@click.pass_obj
def clear_archive(session: Session, file: Path, by: str | None) -> None:
    """Remove from the archive FILE the personal data that was removed from the ledger.

    For a copy of an archive that was elsewhere when `orderdesk forget` ran. It can still be verified.
    """
    with session.desk() as desk:
        count = desk.cases.clear_archive(file, by=require_name(by))
    histories = counted(count, "history", "histories")
    told = (
        f"Personal data was removed from {histories} in {file}."
        if count
        else f"{file} has no personal data that was removed from the ledger."
    )
    session.print_result({"file": str(file), "histories": count}, lambda screen: screen.line(told))


@ledger.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--complete", is_flag=True, help="The ledger was not used after the backup was made.")
@common_options
@click.pass_obj
def restore_ledger(session: Session, file: Path, complete: bool) -> None:
    """Replace the ledger by the backup FILE, and keep the replaced ledger.

    The backup lacks what was done after it was made, so what may have been sent since becomes unknown: it is polled,
    and sent again only when a person decides so. An error while another program uses the ledger.
    """
    from orderdesk_sdk.stores.sqlite.backup import restore

    path = ledger_file(session)
    restored = restore(file, path, clock_of(session.config()).now(), lacks_nothing=complete)

    def draw(screen: Screen) -> None:
        screen.line(
            f"{path} was restored from the backup, with {counted(restored.head.count, 'entry', 'entries')} of history."
        )
        if restored.replaced_file is not None:
            screen.line(f"The replaced ledger is kept as {restored.replaced_file}.")
        if not complete:
            screen.line("What was done after the backup is missing: check `orderdesk cases --open` before you go on.")
        if restored.distrusted:
            cases = counted(restored.distrusted, "case")
            screen.line(f"{cases}: whether a request was sent after the backup is unknown.", "yellow")

    replaced = None if restored.replaced_file is None else str(restored.replaced_file)
    document = {
        "file": str(path),
        "head": str(restored.head),
        "replaced_file": replaced,
        "unknown_cases": restored.distrusted,
    }
    session.print_result(document, draw)


@ledger.command()
@common_options
@click.pass_obj
def accept(session: Session) -> None:
    """Use a ledger although the write-ahead file beside it is missing.

    What it held is lost, so what may have been sent by it becomes unknown: it is polled, and sent again only when a
    person decides so.
    """
    from orderdesk_sdk.stores.sqlite.backup import accept_current_state

    path = existing_file(session)
    head = accept_current_state(path, clock_of(session.config()).now())
    session.print_result(
        {"file": str(path), "head": str(head)},
        lambda screen: screen.line(
            f"{path} is in use as it is, with {counted(head.count, 'entry', 'entries')} of history."
        ),
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
    Archives of its history are changed where they were made; `orderdesk ledger forget` changes one that was moved.
    Backups and the records of services are not changed.
    """
    from orderdesk_sdk.orders.references import OrderId

    with session.desk() as desk:
        store, erased = embedded_order_store(desk), desk.orders.get(order)
        report = desk.orders.forget(order, by=require_name(by))
        duplicates = [store.get_order(OrderId(one)).number for one in store.duplicates_of(erased.id)]

    def draw(screen: Screen) -> None:
        count = report.history_count
        histories = counted(count, "history", "histories")
        screen.line(f"Order {erased.number}: personal data was removed from the order and {histories}.")
        if duplicates:
            screen.line(f"Its duplicates have personal data of their own: {', '.join(duplicates)}.", "yellow")
        for cleared in report.cleared_archives:
            screen.line(f"Personal data was removed from the archive {cleared}.")
        for archive in report.archives_left:
            screen.line(f"The archive {archive} still contains personal data.", "yellow")
            screen.indented("What to do: find the file, and run `orderdesk ledger forget FILE`.", style="yellow")
        screen.line("Backups still contain the personal data.", "dim")

    shape: dict[str, object] = {
        "order_id": erased.id,
        "order_number": erased.number,
        "histories": report.history_count,
        "duplicates": duplicates,
        "cleared_archives": [str(archive) for archive in report.cleared_archives],
        "archives": list(report.archives_left),
    }
    session.print_result(shape, draw)


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
