"""What the desk needs of a ledger: small enough that another database can stand behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from attrs import frozen

from orderdesk_sdk.cases.answer_links import StoredLink
from orderdesk_sdk.cases.archive import ArchivedHistory, ArchiveReport
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.console_records import ConsoleRecords
from orderdesk_sdk.cases.event_feed import EventFeed
from orderdesk_sdk.cases.event_webhooks import EventWebhookRecords
from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.cases.history import EntryContent, HistoryEntry
from orderdesk_sdk.cases.integrity import ChainHead, IntegrityFlaw, IntegrityReport
from orderdesk_sdk.cases.messages import MessageInbox
from orderdesk_sdk.cases.order_watch import OrderWatchRecords
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.workers import DatabaseCondition, WorkerHeartbeat
from orderdesk_sdk.errors import ConflictError, OrderDeskError

C = TypeVar("C", bound=Case)

__all__ = ["DueListener", "WakeError", "OrderVersion", "OrderChangedError", "OrderRecord", "Ledger", "CaseUpdate"]


class OrderChangedError(ConflictError):
    """Something about the order has changed since it was read; nothing was written."""


@frozen
class OrderVersion:
    """An order's cases, resubmissions and registrations as they stood when something was decided about it."""

    order_id: str
    token: str


@frozen
class OrderRecord:
    """What the ledger has of an order at one moment, each oldest first.

    Args:
        cases: of the cancellations.
        resubmissions: of the order, and of the one that it is a duplicate of.
        registrations: that were begun and not forgotten.
    """

    cancellations: tuple[Cancellation, ...]
    cases: tuple[CancelCase, ...]
    resubmissions: tuple[ResubmitCase, ...]
    registrations: tuple[Registration, ...]


@frozen
class CaseUpdate:
    """One change: the case as it was read, as it shall be, and what belongs into its history, in order.

    Args:
        order_version: the change rests on how the order stood as a whole; None: on the case alone.
        order_events: what rules are to hear of, recorded with the change.
    """

    before: Case
    after: Case
    entries: Sequence[EntryContent] = ()
    order_version: OrderVersion | None = None
    order_events: Sequence[OrderEvent] = ()


class WakeError(OrderDeskError):
    """An engine could not be told within a transaction of the ledger. What it was to be told of stays due."""


class DueListener(Protocol):
    """Hears of the cases that a write makes due at another time than before, but for the end of a lease."""

    def within(self, transaction: object, cases: Sequence[Case]) -> None:
        """Within the transaction, which may be done again. Raises WakeError to have it done without this.

        Args:
            transaction: a cursor of the ledger's database.
        """

    def after(self, cases: Sequence[Case]) -> None:
        """When the transaction is durable. Raises nothing."""


class Ledger(MessageInbox, OrderWatchRecords, EventFeed, EventWebhookRecords, ConsoleRecords, Protocol):
    """Every method that writes returns after the commit is durable. All raise StorageError when the database fails."""

    def open_cancellation(
        self,
        cancellation: Cancellation,
        fingerprint: str,
        cases: Sequence[CancelCase],
        changes: Sequence[CaseUpdate] = (),
    ) -> tuple[Cancellation, bool]:
        """Record a cancellation and its cases.

        Args:
            changes: of these cases, at most one of each and none that rests on an order's version: recorded with them,
                in the same commit.

        The cancellation that is in the ledger, and whether this call put it there.

        Where a case is open at one of the places already, nothing is recorded but the key, which then names that
        cancellation. The same key with the same content gives the first cancellation back. Raises ConflictError for the
        same key with another content.
        """

    def find_by_key(self, idempotency_key: str, fingerprint: str) -> Cancellation | None:
        """The cancellation of a key, or None. Raises ConflictError where its content was another."""

    def cancellations_by_key(
        self, prefix: str, *, after: str = "", limit: int = 200
    ) -> tuple[tuple[str, Cancellation | None], ...]:
        """The keys that begin with a text, in the order of the keys, and the cancellation that each names.

        None in place of one whose row is damaged.

        Args:
            after: only keys that come after this one, so that many can be had a page at a time.
        """

    def alias_key(self, idempotency_key: str, fingerprint: str, cancellation: Cancellation) -> None:
        """Let a key name a cancellation that is there already; a key that is taken keeps its cancellation."""

    def begin_registration(self, registration: Registration) -> None:
        """Record that an order is about to be registered at a place."""

    def registrations(self, *, order_id: str | None = None) -> tuple[Registration, ...]:
        """The registrations that were begun and not forgotten, oldest first; order_id None: of every order."""

    def discard_registration(self, registration: Registration) -> None:
        """Forget a registration, whether it is recorded or not."""

    def open_case(
        self, case: C, key: str | None = None, instead: Callable[[Sequence[C]], C | None] | None = None
    ) -> tuple[C, bool]:
        """Record a case that no cancellation opens, or give back another in its place; and whether it was recorded.

        Args:
            key: names it among those of its kind; the same key again gives the same case.
            instead: asked in the transaction, with all of its kind that there are of its order, oldest first, for the
                one to give back instead; what it raises is raised, and nothing is recorded.
        """

    def write(self, *changes: CaseUpdate) -> None:
        """Apply changes, all or none. Raises ConflictError when one of the works is no longer the version read.

        Raises OrderChangedError when one of the fences is no longer where it was: then read and decide again.
        """

    def order_version(self, order_id: str) -> OrderVersion:
        """How an order stands now. Read it before what is decided upon."""

    def keep_events(self, *, wanted: bool) -> None:
        """Whether the order events that come with changes are recorded from now on: where no rule wants to hear of
        them, nobody would ever handle them.
        """

    def on_due(self, listener: DueListener | None) -> None:
        """Tell this one from now on of what becomes due; None: nobody."""

    def append(self, case: Case, entries: Sequence[EntryContent], *, if_unchanged: bool) -> None:
        """Add to a history without a change.

        Args:
            if_unchanged: raise ConflictError when another process has changed the case since.
        """

    def case(self, case_id: str, kind: type[C]) -> C:
        """A case by its id.

        Args:
            kind: `Case` for any.

        Raises NotFoundError where there is none of that kind.
        """

    def cancellations(self, order_id: str) -> tuple[Cancellation, ...]:
        """The cancellations for an order, oldest first."""

    def cases(
        self,
        kind: type[C],
        *,
        order_id: str | None = None,
        cancellation_id: str | None = None,
        connection: str | None = None,
        states: Sequence[State] = (),
        limit: int | None = None,
        after: C | None = None,
    ) -> tuple[C, ...]:
        """Cases, oldest first; every argument narrows.

        Args:
            kind: `Case` for all.
            connection: of an order's, and of those that are pending; others are looked through for it.
            limit: None gives 1000, and of one order or cancellation all.
            after: only those that come after this one in the list, so that a long list can be had a page at a time.
        """

    def order_record(self, order_id: str, *, original_id: str | None = None) -> OrderRecord:
        """What there is of an order at one moment.

        Args:
            original_id: of the order that it is a duplicate of; None: of none.
        """

    def due_connections(self, now: datetime) -> tuple[str, ...]:
        """The connections that have open case whose time has come, longest overdue first."""

    def due(
        self, now: datetime, limit: int, *, connection: str | None = None, after: Case | None = None
    ) -> tuple[Case, ...]:
        """Open case whose time has come, longest overdue first.

        Args:
            connection: only there; None takes all.
            after: with a connection, only what comes after this piece of case.
        """

    def reserve_due(self, now: datetime, limit: int, *, connection: str, after: Case | None = None) -> tuple[Case, ...]:
        """As `due` at a connection, for a worker that is about to do it.

        Where many machines work on one ledger, the others are given other cases meanwhile: for half a minute, and until
        the case is changed. That spares them work and is no promise: what keeps a case from being done twice is its
        version.
        """

    def release_due(self, cases: Sequence[Case]) -> None:
        """Give back cases that were reserved and not begun."""

    def damaged(self) -> tuple[str, ...]:
        """What was found damaged so far, a line each: rows that cannot be read, and that lists passed over.

        An order's `cases` have a stand-in for each, which awaits a person; to read one by its id raises
        DamagedRowError.
        """

    def correct_clock_skew(self, now: datetime) -> int:
        """Let open work that a clock which was ahead has put off be due now; how much that is.

        Costs next to nothing where no clock was.
        """

    def next_due(self) -> datetime | None:
        """When the next work is due; None when nothing is open."""

    def count_open(self) -> Mapping[State, int]:
        """How many cases are open, of all kinds, by state; every state in which a case is open is there."""

    def cases_by_prefix(self, prefix: str, limit: int) -> tuple[Case, ...]:
        """The cases of any kind whose ids begin with a text, in the order of their ids, at most so many."""

    def history(
        self, subject_id: str, *, limit: int | None = None, after: HistoryEntry | None = None
    ) -> tuple[HistoryEntry, ...]:
        """What happened to a case, in order.

        Args:
            limit: None gives all.
            after: only what comes after this line, so that a long history can be had a page at a time.
        """

    def newest_notes(self, subject_id: str, limit: int) -> tuple[str, ...]:
        """The notes of a history that were written last, newest first; costs the same, however long the history is."""

    def verify(self, case: Case) -> IntegrityReport:
        """Whether a case and its history are as they were written."""

    def find_flaws(self, known_head: ChainHead | None = None) -> Iterator[IntegrityFlaw]:
        """Everything in the ledger that is not as it was written; memory does not grow with it.

        Args:
            known_head: a head from earlier, which the ledger must have passed.
        """

    def remove_personal_texts(self, order_id: str, *, by: str, at: datetime) -> int:
        """Remove every personal text of an order, and say so in each of its histories; how many these are.

        Raises InvalidStateError while anything about the order is open.
        """

    def archive(self, older_than: datetime, target: Path, *, by: str, at: datetime) -> ArchiveReport:
        """Move histories into a file, of orders of which everything is settled and nothing has happened since.

        Of each case its row, its first line and the one that settled it stay, so whatever is decided about its order is
        decided as before, and the chain still proves what is left; what rules did for the order goes as well. The file
        is on disk before anything is deleted. With the file of a call that was ended by force, the rest is deleted.

        Raises ValidationError where the file is another one, StorageError where it cannot be written, or is no archive
        of this ledger.
        """

    def archived(self, order_id: str) -> tuple[ArchivedHistory, ...]:
        """What of the histories of an order's cases lies in archives."""

    def remove_archived_texts(self, path: Path, *, by: str, at: datetime) -> int:
        """Remove from an archive the personal texts that were removed from the ledger; from how many histories.

        The archive is written anew, and still verified: its lines' digests stay. Raises StorageError for a file that is
        no archive of this ledger, that was changed or cut short, or that cannot be written.
        """

    def find_archive_flaws(self, path: Path) -> Iterator[IntegrityFlaw]:
        """Everything in an archive that is not as this ledger had it; memory does not grow with it.

        Raises StorageError for a file that is no archive, or was changed or cut short.
        """

    def head(self) -> ChainHead:
        """How many lines there are and what only these lines have: to be noted elsewhere."""

    def add_events(self, events: Sequence[OrderEvent]) -> None:
        """Record what happened; what is recorded already stays as it is."""

    def pending_events(self, limit: int, *, after: OrderEvent | None = None) -> tuple[OrderEvent, ...]:
        """Occurrences that no rule has looked at yet, oldest first.

        Args:
            after: only those that come after this one, for the next page.
        """

    def complete_event(
        self, event: OrderEvent, executions: Sequence[RuleExecution], caused_events: Sequence[OrderEvent], at: datetime
    ) -> bool:
        """Record what the rules made of an event, and what followed, once; a second time changes nothing.

        Whether this call was the first.
        """

    def discard_event(self, event: OrderEvent) -> None:
        """Take back an event that is waiting; when it is recorded again, it is new."""

    def rule_executions(self, order_id: str) -> tuple[tuple[datetime, RuleExecution], ...]:
        """What rules did for an order, oldest first."""

    def latest_rule_executions(self, limit: int) -> tuple[tuple[str, datetime, RuleExecution], ...]:
        """What rules did last, for which orders, the newest first."""

    def claim_notifications(self, connection: str, digests: Collection[str], now: datetime) -> frozenset[str]:
        """Those of the webhooks to a connection that no process has handled or handles now: they are the caller's.

        Which of them were looked into, the caller tells by `complete_notifications`; who does not within minutes is
        taken for dead. A bounded number is remembered, for a bounded time.
        """

    def complete_notifications(self, connection: str, done: Collection[str], dropped: Collection[str]) -> None:
        """Remember the messages that were looked into, and forget those that could not be."""

    def record_links(self, links: Sequence[StoredLink], now: datetime) -> None:
        """Write down the one-time links of an e-mail before it is sent; those that are known stay as they are."""

    def find_link(self, digest: str) -> StoredLink | None:
        """A one-time link by the digest of its token; None for one that was never sent, or is forgotten."""

    def mark_links_used(self, case_id: str, attempt: int, now: datetime) -> None:
        """Let none of the links of one e-mail count any more."""

    def record_heartbeat(self, heartbeat: WorkerHeartbeat) -> None:
        """Record what a worker says of itself, in place of what it said before."""

    def remove_heartbeat(self, worker_id: str) -> None:
        """Forget a worker that ends."""

    def heartbeats(self) -> tuple[WorkerHeartbeat, ...]:
        """What each worker said last, the latest first; of those too that were killed, for a day."""

    def database_condition(self) -> DatabaseCondition:
        """What slows the database down, where it is one that many share."""

    def close(self) -> None:
        """Close the database."""
