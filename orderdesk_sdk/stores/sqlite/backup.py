"""A copy of a ledger while it is in use, whole and verified; and how one comes back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from itertools import count, islice
from pathlib import Path

from attrs import frozen

from orderdesk_sdk.cases.integrity import ChainHead, IntegrityFlaw
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.plugin.toolkit.private_files import create_private
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.epochs import begin_epoch
from orderdesk_sdk.stores.sql.integrity_check import examine, head_of
from orderdesk_sdk.stores.sql.restored_state import distrust_open_cases
from orderdesk_sdk.stores.sqlite.connection import open_connection, readable, snapshot, wal_path
from orderdesk_sdk.stores.sqlite.ledger_schema import ADDITIVE, MIGRATIONS, VERSION_TABLE
from orderdesk_sdk.stores.sqlite.migrations import migrate

__all__ = ["Backup", "Restored", "accept_current_state", "make_backup", "restore"]


@frozen
class Backup:
    """A copy that was made.

    Args:
        head: its last entry.
        flaws: what was changed or damaged in the ledger before.
    """

    path: Path
    head: ChainHead
    flaws: tuple[IntegrityFlaw, ...]


def make_backup(source: Path, target: Path) -> Backup:
    """Copy a ledger with all that stands in it now; others go on reading and writing meanwhile.

    The copy is one file, which only its owner may read. Raises ValidationError where there is a file of that name, and
    StorageError where the ledger cannot be read, or the copy not be written.
    """
    half = target.with_name(f".{target.name}.half")
    try:
        if not create_private(target):
            raise ValidationError("the file exists already", location=str(target), hint="name a new one")
        try:
            half.unlink(missing_ok=True)  # Of a backup that was ended by force.
            create_private(half)
            found = _copy(source, half)
            half.replace(target)
        except BaseException:
            target.unlink()
            half.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", location=str(target)) from None
    except sqlite3.Error as error:
        raise StorageError(
            f"no backup was made: {error}",
            location=str(target),
            hint="check the disk's free space and `orderdesk doctor`",
        ) from None
    return Backup(target, *found)


def _copy(source: Path, half: Path) -> tuple[ChainHead, tuple[IntegrityFlaw, ...]]:
    with open_connection(source) as here, closing(sqlite3.connect(half, isolation_level=None)) as there:
        here.backup(there)  # In one step, from one snapshot; in a write-ahead log it keeps nobody from writing.
        there.execute("PRAGMA journal_mode = DELETE")  # One file, without another beside it.
        there.execute("UPDATE chain SET in_use = 0")
        there.text_factory = readable
        sound = [row[0] for row in there.execute("PRAGMA integrity_check(10)")]
        damage = [IntegrityFlaw(None, f"the database is damaged: {text}") for text in sound if text != "ok"]
        with snapshot(there) as cursor:
            return head_of(cursor) or ChainHead(0, ""), (*damage, *examine(cursor))


@frozen
class Restored:
    """A ledger that was put back.

    Args:
        head: what the backup ends with.
        replaced_file: where the one before it lies; None: there was none.
        distrusted: how many of its cases may have been sent since.
    """

    head: ChainHead
    replaced_file: Path | None
    distrusted: int


def restore(backup: Path, path: Path, now: datetime, *, lacks_nothing: bool = False) -> Restored:
    """Put a backup in the place of a ledger, which is moved away with all that lies beside it.

    What may have been sent since the backup was made becomes of unknown fate in it. Raises StorageError, and changes
    nothing, where the ledger is in use, or the backup is none or not as it was written.

    Args:
        lacks_nothing: a person says that nothing was done after the backup was made.
    """
    half = path.with_name(f".{path.name}.half")
    try:
        half.unlink(missing_ok=True)
        create_private(half)
        with half.open("r+b") as file, backup.open("rb") as source:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        head = _verified_head(half, backup)
        with closing(sqlite3.connect(half, isolation_level=None)) as db:
            distrusted = _begin_epoch(db, "a backup was restored", now, lacks_nothing=lacks_nothing)
        _require_unused(path)
        away = _move_away(path)
        half.replace(path)
    except OSError as error:
        raise StorageError(f"cannot be restored: {error.strerror}", location=str(path)) from None
    finally:
        half.unlink(missing_ok=True)
    return Restored(head, away, distrusted)


def _begin_epoch(db: sqlite3.Connection, reason: str, now: datetime, *, lacks_nothing: bool = False) -> int:
    """Write into a ledger what it means that it was put back; how many of its cases may have been sent since."""
    db.text_factory = readable
    cursor = db.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    distrusted = 0 if lacks_nothing else distrust_open_cases(cursor, ChainAppender(cursor), reason, now)
    begin_epoch(cursor, f"{reason} that lacks nothing" if lacks_nothing else reason, now)
    cursor.execute("UPDATE chain SET in_use = 0")
    cursor.execute("COMMIT")
    return distrusted


def _verified_head(copy: Path, backup: Path) -> ChainHead:
    """The head of a copy of a backup, whose tables are brought to the present version.

    Raises StorageError where the file is not a backup, or was changed or damaged.
    """
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as db:
            db.text_factory = readable
            if head_of(db.cursor()) is not None:  # Else these are no tables of a ledger, and must not become some.
                migrate(db, VERSION_TABLE, MIGRATIONS, str(backup), ADDITIVE)
            with snapshot(db) as cursor:
                head, flaws = head_of(cursor), tuple(islice(examine(cursor), 1))
    except sqlite3.Error as error:
        raise StorageError(
            f"the file is no backup of a ledger: {error}", location=str(backup), hint="name another"
        ) from None
    if flaws or head is None:
        told = flaws[0].message if flaws else "the backup names no head"
        raise StorageError(
            f"the backup was changed or damaged: {told}", location=str(backup), hint="name an earlier backup"
        )
    return head


def _require_unused(path: Path) -> None:
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=0)) as db:
            db.execute("PRAGMA journal_mode = DELETE")  # Needs the file alone.
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            hint = "end every program that uses it: workers, apps, the command line"
            raise StorageError("the ledger is in use", location=str(path), hint=hint) from None
    except sqlite3.DatabaseError:
        return  # Damaged, which may be why it is restored: nobody can use it.


def _move_away(path: Path) -> Path | None:
    number = next(n for n in count(1) if not path.with_name(f"{path.name}.before-{n}").exists())
    away = path.with_name(f"{path.name}.before-{number}")
    existed = path.exists()
    for end in ("-wal", "-shm", "-journal", ""):  # An old log beside a restored ledger would damage it.
        beside = path.with_name(f"{path.name}{end}")
        if beside.exists():
            beside.rename(away.with_name(f"{away.name}{end}"))
    return away if existed else None


def accept_current_state(path: Path, now: datetime) -> ChainHead:
    """Let a ledger be used although its log is missing; what it ends with. A person decides that: see the command.

    What may have been sent by what the log held becomes of unknown fate. Raises ValidationError for a ledger that lacks
    nothing.
    """
    if wal_path(path).exists():
        raise ValidationError(
            "the log of the ledger exists, so nothing is missing", location=str(path), hint="use the ledger as it is"
        )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as db:
            changed = db.execute("SELECT max(in_use) FROM chain").fetchone()[0]
            if changed:
                migrate(db, VERSION_TABLE, MIGRATIONS, str(path), ADDITIVE)
                _begin_epoch(db, "the log of the ledger was missing", now)
            head = head_of(db.cursor())
    except sqlite3.Error as error:
        raise StorageError(
            f"the file is no ledger, or has no tables yet: {error}",
            location=str(path),
            hint="restore a backup in its place",
        ) from None
    if not changed or head is None:
        raise ValidationError("nothing is missing from the ledger", location=str(path), hint="use the ledger as it is")
    return head
