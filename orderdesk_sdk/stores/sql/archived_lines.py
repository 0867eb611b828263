"""What a ledger keeps of the lines that lie in archives: their links, and between which lines of which case they stood.

The links of all lines, 32 bytes each, are what the ledger's head rests on: so it proves every line there ever was, and
an archive is verified against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from orderdesk_sdk.cases.archive import ArchivedHistory
from orderdesk_sdk.stores.serialization import from_microseconds
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_tables import rows_of

__all__ = [
    "Gap",
    "archived_count",
    "archived_histories",
    "archived_links",
    "gaps_of",
    "insert_archive",
    "insert_gap",
    "insert_links",
    "last_archived",
    "link_at",
]

_LINK = 32
"""Bytes of a link."""
_MOST = 1000
"""Links of one row."""


class Gap(NamedTuple):
    """Lines of one case that lie in an archive.

    Args:
        link: of the last one.
    """

    first: int
    last: int
    entry_count: int
    link: bytes


def gaps_of(db: Cursor, case_id: str) -> list[Gap]:
    """What of a case lies in archives, in order."""
    rows = db.execute(
        "SELECT first, last, count, link FROM archived_histories WHERE subject_id = ? ORDER BY first", (case_id,)
    ).fetchall()
    return [Gap(first, last, count, bytes(link)) for first, last, count, link in rows]


def archived_histories(db: Cursor, order_id: str) -> tuple[ArchivedHistory, ...]:
    """What of an order's cases lies in archives, in the order of the ledger's lines."""
    rows = db.execute(
        "SELECT subject_id, first, last, archived_histories.count, name, at FROM cases"
        " JOIN archived_histories ON subject_id = cases.id JOIN archives ON archives.id = archive"
        " WHERE order_id = ? ORDER BY first",
        (order_id,),
    ).fetchall()
    return tuple(
        ArchivedHistory(case_id, first, last, count, name, from_microseconds(at))
        for case_id, first, last, count, name, at in rows
    )


def insert_archive(db: Cursor, name: str, digest: str, by: str, at: int) -> int:
    """Name an archive, if it is not named yet; its number."""
    db.execute(
        "INSERT INTO archives (name, digest, made_by, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (name, digest, by, at),
    )
    return int(db.execute("SELECT id FROM archives WHERE digest = ?", (digest,)).fetchone()[0])


def insert_gap(db: Cursor, case_id: str, gap: Gap, archive: int) -> None:
    """Say that lines of a case lie in an archive: from then on the database lets them be deleted."""
    db.execute(
        "INSERT INTO archived_histories (subject_id, first, last, count, link, archive) VALUES (?, ?, ?, ?, ?, ?)",
        (case_id, gap.first, gap.last, gap.entry_count, gap.link, archive),
    )


def insert_links(db: Cursor, links: Iterable[tuple[int, bytes]]) -> None:
    """Keep the links of lines, those of adjoining ones together."""
    runs: list[tuple[int, bytearray]] = []
    for sequence, link in sorted(links):
        if runs and sequence == runs[-1][0] + len(runs[-1][1]) // _LINK and len(runs[-1][1]) < _MOST * _LINK:
            runs[-1][1].extend(link)
        else:
            runs.append((sequence, bytearray(link)))
    db.executemany(
        "INSERT INTO archived_links (first, links) VALUES (?, ?)", [(first, bytes(run)) for first, run in runs]
    )


def archived_links(db: Cursor) -> Iterator[tuple[int, bytes]]:
    """Sequence and link of every line that lies in an archive, in order and in bounded memory."""
    for first, links in rows_of(db, "archived_links", "first", "links"):
        yield from _expanded(first, links)


def _expanded(first: int, links: object) -> Sequence[tuple[int, bytes]]:
    run = links if isinstance(links, bytes) else b""
    return [(first + at // _LINK, run[at : at + _LINK]) for at in range(0, len(run), _LINK)]


def archived_count(db: Cursor) -> int:
    """How many lines lie in archives."""
    return int(db.execute("SELECT coalesce(sum(length(links)), 0) FROM archived_links").fetchone()[0]) // _LINK


def last_archived(db: Cursor, up_to: int) -> int:
    """The sequence of the last line up to a sequence that lies in an archive; 0 where none does."""
    # Runs of lines do not overlap, so the one that begins last ends last.
    row = db.execute(
        "SELECT first, length(links) FROM archived_links WHERE first <= ? ORDER BY first DESC LIMIT 1", (up_to,)
    ).fetchone()
    return min(up_to, int(row[0]) + int(row[1]) // _LINK - 1) if row is not None else 0


def link_at(db: Cursor, sequence: int) -> bytes | None:
    """The link of a line, wherever that is; None where there is no such line."""
    row = db.execute("SELECT link FROM history WHERE sequence = ?", (sequence,)).fetchone()
    if row is not None:
        return bytes(row[0])
    run = db.execute(
        "SELECT first, links FROM archived_links WHERE first <= ? ORDER BY first DESC LIMIT 1", (sequence,)
    ).fetchone()
    return dict(_expanded(*run)).get(sequence) if run is not None else None
