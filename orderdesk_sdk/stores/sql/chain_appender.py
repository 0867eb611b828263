"""Appends the lines of one transaction to the hash chain, and says what the ledger's head is after them."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.hash_chain import ChainEntry, head_after, link_after
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["ChainAppender"]

_INSERT = (
    "INSERT INTO history (sequence, subject_id, attempt, at, kind, link, state, sealed, data, texts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class ChainAppender:
    """The lines that one transaction adds."""

    def __init__(self, cursor: Cursor, position: tuple[int, bytes, int] | None = None) -> None:
        """position: count, head and latest time of the chain, where the caller has just read them; None reads them."""
        row = position or cursor.execute("SELECT count, head, latest FROM chain").fetchone()
        if row is None:
            raise StorageError(
                "the row that names the head of the ledger is gone",
                location="ledger, table chain",
                hint="see `orderdesk doctor`",
            )
        self._cursor = cursor
        self._rows: list[tuple[int, str, int, int, str, bytes, bytes | None, bytes | None, str, str | None]] = []
        self.last: tuple[int, bytes, bytes] | None = None
        """Sequence of the last line that was written, head and link after it; None where none was."""
        self.count: int = row[0]
        """How many lines there are, which is the sequence of the last one."""
        self.head: bytes = row[1]
        """The ledger's head after it."""
        self._latest: int = row[2]

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

    def write(self) -> None:
        """Write the lines and the ledger's head."""
        if self._rows:
            self._latest = max(self._latest, *(row[3] for row in self._rows))
            self._cursor.executemany(_INSERT, self._rows)
            self._cursor.execute(
                "UPDATE chain SET count = ?, head = ?, in_use = 1, latest = ?", (self.count, self.head, self._latest)
            )
            self.last = (self.count, self.head, self._rows[-1][5])
            self._rows = []

    @property
    def pending_count(self) -> int:
        """How many lines `write` would write."""
        return len(self._rows)
