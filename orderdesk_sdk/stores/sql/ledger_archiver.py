"""The methods of a ledger that are about archives. What only they need is imported when one is made or verified."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path

from orderdesk_sdk.cases.archive import ArchivedHistory, ArchiveReport
from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.cases.integrity import IntegrityFlaw
from orderdesk_sdk.stores.sql.archived_lines import archived_histories
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["LedgerArchiver"]


class LedgerArchiver(ABC):
    """The methods of a ledger that move old histories into a file, and verify such a file."""

    _commits: Commits
    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    @abstractmethod
    def _snapshot(self, *, is_long: bool) -> AbstractContextManager[Cursor]:
        """A cursor for several reads of one moment, while others write."""

    def archived(self, order_id: str) -> tuple[ArchivedHistory, ...]:
        with self._read() as cursor:
            return archived_histories(cursor, order_id)

    def archive(self, older_than: datetime, target: Path, *, by: str, at: datetime) -> ArchiveReport:
        from orderdesk_sdk.stores.sql.archiving import archive_histories

        snapshot = partial(self._snapshot, is_long=True)
        return archive_histories(snapshot, self._commits, self.damage, target, older_than=older_than, by=by, at=at)

    def remove_archived_texts(self, path: Path, *, by: str, at: datetime) -> int:
        from orderdesk_sdk.stores.sql.archived_texts import remove_archived_texts

        return remove_archived_texts(partial(self._snapshot, is_long=True), self._commits, path, by=by, at=at)

    def find_archive_flaws(self, path: Path) -> Iterator[IntegrityFlaw]:
        from orderdesk_sdk.stores.archive_file import read_archive, verified_digest
        from orderdesk_sdk.stores.sql.archive_check import archive_flaws

        digest = verified_digest(path)
        with self._snapshot(is_long=True) as cursor:
            yield from archive_flaws(cursor, digest, read_archive(path))
