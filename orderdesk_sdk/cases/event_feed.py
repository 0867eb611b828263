"""The event feed: what happened to all cases, in the order in which the ledger has it, for pages and receivers. Pure.

It is the history of the whole ledger, read after a sequence. Sequences have no gaps and are committed in their order,
so whoever goes on after the last one that it saw has missed nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol, Self

from attrs import evolve, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry, HistoryEntryKind
from orderdesk_sdk.cases.history_lines import history_line
from orderdesk_sdk.cases.state_machine import TRANSITIONS, Event, EventKind

__all__ = ["EventFeed", "FeedEvent", "FeedEventKind", "FeedPage", "LinePlace", "make_feed_event"]


class FeedEventKind(enum.Enum):
    """What a line of the feed tells."""

    OPENED = "opened"
    """The case was opened."""
    EVENT = "event"
    """Something happened to the case; `FeedEvent.event` says what."""
    SENT = "sent"
    """A request is about to leave."""
    ANSWERED = "answered"
    """What became of a request."""
    NOTE = "note"
    """Something worth knowing that changed nothing."""
    TEXTS_REMOVED = "texts removed"
    """The personal texts of all that stands before it were removed."""
    UPDATED = "updated"
    """The case was written anew and nothing happened to it: the time of its next action was moved, say."""
    UNREADABLE = "unreadable"
    """The line is damaged."""


@frozen(kw_only=True)
class FeedEvent:
    """One line of the history of any case, and how its case stands now. Without what was sent and answered.

    Args:
        sequence: its place in the ledger.
        event: what happened; None where `kind` is not EVENT.
        order_number: "?" where the case's row is damaged.
        cancellation_id: of the cancellation that the case belongs to; None for other kinds of cases.
        state: after this event where `sets_state`; else that of the case now.
        sets_state: the event itself says which state the case was in after it. A poll and a note do not.
        summary: what happened, in the words of receipts.
        message: what people read beside it; a personal text, for staff only. None where there is none.
        due_at: when the case's next action is due now; None when it is settled.
    """

    sequence: int
    at: datetime
    kind: FeedEventKind
    case_id: str
    case_kind: str
    order_id: str
    order_number: str
    connection: str
    state: State
    sets_state: bool
    summary: str
    due_at: datetime | None
    event: EventKind | None = None
    cancellation_id: str | None = None
    message: str | None = None


@frozen
class FeedPage:
    """A part of the feed.

    Args:
        next_after: the sequence after which the next page begins, also where no event of this one was wanted.
        has_more: there is a next page already.
        is_complete: False where events between the sequence asked for and `next_after` cannot be given any more: they
            were archived, or the ledger was put back to an older state. Look at the cases themselves then.
    """

    events: tuple[FeedEvent, ...]
    next_after: int
    has_more: bool
    is_complete: bool = True

    def only(self, connections: Collection[str]) -> Self:
        """The same with no events but those at these connections."""
        return evolve(self, events=tuple(event for event in self.events if event.connection in connections))


class EventFeed(Protocol):
    """What a ledger tells of all cases. Raises StorageError when the database fails."""

    def read_feed(self, after: int, limit: int) -> FeedPage:
        """What happened after a sequence, in order; of damaged lines that they are.

        Args:
            after: 0 begins with the first line.
            limit: lines at most; one at least.
        """


@frozen
class LinePlace:
    """Where a line of a history stands, and when it was written.

    Args:
        is_first: it is the first line of its case.
    """

    sequence: int
    subject_id: str
    attempt: int
    at: datetime
    is_first: bool


def make_feed_event(place: LinePlace, entry: HistoryEntry | None, case: Case, *, is_damaged: bool = False) -> FeedEvent:
    """A line of the feed.

    Args:
        entry: None for a line that tells nothing but that the case's row was written, and for a damaged one.
        case: as it is now.
    """
    line = history_line(entry) if entry is not None else None
    kind, event = _kind(place, entry, is_damaged=is_damaged)
    after = _STATES_AFTER.get(event) if event is not None else None
    return FeedEvent(
        sequence=place.sequence,
        at=line.at if line is not None else place.at,
        kind=kind,
        event=event,
        case_id=case.id,
        case_kind=case.kind,
        order_id=case.order_id,
        order_number=case.order_number,
        connection=case.connection,
        cancellation_id=case.cancellation_id if isinstance(case, CancelCase) else None,
        state=after or case.state,
        sets_state=after is not None,
        summary=line.summary if line is not None else kind.value,
        message=line.message if line is not None else None,
        due_at=case.due_at,
    )


def _kind(place: LinePlace, entry: HistoryEntry | None, *, is_damaged: bool) -> tuple[FeedEventKind, EventKind | None]:
    if is_damaged:
        return FeedEventKind.UNREADABLE, None
    if entry is None:
        return FeedEventKind.OPENED if place.is_first else FeedEventKind.UPDATED, None
    match entry.content:
        case Event() as event:
            return FeedEventKind.EVENT, event.kind
        case Intent():
            return FeedEventKind.SENT, None
        case Exchange():
            return FeedEventKind.ANSWERED, None
        case str():
            is_note = entry.kind is HistoryEntryKind.NOTE
            return FeedEventKind.NOTE if is_note else FeedEventKind.TEXTS_REMOVED, None


def _states_after() -> dict[EventKind, State]:
    found: dict[EventKind, set[State]] = {}
    for (_, kind), after in TRANSITIONS.items():
        found.setdefault(kind, set()).add(after)
    return {kind: next(iter(states)) for kind, states in found.items() if len(states) == 1}


_STATES_AFTER: Final = _states_after()
"""The state after each kind of event. Of a poll that changed nothing there is none: it leaves the case as it is."""
