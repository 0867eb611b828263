"""Appends the lines of one transaction to the hash chain, and says what the ledger's head is after them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.hash_chain import ChainEntry, head_after, link_after
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.known_links import RowLink

__all__ = ["ChainAppender", "ChainMark", "ChainPosition", "HeadMovedError"]

_COLUMNS: Final = "sequence, subject_id, attempt, at, kind, link, state, sealed, data, texts"
_MOVE_HEAD: Final = (
    "UPDATE chain SET count = ?, head = ?, in_use = 1, latest = CASE WHEN latest < ? THEN ? ELSE latest END"
    " WHERE count = ? AND head = ?"
)
_MOST_ROWS: Final = 50
"""Lines of one statement: a few at a time cost a step of the database each, and a statement may not grow for ever."""


class HeadMovedError(StorageError):
    """The chain is not where it was taken to be: nothing was written, and may be once its head is read."""


class ChainPosition(NamedTuple):
    """Where the chain ends: how many lines there are, and the ledger's head after them."""

    line_count: int
    head: bytes


class ChainMark(NamedTuple):
    """A place in the lines that a job adds: count and head after the last of them, and how many are not written."""

    line_count: int
    head: bytes
    pending_count: int


class ChainAppender:
    """The lines that one write of a transaction adds."""

    def __init__(self, cursor: Cursor, position: ChainPosition | None = None) -> None:
        """position: where the chain ends, as the caller knows; None reads it."""
        row = position or cursor.execute("SELECT count, head FROM chain").fetchone()
        if row is None:
            raise StorageError(
                "the row that names the head of the ledger is gone",
                location="ledger, table chain",
                hint="see `orderdesk doctor`",
            )
        self._cursor = cursor
        self.position = ChainPosition(*row)
        """Where the chain ends after the lines that were written."""
        self.row_links: list[RowLink] = []
        """Of the rows that were written with these lines."""
        self._rows: list[tuple[int, str, int, int, str, bytes, bytes | None, bytes | None, str, str | None]] = []
        self.last: tuple[int, bytes, bytes] | None = None
        """Sequence of the last line that was written, head and link after it; None where none was."""
        self.count = self.position.line_count
        """How many lines there are, which is the sequence of the last one."""
        self.head = self.position.head
        """The ledger's head after it."""

    def add(self, link: bytes, entries: Sequence[ChainEntry], state: bytes | None) -> bytes:
        """Chain a subject's lines to its last link; the link of the last.

        Args:
            state: of the row after them; None where it stays as it is.
        """
        last = len(entries) - 1
        for index, line in enumerate(entries):
            self.count += 1
            bound = state if index == last else None
            link = link_after(link, self.count, line.digest, bound)
            self.head = head_after(self.head, link)
            subject_id, attempt, at, kind, data, texts, sealed, _ = line
            self._rows.append((self.count, subject_id, attempt, at, kind, link, bound, sealed, data, texts))
        return link

    def mark(self) -> ChainMark:
        """Where the chain ends with what was added so far, for `take_back`."""
        return ChainMark(self.count, self.head, len(self._rows))

    def take_back(self, mark: ChainMark) -> None:
        """Forget the lines that were added since a mark."""
        self.count, self.head = mark.line_count, mark.head
        del self._rows[mark.pending_count :]

    def write(self) -> None:
        """Write the lines and the ledger's head. Raises HeadMovedError where the chain has not ended where it was taken
        to.
        """
        if self._rows:
            latest = max(row[3] for row in self._rows)
            moved = self._cursor.execute(_MOVE_HEAD, (self.count, self.head, latest, latest, *self.position))
            if moved.rowcount != 1:
                raise HeadMovedError("the ledger was changed meanwhile", location="ledger", hint="do the same again")
            for first in range(0, len(self._rows), _MOST_ROWS):
                some = self._rows[first : first + _MOST_ROWS]
                self._cursor.execute(_insertion(len(some)), tuple(chain.from_iterable(some)))
            self.last = (self.count, self.head, self._rows[-1][5])
            self.position = ChainPosition(self.count, self.head)
            self._rows = []

    @property
    def pending_count(self) -> int:
        """How many lines `write` would write."""
        return len(self._rows)


@cache
def _insertion(count: int) -> str:
    """A statement that adds so many lines."""
    row = f"({', '.join('?' * len(_COLUMNS.split(', ')))})"
    return f"INSERT INTO history ({_COLUMNS}) VALUES {', '.join([row] * count)}"  # noqa: S608 - constants
