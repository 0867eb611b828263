"""The only ways in which a case may change: one table of legal transitions. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import _UNDECIDED, OPEN, READABLE, Case, State
from orderdesk_sdk.cases.evidence import Proof
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

__all__ = ["EventKind", "TRANSITIONS", "Event", "IllegalTransition", "TECHNICAL", "transition"]


class EventKind(enum.Enum):
    """What can happen to a case."""

    SEND = "send"
    """An attempt to ask the service begins."""
    CHECK = "check"
    """A read-back begins."""
    RESUME = "resume"
    """The process that was sending is gone; its flow is driven again from the record."""
    TOOK_NOTE = "took note"
    STILL_PENDING = "still pending"
    """A read-back found nothing decided; or, of a canceled order, nothing that speaks against it."""
    NOT_DONE = "not done"
    """It is proved that the service did nothing."""
    LOST = "lost"
    """Nobody knows whether the service acted."""
    SEEN = "seen"
    """A read-back found done what was still to be asked for: by an earlier way, or by the service itself."""
    CHECK_FAILED = "check failed"
    """A read-back told nothing."""
    CANCELED = "canceled"
    PARTLY_CANCELED = "partly canceled"
    REFUSED = "refused"
    CLIMB = "climb"
    """On to the next route of the ladder."""
    HAND_OVER = "hand over"
    """On to a person."""
    REMIND = "remind"
    """A person has not answered in time."""
    WAIT = "wait"
    """Not yet: the case looks again later."""
    GATHER = "gather"
    """The case waits for others that its service is asked for in one call."""
    NO_ROUTE = "no route"
    WITHDRAW = "withdraw"
    SHIPPED = "shipped"


TRANSITIONS: Mapping[tuple[State, EventKind], State] = {
    **{(state, EventKind.SEND): State.SENDING for state in (State.REQUESTED, State.UNCLEAR, State.AWAITING_PERSON)},
    **{(state, EventKind.CHECK): state for state in READABLE},
    (State.SENDING, EventKind.RESUME): State.SENDING,
    (State.SENDING, EventKind.TOOK_NOTE): State.ASKED,
    (State.UNCLEAR, EventKind.TOOK_NOTE): State.ASKED,
    **{(state, EventKind.STILL_PENDING): state for state in READABLE},
    (State.SENDING, EventKind.NOT_DONE): State.REQUESTED,
    (State.SENDING, EventKind.LOST): State.UNCLEAR,
    **{(state, EventKind.CHECK_FAILED): state for state in READABLE},
    (State.REQUESTED, EventKind.SEEN): State.HEARD,
    **{(state, EventKind.CANCELED): State.CANCELED for state in (State.HEARD, *_UNDECIDED)},
    **{(state, EventKind.PARTLY_CANCELED): State.PARTLY_CANCELED for state in (State.HEARD, *_UNDECIDED)},
    **{(state, EventKind.REFUSED): State.REFUSED for state in (State.REQUESTED, State.HEARD, *_UNDECIDED)},
    **{(state, EventKind.CLIMB): State.REQUESTED for state in (State.REQUESTED, *_UNDECIDED)},
    **{
        (state, EventKind.HAND_OVER): State.AWAITING_PERSON
        for state in (State.REQUESTED, State.HEARD, State.SENDING, State.ASKED, State.UNCLEAR)
    },
    (State.AWAITING_PERSON, EventKind.REMIND): State.AWAITING_PERSON,
    (State.REQUESTED, EventKind.WAIT): State.REQUESTED,
    (State.REQUESTED, EventKind.GATHER): State.REQUESTED,
    (State.REQUESTED, EventKind.NO_ROUTE): State.IMPOSSIBLE,
    **{(state, EventKind.WITHDRAW): State.WITHDRAWN for state in (State.REQUESTED, State.HEARD, State.AWAITING_PERSON)},
    **{
        (state, EventKind.SHIPPED): State.SHIPPED_ANYWAY
        for state in (State.ASKED, State.UNCLEAR, State.AWAITING_PERSON, State.CANCELED, State.PARTLY_CANCELED)
    },
}
"""Every legal change of a case: (state, what happens) -> the state after."""


@frozen
class Event:
    """Something that happened to a case.

    due_at: when the case wants attention next; needed whenever the state after is open.
    give_up_at: the end of patience with the present route; None leaves it as it was.
    text: one sentence for people. fault: the plugin's own error, when it had one. person: who did it, when a person
    did.
    resend: a read-back found nothing decided and the lost request was declared repeatable.
    reference: the service's own name for what it took note of.
    remind_at: when the person who is given the case is reminded, where it is read back before; None: at `due_at`.
    """

    kind: EventKind
    at: datetime
    due_at: datetime | None = None
    give_up_at: datetime | None = None
    text: str | None = None
    remedy: str | None = None
    fault: str | None = None
    person: str | None = None
    refusal: Refusal | None = None
    status: str | None = None
    lines: tuple[LineAnswer, ...] = ()
    proof: Proof | None = None
    repeatable: bool = False
    resend: bool = False
    route: int | None = None
    reference: str | None = None
    remind_at: datetime | None = None


class IllegalTransition(ConflictError):
    """A change that the table does not allow, or that lacks what its law demands. The case is as it was."""


_STARTS = frozenset({EventKind.SEND, EventKind.CHECK})


_TRIES = frozenset({EventKind.NOT_DONE, EventKind.CHECK_FAILED, EventKind.REMIND})


_GIVES = frozenset({EventKind.HAND_OVER, EventKind.REMIND})


_VERDICTS = frozenset({EventKind.CANCELED, EventKind.PARTLY_CANCELED})


TECHNICAL = frozenset({EventKind.SEND, EventKind.CHECK, EventKind.RESUME, EventKind.WAIT})


def _refuse(case: Case, event: Event, why: str, remedy: str | None = None) -> IllegalTransition:
    return IllegalTransition(
        f"{event.kind.value} is not possible while {case.state.value}: {why}", place=f"case {case.id}", remedy=remedy
    )


def _demand(case: Case, event: Event, after: State) -> None:
    """Hold an event against the laws that the table alone cannot express."""
    if event.kind in _VERDICTS and event.proof is None:
        raise _refuse(case, event, "there is no evidence beside it", "give a reply, a read-back, or a person's name")
    if event.kind is EventKind.REFUSED and event.refusal is None:
        raise _refuse(case, event, "it says not why", "give a Refusal")
    if case.heard and event.kind in (EventKind.SEND, EventKind.CLIMB):
        raise _refuse(case, event, "its service was heard to have canceled", "withdraw this case, then cancel anew")
    if event.kind is EventKind.SEND:
        if case.state is State.UNCLEAR and not (case.resend or event.person):
            raise _refuse(
                case, event, "the first request may have worked", "read back first, or let a named person decide"
            )
        if case.state is State.AWAITING_PERSON and not event.person:
            raise _refuse(case, event, "a person has the case", "let a named person decide")
    if event.kind is EventKind.CLIMB and (event.route is None or event.route <= case.route):
        raise _refuse(case, event, "a ladder is only climbed upwards")
    if event.kind is EventKind.WITHDRAW and case.asked_at is not None:
        raise _refuse(case, event, "a request has already left us", "wait for the service's answer")
    if after in OPEN and event.due_at is None:
        raise _refuse(case, event, "an open case needs a time for its next action")


def _asked(case: Case, event: Event) -> datetime | None:
    """When a request last may have reached the service. Climbing does not undo what an earlier route asked."""
    match event.kind:
        case EventKind.SEND:
            return event.at
        case EventKind.NOT_DONE:
            return case.asked_before
        case _:
            return case.asked_at


def transition(case: Case, event: Event) -> Case:
    """The case after an event. Raises IllegalTransition where the table or a law forbids it."""
    after = TRANSITIONS.get((case.state, event.kind))
    if after is None:
        allowed = sorted(kind.value for state, kind in TRANSITIONS if state is case.state)
        early = case.state is State.REQUESTED and event.kind in _VERDICTS
        why = "nothing has been asked there yet; " if early else "" if case.is_open else "it is settled; "
        remedy = "let `orderdesk work` ask first, or withdraw the case" if early else None
        raise _refuse(case, event, f"{why}possible are: {', '.join(allowed) or 'nothing'}", remedy)
    _demand(case, event, after)
    starts = event.kind in _STARTS
    climbs = event.kind is EventKind.CLIMB
    quiet = event.kind in TECHNICAL and event.text is None
    resent = event.kind is EventKind.SEND and case.state is State.UNCLEAR
    return evolve(
        case,
        state=after,
        version=case.version + 1,
        attempt=case.attempt + starts,
        updated_at=event.at,
        due_at=event.due_at if after in OPEN else None,
        route=event.route if event.route is not None else case.route,
        tries=0 if climbs else case.tries + 1 if event.kind in _TRIES else case.tries if quiet or starts else 0,
        resends=0 if climbs else case.resends + resent,
        asked_at=_asked(case, event),
        asked_before=case.asked_at if event.kind is EventKind.SEND else case.asked_before,
        give_up_at=None if climbs or after not in OPEN else event.give_up_at or case.give_up_at,
        refusal=event.refusal or case.refusal,
        status=event.status or case.status,
        text=case.text if quiet else event.text,
        remedy=case.remedy if quiet else event.remedy,
        fault=case.fault if quiet else event.fault,
        lines=event.lines or case.lines,
        proof=event.proof or case.proof,
        repeatable=event.repeatable if event.kind in (EventKind.SEND, EventKind.LOST) else case.repeatable,
        resend=event.resend,
        waits_since=(case.waits_since or event.at) if after is State.AWAITING_PERSON else None,
        remind_at=(event if event.kind in _GIVES else case).remind_at if after is State.AWAITING_PERSON else None,
        # What a new request does, the old one's reference cannot tell.
        reference=None if event.kind is EventKind.SEND else event.reference or case.reference,
        gathered=not climbs and (case.gathered or event.kind is EventKind.GATHER),
    )
