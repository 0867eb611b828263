"""What follows when a person gets a case, and while they have it: task, reminders, and read-backs meanwhile. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.policy.deadlines import PATIENCE, SOON, TOOK_NOTE, reminded
from orderdesk_sdk.cases.policy.polling import LAG
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open, opening
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import ByCheck, ByPerson, ByReply

__all__ = [
    "ASK_A_PERSON",
    "confirmation_of",
    "hand_over",
    "is_window_open",
    "kept",
    "next_look",
    "not_seen",
    "read_every",
    "reminder",
    "time_of",
    "took_note",
]

ASK_A_PERSON = ByPerson()


def confirmation_of(case: Case, integration: Integration) -> ByReply | ByCheck | ByPerson:
    """What proves a case by its present route."""
    return integration.cancel[case.route].confirm if case.route < len(integration.cancel) else ASK_A_PERSON


def time_of(case: Case, integration: Integration) -> timedelta:
    """How long a person has for a case before they are reminded."""
    confirm = confirmation_of(case, integration)
    return confirm.within if isinstance(confirm, ByPerson) else ASK_A_PERSON.within


def read_every(case: Case, integration: Integration) -> timedelta:
    """The pause between two read-backs of a case."""
    confirm = confirmation_of(case, integration)
    return confirm.every if isinstance(confirm, ByCheck) else LAG.every


def hand_over(case: Case, now: datetime, text: str, remedy: str | None = None, fault: str | None = None) -> Event:
    """Give a case to a person."""
    return Event(
        EventKind.HAND_OVER,
        now,
        due_at=now + ASK_A_PERSON.within,
        text=text,
        remedy=remedy or "find out at the service, then confirm or refuse this case",
        fault=fault or case.fault,
    )


def kept(
    case: Case, integration: Integration, kind: EventKind, now: datetime, answer: Answer, every: timedelta
) -> Event:
    """A read-back while a person has the case: task and text stay as they were; only the service's word is new."""
    return Event(
        kind,
        now,
        due_at=next_look(case, now, every, time_of(case, integration)),
        text=case.text,
        remedy=case.remedy,
        status=answer.status,
        lines=answer.lines,
    )


def next_look(case: Case, now: datetime, every: timedelta, within: timedelta) -> datetime:
    """When a case that a person has is due again: at the reminder, or before where it is read back meanwhile."""
    if case.remind_at is None or now >= case.remind_at:
        return now + within
    return min(now + every, case.remind_at) if _is_read_meanwhile(case, now) else case.remind_at


def _is_read_meanwhile(case: Case, now: datetime) -> bool:
    return case.remind_at is not None and case.give_up_at is not None and now < case.give_up_at


def reminder(case: Case, integration: Integration, now: datetime) -> Event:
    """Where no further way is open, a person is reminded."""
    within = time_of(case, integration)
    said = reminded(case.text, case.waits_since or case.updated_at, within, now)
    reads = _is_read_meanwhile(case, now)
    due = now + (min(read_every(case, integration), within) if reads else within)
    remind_at = now + within if reads else None
    return Event(EventKind.REMIND, now, due_at=due, remind_at=remind_at, text=said, remedy=case.remedy)


def is_window_open(case: Case, integration: Integration, placement: Placement, now: datetime) -> bool:
    """Whether the present route may still be taken."""
    return case.route < len(integration.cancel) and opening(integration.cancel[case.route].window, placement, now).open


def not_seen(
    case: Case, integration: Integration, placement: Placement, answer: Answer, now: datetime, every: timedelta
) -> Event:
    """A request of unknown fate, which the service does not show: it is sent again where that is safe and in time.

    Else the next way is taken where this one has closed; else a person has it, at once, while they can still decide.
    It is read back meanwhile.
    """
    is_open = is_window_open(case, integration, placement, now)
    # What made it unclear goes on being the reason: that nothing is decided yet does not explain it.
    text = answer.text or case.text
    if case.repeatable and case.resends < PATIENCE.resends and is_open:
        return Event(
            EventKind.STILL_PENDING,
            now,
            due_at=now,
            text=text,
            status=answer.status,
            lines=answer.lines,
            resend=True,
        )
    higher = None if is_open else next_open(integration.cancel, placement, now, case.route + 1)
    if higher is not None:
        why = f"{text}; the service does not show it, and this way has closed; on to the next"
        return Event(EventKind.CLIMB, now, due_at=now, route=higher, status=answer.status, text=why)
    within = time_of(case, integration)
    return Event(
        EventKind.HAND_OVER,
        now,
        due_at=now + min(every, within),
        remind_at=now + within,
        status=answer.status,
        text=f"{text}; the service does not show it" if text else "the service does not show the request",
        remedy="find out at the service; send it again, or confirm or refuse this case. It is read back meanwhile",
        lines=answer.lines,
        fault=case.fault,
    )


def took_note(case: Case, integration: Integration, answer: Answer, now: datetime) -> Event:
    """The service took note: it is read back until it decides, or a person has it where that is declared."""
    confirm = confirmation_of(case, integration)
    if isinstance(confirm, ByCheck):
        return Event(
            EventKind.TOOK_NOTE,
            now,
            due_at=now + (SOON if answer.outcome is not Outcome.ASKED else confirm.every),
            give_up_at=now + confirm.give_up,
            text=answer.text or TOOK_NOTE,
            status=answer.status,
            reference=answer.reference,
        )
    return Event(
        EventKind.HAND_OVER,
        now,
        due_at=now + time_of(case, integration),
        text=answer.text or "the service took note and cannot be read back",
        remedy="find out at the service, then confirm or refuse this case",
        status=answer.status,
        reference=answer.reference,
    )
