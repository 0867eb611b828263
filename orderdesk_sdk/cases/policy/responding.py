"""What we answer to somebody else's request to cancel: by what the fulfillment services behind it say. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import field, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.policy.deadlines import DEFAULT_MANUAL_CONFIRMATION, earliest, reminder_message
from orderdesk_sdk.cases.response import ResponseCase, ResponseDecision
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer, SilenceMeans
from orderdesk_sdk.plugin.line_names import resolve_recorded_lines

__all__ = [
    "PlacesVerdict",
    "VerdictKind",
    "decide",
    "due_before_deadline",
    "escalate_response",
    "expire",
    "is_decided",
    "places_behind",
    "places_verdict",
    "remind",
    "uncovered_places",
    "wait_for_places",
]

MIN_LOOK_INTERVAL, MAX_LOOK_INTERVAL = minutes(1), minutes(15)
"""How often a case looks whether the fulfillment services have settled: the less often, the longer it has waited."""
LOOKS = 20
"""It looks at least so often in the time that it has waited, and again in the time that is left."""
LAST_TRY = minutes(15)
"""How long an answer is tried at least before a person is told that it is not taken, where the deadline allows it."""
ANSWER_HINT = "decide with `orderdesk answer {id} accept` or `orderdesk answer {id} reject`"


class VerdictKind(enum.Enum):
    """What the fulfillment services behind a request say together."""

    WAIT = "wait"
    """One of them has not settled."""
    ACCEPT = "accept"
    ACCEPT_LINES = "accept lines"
    """A part of what was requested is canceled, and the rest will not be."""
    REJECT = "reject"
    PERSON = "person"
    """All have settled, and what follows is a person's to say."""


@frozen
class PlacesVerdict:
    """What follows from the fulfillment services behind a request.

    Args:
        message: what they said, for people and for the asker.
        lines: what is canceled of what was requested, by line id, of ACCEPT_LINES.
    """

    kind: VerdictKind
    message: str
    rejection: Rejection | None = None
    lines: Mapping[str, int] = field(factory=dict, hash=False)


def places_behind(coverage: CancellationCoverage, case: ResponseCase) -> tuple[RemoteOrder, ...]:
    """Where the order is made and shipped: everywhere but at the carts and at the asker."""
    return tuple(
        remote
        for remote in coverage.remote_orders
        if remote.role is not ConnectionRole.CART and remote.connection != case.connection
    )


def uncovered_places(coverage: CancellationCoverage, case: ResponseCase) -> tuple[RemoteOrder, ...]:
    """The places at which what was requested is to be canceled yet.

    Raises InvalidStateError where another part of the order is being canceled there now.
    """
    unanswered = [place for place in places_behind(coverage, case) if _settled_for(coverage, case, place) is None]
    return coverage.not_covered(case.lines, unanswered)


def _settled_for(coverage: CancellationCoverage, case: ResponseCase, place: RemoteOrder) -> CancelCase | None:
    """The settled case at a place that answers the request: one that canceled it, or that was opened since it came."""
    latest = coverage.latest.get(place.connection)
    if latest is None or latest.is_open:
        return None
    if latest.state is State.SHIPPED_ANYWAY or latest.created_at >= case.created_at:
        return latest
    return latest if latest.state is State.CANCELED and _covers(coverage, case, latest) else None


def _covers(coverage: CancellationCoverage, case: ResponseCase, settled: CancelCase) -> bool:
    lines = coverage.lines_of(settled)
    return coverage.canceled_all_lines(settled) or (lines is not None and lines == case.lines)


def places_verdict(coverage: CancellationCoverage, case: ResponseCase, *, by_line: bool) -> PlacesVerdict:
    """What the fulfillment services say together. An answer follows only when every one of them has settled.

    Args:
        by_line: the asker takes an answer for some of the lines.
    """
    if coverage.being_registered:
        return PlacesVerdict(VerdictKind.WAIT, f"waits for the registration at {coverage.being_registered[0]}")
    places = places_behind(coverage, case)
    settled = {place.connection: _settled_for(coverage, case, place) for place in places}
    waiting = [_waiting_text(coverage, name) for name, found in settled.items() if found is None]
    if waiting:
        return PlacesVerdict(VerdictKind.WAIT, f"waits for {', '.join(waiting)}")
    cases = [found for found in settled.values() if found is not None]
    return _verdict_of_settled(coverage, case, cases, by_line=by_line)


def _waiting_text(coverage: CancellationCoverage, connection: str) -> str:
    latest = coverage.latest.get(connection)
    state = latest.state.value if latest is not None and latest.is_open else "not asked yet"
    return f"{connection} ({state})"


def _verdict_of_settled(
    coverage: CancellationCoverage, case: ResponseCase, cases: Sequence[CancelCase], *, by_line: bool
) -> PlacesVerdict:
    canceled = [one for one in cases if one.state is State.CANCELED and _covers(coverage, case, one)]
    also = f"; canceled already at {', '.join(one.connection for one in canceled)}" if canceled else ""
    refused = next((one for one in cases if one.state in (State.SHIPPED_ANYWAY, State.REJECTED)), None)
    if refused is not None:
        why = Rejection.SHIPPED if refused.state is State.SHIPPED_ANYWAY else refused.rejection
        said = refused.message or (why.value if why is not None else refused.state.value)
        text = f"{refused.connection} will not cancel: {said}{also}"
        return PlacesVerdict(VerdictKind.REJECT, text, why or Rejection.NOT_ALLOWED)
    if len(canceled) == len(cases):
        names = ", ".join(one.connection for one in canceled)
        return PlacesVerdict(VerdictKind.ACCEPT, f"canceled at {names}" if names else "no fulfillment service holds it")
    partial = [one for one in cases if one.state is State.PARTIALLY_CANCELED]
    lines = _canceled_lines(coverage, case, partial) if len(partial) + len(canceled) == len(cases) else None
    if lines is not None and by_line:
        text = f"only a part is canceled at {', '.join(one.connection for one in partial)}"
        if not lines:
            return PlacesVerdict(VerdictKind.REJECT, f"{text}: none of what was requested", Rejection.TOO_LATE)
        return PlacesVerdict(VerdictKind.ACCEPT_LINES, text, Rejection.TOO_LATE, lines)
    said = ", ".join(f"{one.connection} ({one.state.value})" for one in cases if one not in canceled)
    return PlacesVerdict(VerdictKind.PERSON, f"what to answer is not clear: {said}{also}")


def _canceled_lines(
    coverage: CancellationCoverage, case: ResponseCase, partial: Sequence[CancelCase]
) -> dict[str, int] | None:
    """What is canceled at every place, of what was requested, by line id; None where the quantities do not tell."""
    if not partial or any(not one.lines for one in partial):
        return None
    wanted = case.lines or {line.id: line.quantity for line in coverage.order.lines}
    common = dict(wanted)
    for one in partial:
        told = resolve_recorded_lines(coverage.order, {_name_of(line): line.canceled for line in one.lines})
        if not set(told) <= {line.id for line in coverage.order.lines}:
            return None
        common = {line: min(count, told.get(line, 0)) for line, count in common.items()}
    return {line: count for line, count in common.items() if count}


def _name_of(line: LineAnswer) -> str:
    return line.line if line.id is None else line.id


def decide(case: ResponseCase, verdict: PlacesVerdict, now: datetime) -> Event | None:
    """The event of an answer that the places give; None where they give none."""
    if verdict.kind in (VerdictKind.WAIT, VerdictKind.PERSON):
        return None
    answer = ResponseAnswer.REJECT if verdict.kind is VerdictKind.REJECT else ResponseAnswer.ACCEPT
    decision = ResponseDecision(answer, None, verdict.rejection, verdict.message, verdict.lines)
    if is_decided(case, decision):
        return None
    text = f"Answer: {answer.value}; {verdict.message}"
    return Event(EventKind.DECIDED, now, due_at=now, deadline=_last_try(case, now), message=text, decision=decision)


def is_decided(case: ResponseCase, decision: ResponseDecision) -> bool:
    """Whether this is what is to be answered already; the words for it may be others."""
    known = case.decision
    return known is not None and (known.answer, known.rejection, known.lines) == (
        decision.answer,
        decision.rejection,
        decision.lines,
    )


def _last_try(case: ResponseCase, now: datetime) -> datetime:
    """Until when an answer is tried before a person gets the case."""
    return earliest(max(case.escalate_at, now + LAST_TRY), case.answer_by)


def wait_for_places(case: ResponseCase, verdict: PlacesVerdict, now: datetime) -> Event:
    """The event of a case whose places have not settled, or do not tell what to answer; a person has it in time."""
    text = _sentence(verdict.message)
    if case.state is State.ACTION_REQUIRED:
        return remind(case, now, every=_look_interval(case, now))
    if verdict.kind is VerdictKind.PERSON:
        return escalate_response(case, now, text)
    if now >= case.escalate_at:
        when = f" by {case.answer_by:%Y-%m-%d %H:%M} UTC" if case.answer_by is not None else ""
        hint = f"settle the cases there by `orderdesk confirm` or `orderdesk reject`; the answer is due{when}"
        return escalate_response(case, now, f"Not answered yet: {verdict.message}", hint)
    due = due_before_deadline(case, min(now + _look_interval(case, now), case.escalate_at), now)
    return Event(EventKind.DEFERRED, now, due_at=due, message=text)


def _look_interval(case: ResponseCase, now: datetime) -> timedelta:
    spans = [now - case.created_at, *([case.answer_by - now] if case.answer_by is not None else [])]
    return max(MIN_LOOK_INTERVAL, min(MAX_LOOK_INTERVAL, min(spans) / LOOKS))


def escalate_response(case: ResponseCase, now: datetime, message: str, hint: str | None = None) -> Event:
    """The event that gives a case to a person."""
    due = due_before_deadline(case, now + _look_interval(case, now), now)
    return Event(EventKind.ESCALATED, now, due_at=due, message=message, hint=hint or ANSWER_HINT.format(id=case.id))


def remind(case: ResponseCase, now: datetime, *, every: timedelta | None = None) -> Event:
    """The event of a case that a person still has: they are reminded when it is time.

    Args:
        every: how often it is looked at meanwhile; None: at the reminders alone.
    """
    interval = DEFAULT_MANUAL_CONFIRMATION.remind_after
    since = case.action_required_since or case.updated_at
    next_reminder = since + interval * (case.reminders + 1)
    kind, message = EventKind.STILL_PENDING, case.message
    if now >= next_reminder:
        kind, message = EventKind.REMINDED, reminder_message(case, interval, now)
        next_reminder = max(now, next_reminder) + interval
    due = next_reminder if every is None else min(next_reminder, now + every)
    due = due_before_deadline(case, due, now)
    return Event(kind, now, due_at=due, message=message, hint=case.hint, plugin_error=case.plugin_error)


def expire(case: ResponseCase, now: datetime, why: str | None = None) -> Event:
    """The event of a deadline that passed without an answer.

    Args:
        why: what else closed the request; None: the clock.
    """
    meaning = {
        SilenceMeans.ACCEPTED: "it counts as accepted there, and the order as canceled",
        SilenceMeans.REJECTED: "it counts as rejected there",
        SilenceMeans.NOTHING: "nothing follows from that there",
    }[case.silence]
    text = f"{why or 'The deadline passed'} without an answer: {meaning}"
    return Event(EventKind.EXPIRED, now, message=text, hint="see the order's receipt for what was canceled meanwhile")


def due_before_deadline(case: ResponseCase, due: datetime, now: datetime) -> datetime:
    """When a case is due: at its deadline at the latest, as long as that is ahead."""
    limits = [moment for moment in (case.answer_by,) if moment is not None and moment > now]
    return min(due, *limits) if limits else due


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
