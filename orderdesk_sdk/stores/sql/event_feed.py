"""The history of the whole ledger after a sequence: a range of its primary key, a bounded number of lines at a time.

Nobody who reads can miss a line that is committed late. Each writer first moves the one row that names the ledger's
head (`chain_appender`), and keeps it until its commit: so lines are numbered and committed one writer after the other,
in one order without gaps, on every database.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from attrs import frozen

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.damaged_rows import MAX_IDS, DamagedRowError, DamagedRows, parse_row, placeholder_case
from orderdesk_sdk.cases.event_feed import FeedEvent, FeedPage, LinePlace, make_feed_event
from orderdesk_sdk.cases.history import HistoryEntry, HistoryEntryKind
from orderdesk_sdk.stores.hash_chain import ROW_MARK
from orderdesk_sdk.stores.serialization import content_of, from_microseconds
from orderdesk_sdk.stores.sql.archived_lines import last_archived
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.ledger_rows import case_of
from orderdesk_sdk.stores.sql.ledger_tables import NOUN

__all__ = ["SqlEventFeed"]

_LINES = (
    "SELECT sequence, subject_id, attempt, at, kind, data, texts FROM history WHERE sequence > ?"
    " ORDER BY sequence LIMIT ?"
)


@frozen
class _FoundCase:
    """A case that lines are about. number: the sequence of its first line."""

    number: int
    case: Case


class SqlEventFeed(ABC):
    """The methods of a ledger that read the feed."""

    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def read_feed(self, after: int, limit: int) -> FeedPage:
        with self._read() as cursor:
            # First the head: what is written meanwhile is on this page or after it. Last what lies in archives: what is
            # archived meanwhile is said to be missing.
            row = cursor.execute("SELECT count FROM chain").fetchone()
            head = int(row[0]) if row is not None else after
            if head < after:
                return FeedPage((), head, has_more=False, is_complete=False)
            lines = cursor.execute(_LINES, (after, limit)).fetchall()
            cases = self._cases(cursor, {str(line[1]) for line in lines})
            last = int(lines[-1][0]) if lines else after
            has_more = len(lines) == limit
            end = last if has_more else max(last, head)
            is_complete = last_archived(cursor, end) <= after
        events = (self._event(line, cases) for line in lines)
        return FeedPage(tuple(event for event in events if event is not None), end, has_more, is_complete)

    def _cases(self, cursor: Cursor, ids: Iterable[str]) -> Mapping[str, _FoundCase]:
        wanted, found = sorted(ids), dict[str, _FoundCase]()
        for first in range(0, len(wanted), MAX_IDS):
            some = wanted[first : first + MAX_IDS]
            rows = cursor.execute(
                "SELECT id, number, kind, cancellation_id, order_id, connection, due_at, data, texts FROM cases"  # noqa: S608 - marks
                f" WHERE id IN ({', '.join('?' * len(some))})",
                some,
            ).fetchall()
            found.update({str(row[0]): _FoundCase(row[1], self._case(*row)) for row in rows})
        return found

    def _case(self, case_id: str, _: int, kind: str, *rest: Any) -> Case:
        cancellation_id, order_id, connection, due_at, data, texts = rest
        return self.damage.read_or_none(f"{NOUN} {case_id}", partial(case_of, kind, data, texts)) or placeholder_case(
            case_id, cancellation_id, order_id, connection, due_at
        )

    def _event(self, line: Sequence[Any], cases: Mapping[str, _FoundCase]) -> FeedEvent | None:
        sequence, subject_id, attempt, at, kind, data, texts = line
        found = cases.get(subject_id)
        if found is None:
            return None  # Of a case that somebody took out of the ledger: `find_flaws` tells.
        place = LinePlace(sequence, subject_id, attempt, from_microseconds(at), sequence == found.number)
        if kind == ROW_MARK:
            return make_feed_event(place, None, found.case)

        def entry() -> HistoryEntry:
            its_kind = HistoryEntryKind(kind)
            return HistoryEntry(sequence, subject_id, attempt, place.at, content_of(its_kind, data, texts), its_kind)

        try:
            read = self.damage.read(f"line {sequence} of {subject_id}", partial(parse_row, entry))
        except DamagedRowError:
            return make_feed_event(place, None, found.case, is_damaged=True)
        return make_feed_event(place, read, found.case)
