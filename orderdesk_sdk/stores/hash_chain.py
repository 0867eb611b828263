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

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from orderdesk_sdk.stores.personal_texts import StoredRecord

__all__ = [
    "FIRST",
    "ROW_MARK",
    "ChainEntry",
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
