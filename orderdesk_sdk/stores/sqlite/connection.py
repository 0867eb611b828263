"""A SQLite file as the ledger and the order store need it: private, write-ahead log, every commit on disk, migrated."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.toolkit.private_files import create_private

__all__ = [
    "BUSY_TIMEOUT_SECONDS",
    "FileGuard",
    "close",
    "connect",
    "require_complete",
    "snapshot",
    "open_connection",
    "open_snapshot",
    "readable",
    "use_wal",
    "wal_path",
]

BUSY_TIMEOUT_SECONDS = 10.0
"""How long a call waits for another process that is writing."""


def wal_path(path: Path) -> Path:
    """Where SQLite keeps what it has not yet put into the file itself."""
    real = path.resolve()
    return real.with_name(f"{real.name}-wal")


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any thread, one at a time. A new file is its owner's alone.

    Args:
        create: make the file where there is none. Raises sqlite3.Error, and StorageError for what is no whole database.
    """
    try:
        is_new = create and create_private(path)  # What SQLite makes beside it gets the same mode.
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file: {error.strerror}") from None
    had_log = is_new or wal_path(path).exists()
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_TIMEOUT_SECONDS,
    )
    try:
        require_complete(connection, path, had_log)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()  # Nothing of it was changed, and nothing will be.
        raise
    return connection


def close(connection: sqlite3.Connection) -> None:
    """Close a connection. Closing twice is fine.

    The last one to close a file puts its log into it and removes the log, so the mark that it is in use goes first; who
    else uses the file sets it again when they write. It waits for nobody: who writes just now uses the file.
    """
    with suppress(sqlite3.Error):  # Of a closed, a locked or a damaged file nothing more is to be said here.
        connection.execute("PRAGMA busy_timeout = 0")
        if _is_in_use(connection):
            connection.execute("UPDATE chain SET in_use = 0")
    connection.close()


@contextmanager
def open_connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is there, closed after the block. Raises as `connect`."""
    connection = connect(path, create=False)
    try:
        yield connection
    finally:
        close(connection)


@contextmanager
def open_snapshot(path: Path) -> Iterator[sqlite3.Cursor]:
    """A cursor of a connection of its own, on which one moment is read while others write. Raises as `connect`."""
    with open_connection(path) as connection:
        connection.text_factory = readable
        with snapshot(connection) as cursor:
            yield cursor


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """A cursor on which one moment is read while others write."""
    cursor = connection.execute("BEGIN")
    try:
        yield cursor
    finally:
        cursor.execute("COMMIT")


def readable(raw: bytes) -> str:
    """A text of the database, whatever its bytes are: what is no text shall be a flaw, not the end of the look."""
    return raw.decode("utf-8", "surrogateescape")


def require_complete(connection: sqlite3.Connection, path: Path, had_log: bool) -> None:
    """Raises StorageError for a copy of a file in use that lacks what lay in its log.

    Args:
        had_log: it had one beside it.
    """
    if had_log or path.stat().st_size == 0:
        return
    # A file of ours has its tables before it has a log, and says that it is in use before it has anything in its log.
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if names and not ("chain" in names and _is_in_use(connection)):
        return
    log = wal_path(path)
    if not names or not log.exists() or log.stat().st_size == 0:
        raise StorageError(
            f"this is no complete ledger: what was written last lies in {log.name}, which is not here",
            location=str(path),
            hint="put that file beside it, or restore a copy made by `orderdesk ledger backup`: a plain copy of a"
            " ledger in use lacks its newest lines",
        )


def _is_in_use(connection: sqlite3.Connection) -> bool:
    known = connection.execute("SELECT count(*) FROM pragma_table_info('chain') WHERE name = 'in_use'").fetchone()[0]
    return bool(known) and connection.execute("SELECT max(in_use) FROM chain").fetchone()[0] == 1


def use_wal(connection: sqlite3.Connection) -> None:
    """Let the file have a write-ahead log. After its tables are made: a file without any is then no ledger of ours."""
    # The change to WAL needs the file alone and, unlike other statements, does not wait for that: of two programs
    # that open a new file at once, one would fail.
    give_up = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            # A first look, so that the log is open, and stays there as long as the connection does.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return


class FileGuard:
    """Notices that a file in use was replaced, removed or truncated: what is written into it then would be lost.

    SQLite itself goes on with the file that it has open, which nobody will find again.
    """

    def __init__(self, path: Path) -> None:
        """Remember the file, and its log, as they are now that a connection has them open. Raises StorageError."""
        self._location = str(path.absolute())  # The program may go to another folder.
        self._wal = str(wal_path(path))
        self._is_closed = False
        found, log = self._stat(self._location), self._stat(self._wal)
        self._identity = (found.st_dev, found.st_ino)
        self._log_identity = (log.st_dev, log.st_ino)
        self._size = found.st_size

    def check(self) -> None:
        """Raises StorageError where the file is another one, or gone, or has become shorter."""
        if self._is_closed:
            return  # Whoever uses a closed connection is told so by it.
        known = self._size  # Before the look: another thread may see the file grow, and say so, in between.
        found = self._stat(self._location)
        if (found.st_dev, found.st_ino) != self._identity:
            raise self._storage_error("another file was put in its place while the ledger is in use")
        if found.st_size < known:
            raise self._storage_error(
                f"the file has become shorter, from {known} to {found.st_size} bytes, while the ledger is in use"
            )
        self._size = found.st_size

    def check_all(self) -> None:
        """As `check`, and the same of its log, without which what is written is lost."""
        if self._is_closed:
            return
        self.check()
        log = self._stat(self._wal)
        if (log.st_dev, log.st_ino) != self._log_identity:
            raise self._storage_error(
                f"another file was put in the place of {Path(self._wal).name} while the ledger is in use"
            )

    def close(self) -> None:
        """Look no more: the connection is closed."""
        self._is_closed = True

    def _stat(self, path: str) -> os.stat_result:
        try:
            return os.stat(path)  # noqa: PTH116 - with each read and write, and thrice as fast as Path.stat
        except OSError as error:
            text = f"{Path(path).name} cannot be found any more, while the ledger is in use: {error.strerror}"
            raise self._storage_error(text) from None

    def _storage_error(self, message: str) -> StorageError:
        return StorageError(
            message,
            location=self._location,
            hint="end every program that uses it, put the right file there, and start them again; nothing is written"
            " until then",
        )
