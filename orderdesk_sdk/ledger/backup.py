"""A copy of a ledger while it is in use, whole and verified; and how one comes back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from attrs import frozen

from orderdesk_sdk.errors import InputError, LedgerError
from orderdesk_sdk.ledger.flaws import Flaw, Head
from orderdesk_sdk.ledger.verifying import examine, head_of, readable
from orderdesk_sdk.private_files import create_private
from orderdesk_sdk.sqlite_file import opened, wal_of

__all__ = ["Backup", "accept_as_it_is", "make_backup"]


@frozen
class Backup:
    """A copy that was made. head: what it ends with. flaws: what in the ledger was not as it was written already."""

    path: Path
    head: Head
    flaws: tuple[Flaw, ...]


def make_backup(source: Path, target: Path) -> Backup:
    """Copy a ledger with all that stands in it now; others go on reading and writing meanwhile.

    The copy is one file, which only its owner may read. Raises InputError where there is a file of that name, and
    LedgerError where the ledger cannot be read, or the copy not be written.
    """
    half = target.with_name(f".{target.name}.half")
    try:
        if not create_private(target):
            raise InputError("there is such a file already", place=str(target), remedy="name a new one")
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
        raise LedgerError(f"cannot be written: {error.strerror}", place=str(target)) from None
    except sqlite3.Error as error:
        raise LedgerError(
            f"no backup was made: {error}",
            place=str(target),
            remedy="check the disk's free space and `orderdesk doctor`",
        ) from None
    return Backup(target, *found)


def _copy(source: Path, half: Path) -> tuple[Head, tuple[Flaw, ...]]:
    with opened(source) as here, closing(sqlite3.connect(half, isolation_level=None)) as there:
        here.backup(there)  # In one step, from one snapshot; in a write-ahead log it keeps nobody from writing.
        there.execute("PRAGMA journal_mode = DELETE")  # One file, without another beside it.
        there.execute("UPDATE chain SET in_use = 0")
        there.text_factory = readable
        sound = [row[0] for row in there.execute("PRAGMA integrity_check(10)")]
        damage = [Flaw(None, f"the database is damaged: {text}") for text in sound if text != "ok"]
        return head_of(there) or Head(0, ""), (*damage, *examine(there))


def accept_as_it_is(path: Path) -> Head:
    """Let a ledger be used although its log is missing; what it ends with. A person decides that: see the command.

    Raises InputError for a ledger that lacks nothing.
    """
    if wal_of(path).exists():
        raise InputError("its log is here, so nothing is missing", place=str(path), remedy="use it as it is")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as db:
            changed = db.execute("UPDATE chain SET in_use = 0 WHERE in_use = 1").rowcount
            head = head_of(db)
    except sqlite3.Error as error:
        raise LedgerError(
            f"it is no ledger, or has no tables yet: {error}", place=str(path), remedy="restore a backup in its place"
        ) from None
    if not changed or head is None:
        raise InputError("nothing is missing from it", place=str(path), remedy="use it as it is")
    return head
