"""`ledger copy` and `migrate`: which database a ledger is in, and which version its tables have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.session import Session, clock_of, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.stores.opening import LedgerLocation
    from orderdesk_sdk.stores.sql.tables_version import VersionedTables

__all__ = ["copy_command", "existing_file", "ledger_file", "migrate_command", "require_file"]


@click.command("copy")
@click.option("--from", "source", metavar="URL", help="The ledger to copy; that of the configuration if not given.")
@click.option("--to", "target", metavar="URL", required=True, help="A new file or an empty database.")
@common_options
@click.pass_obj
def copy_command(session: Session, source: str | None, target: str) -> None:
    """Copy the ledger with its orders to another database, and retire the first one.

    A URL is sqlite:///FILE, postgresql://USER@HOST/NAME, or env:NAME for a variable that holds it. The copy is proved
    by the hash chain: it has the same head, and no flaw. After that the first ledger can be used no more, so that
    nothing is sent by both. An error while a case is being sent, or while another program uses the ledger.
    """
    from orderdesk_sdk.stores.opening import copy_ledger, database_name

    config = session.config()
    old = config.ledger if source is None else _location(source, "--from")
    new = _location(target, "--to")
    if isinstance(old, Path):
        require_file(old)
    made = copy_ledger(old, new, clock_of(config).now())

    def draw(screen: Screen) -> None:
        entries, orders = counted(made.head.count, "entry", "entries"), counted(made.rows.get("orders", 0), "order")
        screen.line(f"Copied {entries} of history and {orders}.")
        screen.line(f"From: {database_name(old)}", "dim")
        screen.line(f"To:   {database_name(new)}")
        screen.line(f"Head: {made.head}")
        screen.line("The first one can be used no more: name the copy in orderdesk.toml, [ledger] url.", "yellow")

    session.print_result({"head": str(made.head), "rows": made.rows}, draw)


def _location(url: str, option: str) -> LedgerLocation:
    from orderdesk_sdk.desk.ledger_location import read_ledger_location

    given: object = {"env": url.removeprefix("env:")} if url.startswith("env:") else url
    return read_ledger_location(given, Path(), option)


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if there is something to be done.")
@common_options
@click.pass_obj
def migrate_command(session: Session, check: bool) -> None:
    """Bring the tables of ledger and orders to the version of this program.

    Most migrations only add something: programs of the version before go on beside newer ones, and the next command
    of a newer program makes them by itself. A migration that older programs cannot work with waits for this command
    where the ledger is in PostgreSQL: end them on every machine first.
    """
    from orderdesk_sdk.stores.opening import database_name, migrate_tables, tables_of

    config = session.config()
    location = config.ledger if config.ledger_file is None else existing_file(session)
    before = tables_of(location)
    for tables in before:
        tables.version.require_not_too_new(database_name(location))
    is_elsewhere = config.orders not in (None, config.ledger)
    needed = [
        tables for tables in before if tables.version.is_behind and not _is_absent_order_store(tables, is_elsewhere)
    ]
    if needed and not check:
        migrate_tables(location, [tables.name for tables in needed])

    def draw(screen: Screen) -> None:
        screen.line(database_name(location))
        for tables in before:
            screen.indented(_said_of(tables, is_needed=tables in needed, is_done=not check))

    document = {
        tables.name.replace(" ", "_"): {
            "found": tables.version.found,
            "known": tables.version.known,
            "oldest_program": tables.version.oldest,
            "breaks_older_programs": tables.breaks_older,
        }
        for tables in before
    }
    session.print_result({"is_needed": bool(needed), "is_done": bool(needed) and not check, "tables": document}, draw)
    if needed and check:
        click.get_current_context().exit(1)


def _is_absent_order_store(tables: VersionedTables, is_elsewhere: bool) -> bool:
    return is_elsewhere and tables.name == "order store" and tables.version.found == 0


def _said_of(tables: VersionedTables, *, is_needed: bool, is_done: bool) -> str:
    version = tables.version
    if not is_needed and version.found == 0:
        return f"{tables.name}: no tables here; [orders].url names another database"
    if not is_needed:
        return f"{tables.name}: version {version.found}; nothing is to be done"
    if version.found == 0:
        return f"{tables.name}: the tables {'were made' if is_done else 'are to be made'}, in version {version.known}"
    steps = f"from version {version.found} to {version.known}"
    if is_done:
        return f"{tables.name}: migrated {steps}"
    others = "ends programs of the version before" if tables.breaks_older else "leaves older programs at work"
    return f"{tables.name}: is to be migrated {steps}, which {others}"


def ledger_file(session: Session) -> Path:
    """The ledger's file. Raises InvalidStateError where the ledger is none."""
    from orderdesk_sdk.errors import InvalidStateError

    config = session.config()
    if config.ledger_file is None:
        raise InvalidStateError(
            "the ledger is in a PostgreSQL database, which this command cannot copy or replace",
            location="[ledger].url",
            hint="use the tools of the server (pg_basebackup, or your provider's backups); `orderdesk ledger copy`"
            " copies between databases",
        )
    return config.ledger_file


def existing_file(session: Session) -> Path:
    """The ledger's file, which none of these commands creates. Raises as `ledger_file`, and NotFoundError."""
    path = ledger_file(session)
    require_file(path)
    return path


def require_file(path: Path) -> None:
    """Raises NotFoundError where a ledger's file does not exist."""
    from orderdesk_sdk.errors import NotFoundError

    if not path.exists():
        raise NotFoundError(
            "the ledger does not exist",
            location=str(path),
            hint="change to the folder of orderdesk.toml, or name it with --config",
        )
