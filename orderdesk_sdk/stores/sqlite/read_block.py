"""A block that reads a SQLite file, one at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from orderdesk_sdk.errors import StorageError

__all__ = ["ReadBlock"]


class _FileGuard(Protocol):
    def check(self) -> None:
        """Raises StorageError where what would be read is not in the file any more."""


class ReadBlock:
    """Gives a cursor for statements that change nothing; entered any number of times.

    A class and no generator: it is entered several times for every cancel.
    """

    def __init__(
        self,
        lock: threading.Lock | threading.RLock,
        guard: _FileGuard,
        connection: sqlite3.Connection,
        as_storage_error: Callable[[sqlite3.Error], StorageError],
    ) -> None:
        """lock: held within the block; as_storage_error: what SQLite raised, as it leaves the block."""
        self._lock = lock
        self._guard = guard
        self._connection = connection
        self._as_storage_error = as_storage_error

    def __enter__(self) -> sqlite3.Cursor:
        self._lock.acquire()
        try:
            self._guard.check()
            return self._connection.cursor()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, sqlite3.Error):  # It is closed.
                raise self._as_storage_error(error) from error
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        if isinstance(error, sqlite3.Error):
            raise self._as_storage_error(error) from error
