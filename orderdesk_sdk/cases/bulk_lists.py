"""The list of a bulk, kept before its first order is recorded: whoever takes it up again knows which orders are left.

The cancellations themselves are in the ledger under keys that are made of the bulk's. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

__all__ = ["BulkList", "BulkListRecords"]


@frozen(kw_only=True)
class BulkList:
    """The orders that somebody wants canceled at once.

    Args:
        key: names the bulk.
        reason: none that a person wrote: a standard one, or a code of a service; None: none was given.
        order_ids: in the order of their places in the bulk, which are counted from 1.
        refused: by place, why nothing was recorded there; empty until the list has been gone through.
        finished_at: when the list had been gone through; None: it has not.
    """

    key: str
    requested_by: str
    reason: str | None
    requested_at: datetime
    order_ids: tuple[str, ...]
    refused: Mapping[int, str] = field(factory=dict, hash=False)
    finished_at: datetime | None = None


class BulkListRecords(Protocol):
    """What a ledger keeps of lists of bulks. All raise StorageError when the database fails."""

    def add_bulk_list(self, wanted: BulkList) -> BulkList:
        """Keep a list, if its key is new; the one that is there then."""

    def find_bulk_list(self, key: str) -> BulkList | None:
        """The list of a bulk; None where there is none."""

    def finish_bulk_list(self, key: str, refused: Mapping[int, str], at: datetime) -> None:
        """Record that a list was gone through, and what could not be recorded; a second time takes its place."""

    def recent_bulk_lists(self, since: datetime, limit: int) -> tuple[BulkList, ...]:
        """The lists that came since a moment, newest first, at most so many."""
