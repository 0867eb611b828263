"""Removes from an archive the personal texts that were removed from its ledger since it was made.

The ledger keeps the line that says so of each history, so any copy of the archive can be brought to that, at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

from attrs import evolve

from orderdesk_sdk.cases.history import HistoryEntryKind
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.archive_file import ArchivedCase, ArchivedExecutions, rewritten_archive, verified_digest
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.archived_lines import insert_archive
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.text_removal import without_rule_texts

__all__ = ["remove_archived_texts", "without_removed_texts"]


def remove_archived_texts(
    snapshot: Callable[[], AbstractContextManager[Cursor]], commits: Commits, path: Path, *, by: str, at: datetime
) -> int:
    """From how many histories texts were removed; see `Ledger.remove_archived_texts`.

    Args:
        snapshot: opens a cursor for many reads of one moment.
    """
    with snapshot() as cursor:
        digest = verified_digest(path)
        if cursor.execute("SELECT 1 FROM archives WHERE digest = ?", (digest,)).fetchone() is None:
            raise StorageError(
                "the ledger knows no archive with this content",
                location=str(path),
                hint="name an archive that was made of this ledger by `orderdesk ledger archive`",
            )
        with rewritten_archive(path, partial(without_removed_texts, cursor)) as rewritten:
            if rewritten.changed_records:
                archive = (str(path.absolute()), rewritten.digest, by, to_microseconds(at))
                # First known, then put in place: a file that the ledger does not know proves nothing.
                commits.run(lambda writer: insert_archive(writer, *archive))
                rewritten.put_in_place()
    return rewritten.changed_cases


def without_removed_texts(
    cursor: Cursor, record: ArchivedCase | ArchivedExecutions
) -> ArchivedCase | ArchivedExecutions:
    """A record of an archive without the texts that were removed from the ledger after they were written."""
    kind = HistoryEntryKind.REMOVED.value
    if isinstance(record, ArchivedCase):
        (last,) = cursor.execute(
            "SELECT max(sequence) FROM history WHERE subject_id = ? AND kind = ?", (record.case_id, kind)
        ).fetchone()
        if last is None:
            return record
        lines = (line._replace(texts=None) if line.sequence < last else line for line in record.lines)
        return evolve(record, lines=tuple(lines))
    (at,) = cursor.execute(
        "SELECT max(history.at) FROM cases JOIN history ON subject_id = cases.id"
        " WHERE order_id = ? AND history.kind = ?",
        (record.order_id, kind),
    ).fetchone()
    if at is None:
        return record
    rows = ((*row[:3], without_rule_texts(row[3])) if row[2] <= at else row for row in record.rows)
    return evolve(record, rows=tuple(rows))
