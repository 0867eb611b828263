"""Moves old histories out of a ledger into a file.

First the file is written whole and is on disk, then the lines are deleted, some cases at a time, each only if it is
still as it is in the file. A crash in between leaves lines in both, and the same call again goes on. Texts that were
removed from the ledger meanwhile are then removed from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from attrs import evolve

from orderdesk_sdk.cases.archive import ArchiveReport
from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.archive_file import (
    ArchivedCase,
    ArchivedExecutions,
    read_archive,
    verified_digest,
    write_archive,
)
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.archivable import archivable_records
from orderdesk_sdk.stores.sql.archived_lines import Gap, insert_archive, insert_gap, insert_links
from orderdesk_sdk.stores.sql.archived_texts import remove_archived_texts, without_removed_texts
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.integrity_check import head_of

__all__ = ["archive_histories"]

_BATCH_SIZE = 50
"""Records of one transaction."""


def archive_histories(
    snapshot: Callable[[], AbstractContextManager[Cursor]],
    commits: Commits,
    damage: DamagedRows,
    target: Path,
    *,
    older_than: datetime,
    by: str,
    at: datetime,
) -> ArchiveReport:
    """What was archived; see `Ledger.archive`.

    Args:
        snapshot: opens a cursor for many reads of one moment.
    """
    if not target.exists():
        with snapshot() as cursor:
            head = {
                "made_at": at.isoformat(),
                "made_by": by,
                "older_than": older_than.isoformat(),
                "head": str(head_of(cursor) or ""),
            }
            records = archivable_records(cursor, damage, to_microseconds(older_than))
            if write_archive(target, head, records) is None:
                return ArchiveReport(None)
    is_outdated = False
    digest = verified_digest(target)  # As it is on disk: what is deleted next must be in it.
    archive = (str(target.absolute()), digest, by, to_microseconds(at))
    report = ArchiveReport(target)
    left = read_archive(target)
    while some := tuple(islice(left, _BATCH_SIZE)):
        deleted = commits.run(partial(_delete, records=some, archive=archive, path=target))
        is_outdated = is_outdated or deleted.is_outdated
        report = evolve(
            report,
            case_count=report.case_count + deleted.case_count,
            entry_count=report.entry_count + deleted.entry_count,
            kept_count=report.kept_count + deleted.kept_count,
        )
    if is_outdated:
        remove_archived_texts(snapshot, commits, target, by=by, at=at)
    return report


class _Deleted(NamedTuple):
    """What was deleted of some records.

    Args:
        kept_count: cases that were left as they are.
        is_outdated: the archive has texts that were removed from the ledger meanwhile.
    """

    case_count: int
    entry_count: int
    kept_count: int
    is_outdated: bool


def _delete(
    cursor: Cursor,
    *,
    records: Sequence[ArchivedCase | ArchivedExecutions],
    archive: tuple[str, str, str, int],
    path: Path,
) -> _Deleted:
    """Delete what is in an archive."""
    number = insert_archive(cursor, *archive)
    links: list[tuple[int, bytes]] = []
    cases: set[str] = set()
    kept: set[str] = set()
    is_outdated = False
    for record in records:
        is_outdated = is_outdated or without_removed_texts(cursor, record) != record
        if not _is_still_settled(cursor, record.order_id):
            if isinstance(record, ArchivedCase):
                kept.add(record.case_id)
            continue
        if isinstance(record, ArchivedExecutions):
            cursor.executemany("DELETE FROM rule_executions WHERE number = ?", [row[:1] for row in record.rows])
        elif _is_here(cursor, record, path):
            first, last = record.lines[0].sequence, record.lines[-1].sequence
            insert_gap(cursor, record.case_id, Gap(first, last, len(record.lines), record.lines[-1].link), number)
            cursor.execute(
                "DELETE FROM history WHERE subject_id = ? AND sequence >= ? AND sequence <= ?",
                (record.case_id, first, last),
            )
            links += [(line.sequence, line.link) for line in record.lines]
            cases.add(record.case_id)
    insert_links(cursor, links)
    return _Deleted(len(cases), len(links), len(kept), is_outdated)


def _is_still_settled(cursor: Cursor, order_id: str) -> bool:
    query = "SELECT 1 FROM cases WHERE order_id = ? AND due_at IS NOT NULL LIMIT 1"
    return cursor.execute(query, (order_id,)).fetchone() is None


def _is_here(cursor: Cursor, record: ArchivedCase, path: Path) -> bool:
    """Whether the lines of a record are in the ledger; False where they were deleted already.

    Raises StorageError where they are something else: then nothing is deleted.
    """
    first, last = record.lines[0], record.lines[-1]
    rows = cursor.execute(
        "SELECT sequence, link FROM history WHERE subject_id = ? AND sequence >= ? AND sequence <= ? ORDER BY sequence",
        (record.case_id, first.sequence, last.sequence),
    ).fetchall()
    if [tuple(row) for row in rows] == [(line.sequence, line.link) for line in record.lines]:
        return True
    gone = cursor.execute(
        "SELECT last, link FROM archived_histories WHERE subject_id = ? AND first = ?",
        (record.case_id, first.sequence),
    ).fetchone()
    if not rows and gone is not None and tuple(gone) == (last.sequence, last.link):
        return False
    raise StorageError(
        f"the archive is not of this ledger: it has other lines of case {record.case_id}",
        location=str(path),
        hint="name a new file",
    )
