"""The only ways in which a case may change: one table of legal transitions. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from attrs import evolve, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, POLLABLE, Case, State
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.prior_steps import StepResult, merge_steps, tell_steps
from orderdesk_sdk.cases.response import ResponseCase, ResponseDecision
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.settlement_events import settlement_events
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

__all__ = ["EventKind", "TRANSITIONS", "Event", "InvalidTransitionError", "Transition", "ROUTINE", "transition"]


class EventKind(enum.Enum):
    """What can happen to a case."""

    SEND_STARTED = "send started"
    """An attempt to send the request begins."""
    POLL_STARTED = "poll started"
    """A poll begins."""
    RESUMED = "resumed"
    """The process that was sending is gone; its flow is run again from the record."""
    ACKNOWLEDGED = "acknowledged"
    STILL_PENDING = "still pending"
    """A poll found nothing decided; or, of a canceled order, nothing that speaks against it."""
    NOT_PROCESSED = "not processed"
    """It is proved that the service did nothing."""
    OUTCOME_UNKNOWN = "outcome unknown"
    """It is unknown whether the service processed the request."""
    FOUND_CANCELED = "found canceled"
    """A poll found canceled what was still to be requested: by an earlier route, or by the service itself."""
    POLL_FAILED = "poll failed"
    """A poll gave no usable status."""
    CANCELED = "canceled"
    DONE = "done"
    """The status is set, the order was submitted again, or our answer was taken."""
    PARTIALLY_CANCELED = "partially canceled"
    REJECTED = "rejected"
    FELL_BACK = "fell back"
    """On to a later route."""
    ESCALATED = "escalated"
    """A person must act."""
    REMINDED = "reminded"
    """A person has not answered in time."""
    DEFERRED = "deferred"
    """Not yet: the case looks again later."""
    BATCHED = "batched"
    """The case waits for others that its service is asked for in one call."""
    UNSUPPORTED = "unsupported"
    WITHDRAWAL_STARTED = "withdrawal started"
    """It is withdrawn, and what was done before the cancel is undone first."""
    WITHDRAWN = "withdrawn"
    SHIPPED = "shipped"
    DECIDED = "decided"
    """A person, or what the fulfillment services said, has decided what is answered."""
    EXPIRED = "expired"
    """The deadline for an answer has passed."""

    __hash__ = object.__hash__  # As that of `State`, and for the same reason.


_UNDECIDED = (State.SENDING, State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED)


TRANSITIONS: Mapping[tuple[State, EventKind], State] = {
    **{
        (state, EventKind.SEND_STARTED): State.SENDING
        for state in (State.PENDING, State.UNKNOWN, State.ACTION_REQUIRED)
    },
    **{(state, EventKind.POLL_STARTED): state for state in POLLABLE},
    (State.SENDING, EventKind.RESUMED): State.SENDING,
    (State.SENDING, EventKind.ACKNOWLEDGED): State.ACKNOWLEDGED,
    (State.UNKNOWN, EventKind.ACKNOWLEDGED): State.ACKNOWLEDGED,
    **{(state, EventKind.STILL_PENDING): state for state in POLLABLE},
    (State.SENDING, EventKind.NOT_PROCESSED): State.PENDING,
    **{
        (state, EventKind.OUTCOME_UNKNOWN): State.UNKNOWN
        # Of what was not sent, or of unknown fate already, where the ledger was put back to an older state.
        for state in (State.PENDING, State.SENDING, State.UNKNOWN)
    },
    **{(state, EventKind.POLL_FAILED): state for state in POLLABLE},
    (State.PENDING, EventKind.FOUND_CANCELED): State.REPORTED,
    **{(state, EventKind.CANCELED): State.CANCELED for state in (State.REPORTED, *_UNDECIDED)},
    **{(state, EventKind.PARTIALLY_CANCELED): State.PARTIALLY_CANCELED for state in (State.REPORTED, *_UNDECIDED)},
    **{
        (state, EventKind.DONE): State.DONE
        for state in (State.PENDING, State.SENDING, State.UNKNOWN, State.ACTION_REQUIRED)
    },
    **{(state, EventKind.REJECTED): State.REJECTED for state in (State.PENDING, State.REPORTED, *_UNDECIDED)},
    **{(state, EventKind.FELL_BACK): State.PENDING for state in (State.PENDING, *_UNDECIDED)},
    **{
        (state, EventKind.ESCALATED): State.ACTION_REQUIRED
        for state in (State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED, State.UNKNOWN)
    },
    (State.ACTION_REQUIRED, EventKind.REMINDED): State.ACTION_REQUIRED,
    (State.PENDING, EventKind.DEFERRED): State.PENDING,
    (State.PENDING, EventKind.BATCHED): State.PENDING,
    (State.PENDING, EventKind.UNSUPPORTED): State.UNSUPPORTED,
    **{
        (state, EventKind.WITHDRAWN): State.WITHDRAWN
        for state in (State.PENDING, State.REPORTED, State.ACTION_REQUIRED)
    },
    **{(state, EventKind.WITHDRAWAL_STARTED): State.PENDING for state in (State.PENDING, State.ACTION_REQUIRED)},
    **{(state, EventKind.DECIDED): State.PENDING for state in (State.PENDING, State.ACTION_REQUIRED)},
    **{(state, EventKind.EXPIRED): State.EXPIRED for state in (State.PENDING, State.ACTION_REQUIRED)},
    **{
        (state, EventKind.SHIPPED): State.SHIPPED_ANYWAY
        for state in (
            State.ACKNOWLEDGED,
            State.UNKNOWN,
            State.ACTION_REQUIRED,
            State.CANCELED,
            State.PARTIALLY_CANCELED,
        )
    },
}
"""Every legal change of a case: (state, what happens) -> the state after. `KINDS` says what can happen to which."""


@frozen
class Event:
    """Something that happened to a case.

    Args:
        due_at: when the case wants attention next; needed whenever the state after is open.
        deadline: when the present route is given up; None leaves it as it was.
        message: one sentence for people.
        plugin_error: the plugin's own error, when it had one.
        person: who did it, when a person did.
        retry_allowed: a poll found nothing decided and the lost request was declared idempotent.
        request_reference: the service's own name for the request that it acknowledged.
        remind_at: when the person who is given the case is reminded, where it is polled before; None: at `due_at`.
        decision: what is to be answered, of DECIDED.
        steps: what came of prior steps in the attempt that it ends.
        only_steps: nothing but these steps was sent in it, and it is known what came of each.
    """

    kind: EventKind
    at: datetime
    due_at: datetime | None = None
    deadline: datetime | None = None
    message: str | None = None
    hint: str | None = None
    plugin_error: str | None = None
    person: str | None = None
    rejection: Rejection | None = None
    service_status: str | None = None
    lines: tuple[LineAnswer, ...] = ()
    evidence: Evidence | None = None
    idempotent: bool = False
    retry_allowed: bool = False
    route: int | None = None
    request_reference: str | None = None
    remind_at: datetime | None = None
    decision: ResponseDecision | None = None
    steps: tuple[StepResult, ...] = ()
    only_steps: bool = False


class InvalidTransitionError(InvalidStateError):
    """A change that the table does not allow, or that lacks what its law demands. The case is as it was.

    A person who asked for it is told so. Where the core asks for it, it is a mistake of the core's: it is no conflict
    with another process, so it is reported and not tried again in silence.
    """


_STARTS_ATTEMPT = frozenset({EventKind.SEND_STARTED, EventKind.POLL_STARTED})


_FAILURES = frozenset({EventKind.NOT_PROCESSED, EventKind.POLL_FAILED, EventKind.REMINDED})


_ESCALATIONS = frozenset({EventKind.ESCALATED, EventKind.REMINDED})


_CANCELLATIONS = frozenset({EventKind.CANCELED, EventKind.DONE, EventKind.PARTIALLY_CANCELED})


ROUTINE = frozenset({EventKind.SEND_STARTED, EventKind.POLL_STARTED, EventKind.RESUMED, EventKind.DEFERRED})


_OF_ALL = frozenset(
    {
        EventKind.SEND_STARTED,
        EventKind.POLL_STARTED,
        EventKind.RESUMED,
        EventKind.STILL_PENDING,
        EventKind.NOT_PROCESSED,
        EventKind.OUTCOME_UNKNOWN,
        EventKind.POLL_FAILED,
        EventKind.REJECTED,
        EventKind.ESCALATED,
        EventKind.REMINDED,
        EventKind.DEFERRED,
        EventKind.WITHDRAWN,
    }
)
KINDS: Mapping[type[Case], frozenset[EventKind]] = {
    CancelCase: frozenset(EventKind) - {EventKind.DONE, EventKind.DECIDED, EventKind.EXPIRED},
    StatusCase: _OF_ALL | {EventKind.DONE},
    ResubmitCase: _OF_ALL | {EventKind.DONE},
    ResponseCase: _OF_ALL | {EventKind.DONE, EventKind.DECIDED, EventKind.EXPIRED},
}
"""What can happen to each kind of case."""


def _invalid(case: Case, event: Event, reason: str, hint: str | None = None) -> InvalidTransitionError:
    return InvalidTransitionError(
        f"{event.kind.value} is not possible while {case.state.value}: {reason}", location=f"case {case.id}", hint=hint
    )


def _validate(case: Case, event: Event, after: State) -> None:
    """Hold an event against the laws that the table alone cannot express."""
    if event.kind in _CANCELLATIONS and event.evidence is None:
        raise _invalid(case, event, "the event has no evidence", "give a response, a poll, or a person's name")
    if event.kind is EventKind.SEND_STARTED:
        _validate_send(case, event)
    if isinstance(case, CancelCase):
        _validate_cancel(case, event)
    if isinstance(case, ResponseCase):
        _validate_response(case, event)
    if after in OPEN and event.due_at is None:
        raise _invalid(case, event, "an open case needs a time for its next action")


def _validate_send(case: Case, event: Event) -> None:
    """Law 3: nothing is sent again but after a look, or on a person's word."""
    resend = case.retry_allowed if isinstance(case, CancelCase) else case.flow_reads_first
    if case.state is State.UNKNOWN and not (resend or event.person):
        raise _invalid(
            case,
            event,
            "the first request may have been processed",
            "poll first, or let a person decide with `orderdesk retry`",
        )
    if case.state is State.ACTION_REQUIRED and not event.person:
        raise _invalid(
            case,
            event,
            "the case requires action of a person",
            "confirm or reject the case, or send it again with `orderdesk retry`",
        )


def _validate_cancel(case: CancelCase, event: Event) -> None:
    if event.kind is EventKind.REJECTED and event.rejection is None:
        raise _invalid(case, event, "the event has no reason", "give a Rejection")
    if case.is_reported and event.kind in (EventKind.SEND_STARTED, EventKind.FELL_BACK):
        raise _invalid(
            case, event, "the cancellation was reported by the service", "withdraw this case, then cancel again"
        )
    if event.kind is EventKind.FELL_BACK and (event.route is None or event.route <= case.route):
        raise _invalid(case, event, "the fallback is always a later route")
    if case.withdrawn_by is not None and event.kind in (EventKind.SEND_STARTED, EventKind.FELL_BACK):
        raise _invalid(case, event, "the cancellation is withdrawn", "cancel the order again once it has settled")
    if event.kind in (EventKind.WITHDRAWN, EventKind.WITHDRAWAL_STARTED) and case.last_sent_at is not None:
        raise _invalid(case, event, "a request was sent already", "wait for the service's answer")


def _validate_response(case: ResponseCase, event: Event) -> None:
    if event.kind is EventKind.DECIDED and event.decision is None:
        raise _invalid(case, event, "the event does not say what is answered", "give a ResponseDecision")
    if event.kind is EventKind.SEND_STARTED and case.answer is None:
        raise _invalid(case, event, "no answer was decided yet", "decide with `orderdesk answer`")


def _last_sent_at(case: CancelCase, event: Event) -> datetime | None:
    """When a request last may have reached the service. Climbing does not undo what an earlier route asked."""
    match event.kind:
        case EventKind.SEND_STARTED:
            return event.at
        case EventKind.OUTCOME_UNKNOWN if case.state is not State.SENDING:
            return event.at
        case EventKind.NOT_PROCESSED:
            return case.previously_sent_at
        case EventKind.FELL_BACK | EventKind.ESCALATED if event.only_steps:
            return case.previously_sent_at
        case _:
            return case.last_sent_at


def _failures(case: Case, event: Event, *, quiet: bool) -> int:
    """How many attempts in a row came to nothing, after an event."""
    if event.kind is EventKind.FELL_BACK or (case.flow_reads_first and _begins_anew(event)):
        return 0
    if event.kind in _FAILURES or (
        case.flow_reads_first and event.kind in (EventKind.OUTCOME_UNKNOWN, EventKind.DEFERRED)
    ):
        return case.consecutive_failures + 1
    return case.consecutive_failures if quiet or _starts(case, event) else 0


def _starts(case: Case, event: Event) -> bool:
    """Whether an attempt begins. A cancel is resumed from the record of its attempt; who looks first, looks anew."""
    if event.kind is EventKind.OUTCOME_UNKNOWN:  # The one that may have been made, and of which nothing is recorded.
        return case.state is not State.SENDING
    return event.kind in _STARTS_ATTEMPT or (event.kind is EventKind.RESUMED and case.flow_reads_first)


def _begins_anew(event: Event) -> bool:
    """Whether a person has decided that it is to be sent again."""
    return event.kind is EventKind.SEND_STARTED and event.person is not None


C = TypeVar("C", bound=Case)


@frozen
class Transition(Generic[C]):
    """What an event makes of a case, and which events of its order rules may want to hear of then."""

    case: C
    order_events: tuple[OrderEvent, ...] = ()


def transition(case: C, event: Event) -> Transition[C]:
    """The case after an event, and what follows. Raises InvalidTransitionError where the table or a law forbids it."""
    after = TRANSITIONS.get((case.state, event.kind)) if event.kind in KINDS[type(case)] else None
    if after is None:
        raise _not_in_table(case, event)
    _validate(case, event, after)
    starts = _starts(case, event)
    falls_back = event.kind is EventKind.FELL_BACK
    quiet = event.kind in ROUTINE and event.message is None
    waits = after is State.ACTION_REQUIRED
    steps = merge_steps(case.steps, event.steps) if isinstance(case, CancelCase) else ()
    of_kind: dict[str, Any] = _canceling(case, event, after) if isinstance(case, CancelCase) else {}
    if isinstance(case, ResponseCase):
        of_kind = {"decision": event.decision or case.decision}
    changed = evolve(
        case,
        state=after,
        version=case.version + 1,
        attempt=case.attempt + starts,
        updated_at=event.at,
        due_at=event.due_at if after in OPEN else None,
        consecutive_failures=_failures(case, event, quiet=quiet),
        deadline=None if falls_back or after not in OPEN else event.deadline or case.deadline,
        message=case.message if quiet else tell_steps(event.message, steps),
        hint=case.hint if quiet else event.hint,
        plugin_error=case.plugin_error if quiet else event.plugin_error,
        evidence=event.evidence or case.evidence,
        action_required_since=(case.action_required_since or event.at) if waits else None,
        reminders=case.reminders + (event.kind is EventKind.REMINDED) if waits else 0,
        **of_kind,
    )
    return Transition(changed, settlement_events(case, changed))


def _canceling(before: CancelCase, event: Event, after: State) -> dict[str, Any]:
    """What else an event changes of a cancel, by field."""
    falls_back = event.kind is EventKind.FELL_BACK
    sends = event.kind is EventKind.SEND_STARTED
    waits = after is State.ACTION_REQUIRED
    return {
        "route": event.route if event.route is not None else before.route,
        "retries": 0 if falls_back else before.retries + (sends and before.state is State.UNKNOWN),
        "last_sent_at": _last_sent_at(before, event),
        "previously_sent_at": before.last_sent_at if sends else before.previously_sent_at,
        "rejection": None if sends or event.kind in _CANCELLATIONS else event.rejection or before.rejection,
        "service_status": event.service_status or before.service_status,
        "lines": event.lines or before.lines,
        "idempotent": event.idempotent
        if event.kind in (EventKind.SEND_STARTED, EventKind.OUTCOME_UNKNOWN)
        else before.idempotent,
        "retry_allowed": event.retry_allowed,
        "remind_at": (event if event.kind in _ESCALATIONS else before).remind_at if waits else None,
        # What a new request does, the old one's reference cannot tell.
        "request_reference": None if sends else event.request_reference or before.request_reference,
        "steps": merge_steps(before.steps, event.steps) if event.steps else before.steps,
        "withdrawn_by": event.person or "" if event.kind is EventKind.WITHDRAWAL_STARTED else before.withdrawn_by,
        "is_batched": not falls_back and (before.is_batched or event.kind is EventKind.BATCHED),
    }


def _not_in_table(case: Case, event: Event) -> InvalidTransitionError:
    allowed = sorted(kind.value for state, kind in TRANSITIONS if state is case.state and kind in KINDS[type(case)])
    early = case.state is State.PENDING and event.kind in _CANCELLATIONS
    why = "nothing has been sent yet; " if early else "" if case.is_open else "the case is settled; "
    hint = "run `orderdesk work` first, or withdraw the case" if early else None
    return _invalid(case, event, f"{why}possible are: {', '.join(allowed) or 'nothing'}", hint)
