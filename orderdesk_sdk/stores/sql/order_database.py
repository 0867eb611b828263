"""What an order store needs of a database: cursors for reading, and inside a transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["OrderDatabase"]


class OrderDatabase(Protocol):
    """The tables of an order store. Every method raises StorageError where they cannot be reached."""

    @property
    def directory(self) -> Path | None:
        """Where there is room for what belongs to it; None: where the system puts such files."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """A cursor, for statements that change nothing."""

    def writing(self, *, alone: bool = True) -> AbstractContextManager[Cursor]:
        """A cursor inside one transaction: durable after the block, or undone if the block raises.

        Args:
            alone: nobody else writes meanwhile, so that what is read here still holds when it is written. False for
                what depends on no other row than those it changes.
        """

    def erasing(self) -> AbstractContextManager[Cursor]:
        """As `writing`, and what is overwritten is not left in free space, as far as that is in the program's hands."""

    def close(self) -> None:
        """Close it, after the calls that are using it. Closing twice is fine."""
