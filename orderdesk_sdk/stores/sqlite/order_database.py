"""The SQLite file of the order store: opened, migrated, and used by one thread at a time.

The file may be the ledger's too. The version of the tables here is kept in `host_schema`, so that store and ledger
migrate without regard to each other.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sqlite.connection import FileGuard, close, connect, use_wal
from orderdesk_sdk.stores.sqlite.migrations import MigrationStep, migrate
from orderdesk_sdk.stores.sqlite.read_block import ReadBlock

__all__ = ["MIGRATIONS", "VERSION_TABLE", "SqliteOrderDatabase"]

VERSION_TABLE: Final = "host_schema"
"""Where the numbers of the migrations stand that were made."""

MIGRATIONS: Final[tuple[tuple[MigrationStep, ...], ...]] = (
    (
        "CREATE TABLE host_folders (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE) STRICT",
        # Usual in Order Desk: https://help.orderdesk.com/article/287-cancel-an-order, articles 682 and 801; New is
        # reported by third parties only.
        "INSERT INTO host_folders (name) VALUES ('New'), ('Prepared'), ('Closed'), ('Canceled')",
        """CREATE TABLE host_orders (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            number TEXT NOT NULL UNIQUE,
            folder_id INTEGER NOT NULL REFERENCES host_folders (id),
            document TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX host_orders_by_folder ON host_orders (folder_id, seq)",
        """CREATE TABLE host_placements (
            order_id TEXT NOT NULL REFERENCES host_orders (id),
            connection TEXT NOT NULL,
            remote_id TEXT NOT NULL,
            role TEXT NOT NULL,
            submitted_at TEXT NOT NULL,
            status TEXT,
            status_at TEXT,
            PRIMARY KEY (order_id, connection),
            UNIQUE (connection, remote_id)
        ) STRICT""",
        """CREATE TABLE host_links (
            copy_id TEXT PRIMARY KEY REFERENCES host_orders (id),
            original_id TEXT NOT NULL REFERENCES host_orders (id)
        ) STRICT""",
        "CREATE INDEX host_links_by_original ON host_links (original_id)",
        """CREATE TABLE host_history (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            order_id TEXT NOT NULL REFERENCES host_orders (id),
            at TEXT NOT NULL,
            by TEXT NOT NULL,
            text TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX host_history_by_order ON host_history (order_id, seq)",
        """CREATE TRIGGER host_history_stays BEFORE DELETE ON host_history
            BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
        """CREATE TRIGGER host_history_is_kept BEFORE UPDATE ON host_history
            BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    ),
    (
        # Two shops may both have a number, and an order that is made anew has that of the old one. A column's UNIQUE
        # goes only with its table.
        """CREATE TABLE host_orders_anew (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            number TEXT NOT NULL,
            folder_id INTEGER NOT NULL REFERENCES host_folders (id),
            document TEXT NOT NULL,
            taken_over_by TEXT REFERENCES host_orders (id)
        ) STRICT""",
        "INSERT INTO host_orders_anew SELECT seq, id, number, folder_id, document, NULL FROM host_orders",
        "DROP TABLE host_orders",
        "ALTER TABLE host_orders_anew RENAME TO host_orders",
        "CREATE INDEX host_orders_by_number ON host_orders (number)",
        "CREATE INDEX host_orders_by_folder ON host_orders (folder_id, seq)",
    ),
    (
        # Who a person is and what they wrote may go; that there was an entry, and when, stays.
        "DROP TRIGGER host_history_is_kept",
        """CREATE TRIGGER host_history_is_kept BEFORE UPDATE ON host_history
            WHEN NEW.text <> '(removed)' OR NEW.by <> '(removed)' OR NEW.seq <> OLD.seq
            OR NEW.order_id <> OLD.order_id OR NEW.at <> OLD.at
            BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    ),
    (
        "ALTER TABLE host_placements RENAME TO host_remote_orders",
        "ALTER TABLE host_orders RENAME COLUMN taken_over_by TO number_owner",
    ),
    (
        # As in every other database, where nobody calls the order store a host.
        "ALTER TABLE host_orders RENAME TO orders",
        "ALTER TABLE host_folders RENAME TO folders",
        "ALTER TABLE host_remote_orders RENAME TO remote_orders",
        "ALTER TABLE host_links RENAME TO order_links",
        "ALTER TABLE host_history RENAME TO order_history",
    ),
    (
        # The words by which orders are found, and the orders of which they are to be written down (`order_terms`).
        "CREATE TABLE order_terms (seq INTEGER NOT NULL, term TEXT NOT NULL, PRIMARY KEY (seq, term)) WITHOUT ROWID",
        "CREATE INDEX order_terms_by_term ON order_terms (term, seq)",
        "CREATE TABLE changed_orders (seq INTEGER PRIMARY KEY) STRICT",
        "INSERT INTO changed_orders (seq) SELECT seq FROM orders",
        """CREATE TRIGGER orders_come AFTER INSERT ON orders
            BEGIN INSERT INTO changed_orders (seq) VALUES (NEW.seq) ON CONFLICT DO NOTHING; END""",
        """CREATE TRIGGER orders_change AFTER UPDATE OF number, document ON orders
            BEGIN INSERT INTO changed_orders (seq) VALUES (NEW.seq) ON CONFLICT DO NOTHING; END""",
        """CREATE TRIGGER remote_orders_come AFTER INSERT ON remote_orders
            BEGIN INSERT INTO changed_orders (seq) SELECT seq FROM orders WHERE id = NEW.order_id
            ON CONFLICT DO NOTHING; END""",
    ),
)
"""Statements that lead from version n to n + 1, oldest first. Never changed once released, only added to."""
_ADDITIVE: Final = frozenset({6})
"""The versions that leave programs of the version before at work."""


class SqliteOrderDatabase:
    """One connection behind one lock: SQLite lets one writer in at a time anyway."""

    def __init__(self, path: Path) -> None:
        """Open the file and bring its tables to this version.

        Raises StorageError where it cannot be opened, is no SQLite file, or comes from a newer version.
        """
        self._location = str(path)
        self.directory = path.absolute().parent
        """Where the file lies: there is room for what belongs to it."""
        self._lock = threading.RLock()
        with self._translate_errors(), ExitStack() as resources:
            self._connection = resources.enter_context(closing(connect(path)))
            # A table that is made anew is gone for a moment, and rows that refer to it must bear that.
            self._connection.execute("PRAGMA foreign_keys = OFF")
            migrate(self._connection, VERSION_TABLE, MIGRATIONS, self._location, _ADDITIVE)
            self._connection.execute("PRAGMA foreign_keys = ON")
            use_wal(self._connection)
            self._guard = FileGuard(path)
            resources.pop_all()
        as_storage_error = partial(_storage_error, location=self._location)
        self._reading = ReadBlock(self._lock, self._guard, self._connection, as_storage_error)
        self._closing = weakref.finalize(self, _close, self._lock, self._guard, self._connection)

    def reading(self) -> AbstractContextManager[sqlite3.Cursor]:
        """A cursor, for statements that change nothing."""
        return self._reading

    @contextmanager
    def writing(self, *, alone: bool = True) -> Iterator[sqlite3.Cursor]:  # noqa: ARG002 - SQLite has one writer anyway
        """A cursor inside one transaction: on disk after the block, or undone if the block raises."""
        with self._lock, self._translate_errors():
            # IMMEDIATE: what is read here cannot be changed by another process before it is written.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.cursor()
                self._guard.check_all()
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Cursor]:
        """As `writing`, and what is overwritten is not left in the file's free space."""
        with self._lock, self._translate_errors():
            self._connection.execute("PRAGMA secure_delete = ON")
            try:
                with self.writing() as cursor:
                    yield cursor
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._connection.execute("PRAGMA secure_delete = OFF")

    def close(self) -> None:
        """Close the file, after the call that is using it. Closing twice is fine."""
        self._closing()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _storage_error(error, self._location) from error


def _storage_error(error: sqlite3.Error, location: str) -> StorageError:
    if isinstance(error, sqlite3.ProgrammingError):
        return StorageError(f"{error}", location=location, hint="open the order store again")
    hint = "check that the folder exists, that the disk has room and that no other process holds the file"
    return StorageError(f"{error}; this call changed nothing", location=location, hint=hint)


def _close(lock: threading.RLock, guard: FileGuard, connection: sqlite3.Connection) -> None:
    with lock:
        guard.close()
        close(connection)
