"""The hash chain of a ledger: what every line of a history rests on, and what binds a row to its history.

    line's link   = SHA-256(link before it of the same subject, sequence, digest of the line, state of the row)
    ledger's head = SHA-256(head before it, line's link), line by line in the order of their sequence
    state         = SHA-256(number of the row, digest of the row): stands in the last line of each change

A subject's row names its last link. The ledger's one row of the table `chain` names its head and how many lines there
are. All of it is written in the transaction that writes the lines, and no more than these small hashes is computed
there: the digests of lines and rows are made before. Whoever can write the file and knows this can write a new chain;
an older head, of a receipt or of `orderdesk ledger verify`, tells it even then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.personal_texts import StoredRecord

__all__ = [
    "FIRST",
    "ROW_MARK",
    "ChainEntry",
    "ChainAppender",
    "head_after",
    "chain_entry",
    "link_after",
    "row_digest",
    "state_of",
]

FIRST = b""
"""The link before the first one."""
ROW_MARK = "row"
"""The kind of a line that tells nothing but what the row of its subject is from here on."""


class ChainEntry(NamedTuple):
    """A line of a history before its place in the chain is known."""

    subject_id: str
    attempt: int
    at: int
    kind: str
    data: str
    texts: str | None
    sealed: bytes | None
    digest: bytes


def chain_entry(subject_id: str, attempt: int, at: int, kind: str, content: StoredRecord) -> ChainEntry:
    """A line with its digest."""
    data, texts, sealed = content
    told = f"{attempt}\n{at}\n{kind}\n{len(subject_id)}\n{len(data)}\n{subject_id}{data}"
    digest = sha256(told.encode("utf-8", "surrogatepass") + (sealed or b"")).digest()
    return ChainEntry(subject_id, attempt, at, kind, data, texts, sealed, digest)


def row_digest(columns: Sequence[str | int | None], data: str, sealed: bytes | None) -> bytes:
    """The digest of a row: of its columns, its data and the digest of its texts."""
    texts = [*map(str, columns), data]
    told = f"{[*map(len, texts)]}{''.join(texts)}"
    return sha256(told.encode("utf-8", "surrogatepass") + (sealed or b"")).digest()


def state_of(number: int, digest: bytes) -> bytes:
    """What binds a row to its history; its number tells which of an order's cases is the latest."""
    return sha256(b"%d\n%b" % (number, digest)).digest()


def link_after(link: bytes, sequence: int, digest: bytes, state: bytes | None) -> bytes:
    """The link of a line after the link before it."""
    return sha256(b"%b%d\n%b%b" % (link, sequence, digest, state or b"")).digest()


def head_after(head: bytes, link: bytes) -> bytes:
    """The ledger's head after one more line."""
    return sha256(head + link).digest()


_INSERT = (
    "INSERT INTO history (sequence, subject_id, attempt, at, kind, link, state, sealed, data, texts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class ChainAppender:
    """The lines that one transaction adds."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        row = cursor.execute("SELECT count, head FROM chain").fetchone()
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
            self._cursor.executemany(_INSERT, self._rows)
            self._cursor.execute(
                "UPDATE chain SET count = ?, head = ?, in_use = 1, latest = max(latest, ?)",
                (self.count, self.head, max(row[3] for row in self._rows)),
            )
            self.last = (self.count, self.head, self._rows[-1][5])
            self._rows = []

    @property
    def pending_count(self) -> int:
        """How many lines `write` would write."""
        return len(self._rows)
