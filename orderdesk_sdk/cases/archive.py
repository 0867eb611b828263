"""Histories that were moved out of a ledger into a file: what the ledger still knows of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from attrs import frozen

from orderdesk_sdk.cases.counts import counted

__all__ = ["ArchiveReport", "ArchivedHistory", "ForgetReport"]


@frozen
class ArchivedHistory:
    """Lines of a case's history that lie in an archive. The case itself and its last lines are in the ledger.

    Args:
        first: the sequence of the first of these lines.
        last: the sequence of the last one.
        entry_count: how many lines of this case these are; lines of other cases lie between them.
        archive: where the file lay when it was made.
        archived_at: when it was made.
    """

    case_id: str
    first: int
    last: int
    entry_count: int
    archive: str
    archived_at: datetime

    @property
    def summary(self) -> str:
        """What there is of it, and where, for people."""
        lines = counted(self.entry_count, "line lies", "lines lie")
        return f"{lines} in the archive {self.archive}"


@frozen
class ArchiveReport:
    """What one archiving did.

    Args:
        path: the archive; None: nothing was old enough, and no file was made.
        case_count: cases of which a part of the history is in the archive and no longer in the ledger.
        entry_count: how many lines these are.
        kept_count: cases that are in the archive and were left in the ledger too, because their order was asked for
            again meanwhile.
    """

    path: Path | None
    case_count: int = 0
    entry_count: int = 0
    kept_count: int = 0


@frozen
class ForgetReport:
    """What was removed of the personal texts of an order.

    Args:
        history_count: from how many histories in the ledger.
        cleared_archives: archives that have none of them any more.
        archives_left: archives that still have them, because they are not where they were made, or cannot be written:
            `Ledger.remove_archived_texts` takes them from each copy.
    """

    history_count: int
    cleared_archives: tuple[Path, ...] = ()
    archives_left: tuple[str, ...] = ()
