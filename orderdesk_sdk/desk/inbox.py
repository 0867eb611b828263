"""Everything that needs a person, most urgent first. Reached as `desk.inbox`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import ALARMS, Case, State
from orderdesk_sdk.cases.inbox import MAX_COUNTED, InboxKind, SeenAlarm
from orderdesk_sdk.cases.messages import InboundMessage, MessageState
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.capabilities import JsonObject
from orderdesk_sdk.desk.documents import case_document, iso_time, message_document
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import InvalidStateError, ValidationError

__all__ = ["MAX_LISTED", "InboxCounts", "InboxItem", "InboxPage", "InboxService", "inbox_document"]

MAX_LISTED = 500
"""How many of each kind are looked at, the oldest ones: whoever has more works off these first."""
DAILY = hours(24)
"""How long a person has for what names no time of its own."""
_UNDECIDED_READ = 200
_KINDS: Mapping[InboxKind, type[Case]] = {
    InboxKind.CANCEL: CancelCase,
    InboxKind.STATUS_CHANGE: StatusCase,
    InboxKind.RESUBMISSION: ResubmitCase,
    InboxKind.RESPONSE: ResponseCase,
}
_UNHANDLED = (MessageState.FAILED, MessageState.REFUSED)


@frozen
class InboxItem:
    """One thing that needs a person.

    Args:
        subject: what it is about: a case, or a message that could not be handled.
        since: since when it waits.
        due_by: by when somebody is to act; of a response the time by which it must be answered.
        is_overdue: that time has passed, or a reminder has come.
    """

    kind: InboxKind
    subject: Case | InboundMessage
    since: datetime
    due_by: datetime
    is_overdue: bool

    @property
    def connection(self) -> str:
        """Where it is; "" for a message of the order store."""
        return self.subject.connection if isinstance(self.subject, Case) else self.subject.source.connection


@frozen
class InboxPage:
    """A part of the inbox.

    Args:
        total: how many there are of what was asked for, as far as they were looked at.
        is_cut: more wait than were looked at.
    """

    items: tuple[InboxItem, ...]
    total: int
    is_cut: bool


@frozen
class InboxCounts:
    """How many things need a person, by kind, each at most `MAX_COUNTED`."""

    by_kind: Mapping[InboxKind, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_kind.values())


class InboxService:
    """What needs a person: alarms, cases that require action, requests that nobody has decided, failed messages."""

    def __init__(self, parts: DeskParts) -> None:
        self._ledger = parts.ledger
        self._clock = parts.clock

    def counts(self) -> InboxCounts:
        """How much there is; cheap enough for the badge of every page."""
        waiting = self._ledger.count_waiting()
        counts = {kind: waiting.action_required[case.kind] for kind, case in _KINDS.items()}
        undecided = sum(1 for _ in self._undecided(_UNDECIDED_READ))
        counts[InboxKind.RESPONSE] = min(MAX_COUNTED, counts[InboxKind.RESPONSE] + undecided)
        return InboxCounts({InboxKind.ALARM: waiting.alarms, **counts, InboxKind.MESSAGE: waiting.messages})

    def list(
        self, *, kinds: Collection[InboxKind] = (), connection: str | None = None, limit: int = 50, offset: int = 0
    ) -> InboxPage:
        """What needs a person: alarms, then what is overdue, then the rest by when it is due, then messages.

        Args:
            kinds: empty takes all.
            connection: only there; None takes all, "" what the order store sent.
            limit: how many at most, 1 to 500.
            offset: how many to pass over, for the next page.
        """
        if not 1 <= limit <= MAX_LISTED or offset < 0:
            raise ValidationError(f"limit must be from 1 to {MAX_LISTED}, and offset 0 or more", location="limit")
        now = self._clock.now()
        found: list[InboxItem] = []
        is_cut = False
        for kind in kinds or tuple(InboxKind):
            items = [item for item in self._of_kind(kind, now, connection) if connection in (None, item.connection)]
            is_cut = is_cut or len(items) > MAX_LISTED
            found += items[:MAX_LISTED]
        found.sort(key=_urgency)
        return InboxPage(tuple(found[offset : offset + limit]), len(found), is_cut)

    def mark_seen(self, case_id: str, *, by: str, note: str | None = None) -> SeenAlarm:
        """Record that somebody has taken care of an alarm, so that it leaves the inbox; who was first, and when.

        Args:
            note: what was done about it: a parcel called back, say.

        Raises InvalidStateError for a case that is no alarm.
        """
        case, person = self._ledger.case(case_id, CancelCase), require_actor(by)
        if case.state not in ALARMS:
            raise InvalidStateError(
                f"the case is not an alarm: it is {case.state.value}",
                location=f"case {case_id}",
                hint="confirm or reject a case that requires action" if case.is_open else "see the order's receipt",
            )
        seen = self._ledger.seen_alarm(case_id)
        if seen is not None:
            return seen
        # First the note: where the second write is lost, the alarm is shown again, and nobody's word is.
        self._ledger.append(
            case, [f"{person} has taken care of the alarm{f': {note}' if note else ''}"], if_unchanged=False
        )
        made = SeenAlarm(case_id, person, self._clock.now())
        self._ledger.mark_alarm_seen(made)
        return self._ledger.seen_alarm(case_id) or made

    def seen_alarm(self, case_id: str) -> SeenAlarm | None:
        """Who has taken care of an alarm; None where nobody has."""
        return self._ledger.seen_alarm(case_id)

    def _of_kind(self, kind: InboxKind, now: datetime, connection: str | None) -> Iterator[InboxItem]:
        """At most one more than are listed."""
        most = MAX_LISTED + 1
        if kind is InboxKind.ALARM:
            for alarm in self._ledger.unseen_alarms(most):
                yield InboxItem(kind, alarm, alarm.updated_at, alarm.updated_at, is_overdue=True)
        elif kind is InboxKind.MESSAGE:
            for message in self._ledger.messages(_UNHANDLED, most):
                due = message.received_at + DAILY
                yield InboxItem(kind, message, message.received_at, due, now >= due)
        else:
            states = [State.ACTION_REQUIRED]
            for case in self._ledger.cases(_KINDS[kind], connection=connection, states=states, limit=most):
                yield _case_item(kind, case, now)
            if kind is InboxKind.RESPONSE:
                for response in self._undecided(most):
                    yield _case_item(kind, response, now)

    def _undecided(self, limit: int) -> Iterator[ResponseCase]:
        """Requests to cancel that nobody has decided yet and nobody was reminded of."""
        for case in self._ledger.cases(ResponseCase, states=[State.PENDING], limit=limit):
            if case.decision is None:
                yield case


def _case_item(kind: InboxKind, case: Case, now: datetime) -> InboxItem:
    since = case.action_required_since or case.created_at
    due_by = _due_by(case, since)
    return InboxItem(kind, case, since, due_by, is_overdue=case.reminders > 0 or now >= due_by)


def _due_by(case: Case, since: datetime) -> datetime:
    """By when a person is to act on a case: its deadline, or when they are reminded first."""
    if isinstance(case, ResponseCase):
        return case.answer_by or since + DAILY
    if isinstance(case, CancelCase) and not case.reminders:
        return case.remind_at or case.due_at or since + DAILY
    return since + DAILY


def _urgency(item: InboxItem) -> tuple[int, datetime]:
    if item.kind is InboxKind.ALARM:
        return 0, item.since
    if item.kind is InboxKind.MESSAGE:
        return 3, item.since
    return (1 if item.is_overdue else 2), item.due_by


def inbox_document(page: InboxPage, counts: InboxCounts) -> JsonObject:
    """A part of the inbox as JSON, with how much there is in all."""
    return {
        "counts": {kind.value.replace(" ", "_"): count for kind, count in counts.by_kind.items()},
        "total": page.total,
        "is_cut": page.is_cut,
        "items": [
            {
                "kind": item.kind.value,
                "since": iso_time(item.since),
                "due_by": iso_time(item.due_by),
                "is_overdue": item.is_overdue,
                "case": case_document(item.subject) if isinstance(item.subject, Case) else None,
                "message": None if isinstance(item.subject, Case) else message_document(item.subject),
            }
            for item in page.items
        ],
    }
