"""The methods of a ledger that write: each is one transaction, whose rows are made before it begins."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, TypeVar

from orderdesk_sdk.cases.answer_links import StoredLink
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.clock_skew import corrected_for_clock
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import CaseUpdate, DueListener, WakeError
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.stores.serialization import dump, to_microseconds
from orderdesk_sdk.stores.sql.answer_links import mark_links_used, record_links
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.claimed_notifications import claim_notifications, complete_notifications
from orderdesk_sdk.stores.sql.database import Commits, Cursor, Write
from orderdesk_sdk.stores.sql.event_outbox import EventOutbox
from orderdesk_sdk.stores.sql.known_links import KnownLinks, RowLink
from orderdesk_sdk.stores.sql.ledger_rows import (
    CaseParameters,
    TakenError,
    append_entries,
    apply_change,
    cancellation_row,
    chain_entries,
    find_by_key,
    find_open_cancellation,
    in_place_of,
    insert_cancellation,
    insert_case,
    insert_case_if_free,
    insert_event,
    mark_entry,
    new_case,
    opened_rows,
    prepare,
    row_of,
)
from orderdesk_sdk.stores.sql.worker_heartbeats import record_heartbeat, remove_heartbeat

__all__ = ["LedgerWriter"]

C = TypeVar("C", bound=Case)
T = TypeVar("T")

_log = RoomLogger("stores")


class Opened(NamedTuple):
    """The cancellation that is in the ledger, whether it is new, and the rows that were written for it."""

    cancellation: Cancellation
    is_new: bool
    row_links: Sequence[RowLink] = ()


InsertCase = Callable[[Cursor, CaseParameters], None]
_INSERT_KEY = "INSERT INTO keys (key, content, cancellation_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


class LedgerWriter(EventOutbox):
    """The methods of a ledger that write. What else there is of a ledger it takes from its neighbors."""

    def __init__(self, commits: Commits, *, keeps_events: bool) -> None:
        """keeps_events: whether the order events that come with changes are recorded."""
        super().__init__(commits)
        self._keeps_events = keeps_events
        self._due_listener: DueListener | None = None
        self._known = KnownLinks()

    def keep_events(self, *, wanted: bool) -> None:
        self._keeps_events = wanted

    def on_due(self, listener: DueListener | None) -> None:
        self._due_listener = listener

    @abstractmethod
    def _chain_appender(self, cursor: Cursor) -> ChainAppender:
        """The lines that a write of the present transaction adds."""

    @abstractmethod
    def _is_ahead(self, now: datetime) -> bool:
        """Whether anything in the ledger was written by a clock that was ahead of now."""

    @abstractmethod
    def _open_cases(self) -> Iterator[Case]:
        """Every open case that can be read, in bounded memory."""

    def open_cancellation(
        self,
        cancellation: Cancellation,
        fingerprint: str,
        cases: Sequence[CancelCase],
        changes: Sequence[CaseUpdate] = (),
    ) -> tuple[Cancellation, bool]:
        # Rows are written out here and below, so that no other writer waits for that inside the transaction.
        its_row = cancellation_row(cancellation)
        rows = opened_rows(cases, its_row, changes)
        events = [event for change in changes for event in change.order_events] if self._keeps_events else []
        key = cancellation.idempotency_key

        def insert(cursor: Cursor, insert_one: InsertCase = insert_case_if_free) -> Opened:
            if cursor.execute(_INSERT_KEY, (key, fingerprint, cancellation.id)).rowcount != 1:
                raise TakenError("the key names a cancellation", location=f"key {key!r}")
            insert_cancellation(cursor, its_row)
            links = self._chain_appender(cursor)
            made = [new_case(links, row, entries) for row, entries in rows]
            links.write()
            for parameters in made:
                insert_one(cursor, parameters)
            for event in events:
                insert_event(cursor, event)
            return Opened(cancellation, True, links.row_links)

        def find_or_insert(cursor: Cursor) -> Opened:
            known = find_by_key(cursor, key, fingerprint) or find_open_cancellation(cursor, cases)
            if known is None:
                return insert(cursor, insert_case)
            cursor.execute(_INSERT_KEY, (key, fingerprint, known.id))
            return Opened(known, False)

        written = _after(cases, changes)
        try:  # The rule: nothing is in its way, so nothing is looked for.
            opened = self._run_and_tell(insert, written, lambda found: found.is_new)
        except TakenError:
            opened = self._run_and_tell(find_or_insert, written, lambda found: found.is_new)
        self._known.remember(opened.row_links)
        return opened.cancellation, opened.is_new

    def alias_key(self, idempotency_key: str, fingerprint: str, cancellation: Cancellation) -> None:
        def write(cursor: Cursor) -> None:
            cursor.execute(_INSERT_KEY, (idempotency_key, fingerprint, cancellation.id))

        self._commits.run(write)

    def begin_registration(self, registration: Registration) -> None:
        row = (registration.id, registration.order_id, dump(registration))

        def write(cursor: Cursor) -> None:
            cursor.execute("INSERT INTO registrations (id, order_id, data) VALUES (?, ?, ?)", row)

        self._commits.run(write)

    def discard_registration(self, registration: Registration) -> None:
        def write(cursor: Cursor) -> None:
            cursor.execute("DELETE FROM registrations WHERE id = ?", (registration.id,))

        self._commits.run(write)

    def record_links(self, links: Sequence[StoredLink], now: datetime) -> None:
        self._commits.run(lambda cursor: record_links(cursor, links, now))

    def mark_links_used(self, case_id: str, attempt: int, now: datetime) -> None:
        self._commits.run(lambda cursor: mark_links_used(cursor, case_id, attempt, now))

    def record_heartbeat(self, heartbeat: WorkerHeartbeat) -> None:
        self._commits.run(lambda cursor: record_heartbeat(cursor, heartbeat))

    def remove_heartbeat(self, worker_id: str) -> None:
        self._commits.run(lambda cursor: remove_heartbeat(cursor, worker_id))

    def open_case(
        self, case: C, key: str | None = None, instead: Callable[[Sequence[C]], C | None] | None = None
    ) -> tuple[C, bool]:
        made, first = row_of(case), mark_entry(case)

        def write(cursor: Cursor) -> tuple[C, bool]:
            known = in_place_of(cursor, case, key, instead)
            if known is None:
                links = self._chain_appender(cursor)
                parameters = new_case(links, made, [first], key)
                links.write()
                insert_case(cursor, parameters)
            return (case, True) if known is None else (known, False)

        return self._run_and_tell(write, [case], lambda found: found[1])

    def write(self, *changes: CaseUpdate) -> None:
        prepared = [prepare(change) for change in changes]

        def write(cursor: Cursor) -> Sequence[RowLink]:
            links = self._chain_appender(cursor)
            for change in prepared:
                apply_change(cursor, links, change, self._known.of(change.before))
                for event in change.order_events if self._keeps_events else ():
                    insert_event(cursor, event)
            links.write()
            return links.row_links

        # Who begins an attempt holds the case until its lease ends, which is for those who look after what is overdue.
        moved = [
            change.after
            for change in changes
            if change.after.due_at != change.before.due_at and change.after.attempt == change.before.attempt
        ]
        self._known.remember(self._run_and_tell(write, moved, lambda _: True))

    def _run_and_tell(self, write: Write[T], cases: Sequence[Case], is_written: Callable[[T], bool]) -> T:
        """Run a write that makes cases due, and tell whoever listens, unless nothing was written."""
        listener = self._due_listener
        due = [case for case in cases if case.due_at is not None and case.state is not State.SENDING]
        if listener is None or not due:
            return self._commits.run(write)

        def telling(cursor: Cursor) -> T:
            result = write(cursor)
            if is_written(result):
                listener.within(cursor, due)
            return result

        try:
            result = self._commits.run(telling)
        except WakeError as error:  # Only an alarm is lost: whoever sweeps finds what is due.
            _log.warning("the engine could not be told: %s", error.message, about=LogSubject.of(*due))
            result = self._commits.run(write)
        if is_written(result):
            listener.after(due)
        return result

    def correct_clock_skew(self, now: datetime) -> int:
        if not self._is_ahead(now):
            return 0
        count = 0
        for case in self._open_cases():
            found = corrected_for_clock(case, now)
            if found is not None:
                with suppress(ConflictError):  # Whoever was faster has changed it by the right clock.
                    self.write(CaseUpdate(case, found[0], [found[1]]))
                    count += 1

        def write(cursor: Cursor) -> None:
            cursor.execute("UPDATE chain SET latest = ?", (to_microseconds(now),))

        self._commits.run(write)
        return count

    def append(self, case: Case, entries: Sequence[EntryContent], *, if_unchanged: bool) -> None:
        lines = chain_entries(case, entries)

        def write(cursor: Cursor) -> None:
            links = self._chain_appender(cursor)
            append_entries(cursor, links, case, lines, fenced=if_unchanged)
            links.write()

        self._commits.run(write)

    def claim_notifications(self, connection: str, digests: Collection[str], now: datetime) -> frozenset[str]:
        return self._commits.run(lambda cursor: claim_notifications(cursor, connection, digests, now))

    def complete_notifications(self, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
        self._commits.run(lambda cursor: complete_notifications(cursor, connection, done, dropped))


def _after(cases: Sequence[CancelCase], changes: Sequence[CaseUpdate]) -> list[Case]:
    """The cases as they are after the changes."""
    changed = {change.before.id: change.after for change in changes}
    return [changed.get(case.id, case) for case in cases]
