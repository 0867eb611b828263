"""What follows where we read although we have not just asked: a cancellation that came from the service, a late look.

Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.cases.policy.deadlines import PATIENCE, no_later
from orderdesk_sdk.cases.policy.events import proof_by_reading
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.routes import ByCheck

__all__ = ["LAG", "STOP_IT", "after_heard", "after_look", "after_watching", "entries_of", "verdict"]

ASK_AGAIN = hours(4)
"""How long a person has to find out what the service would not say."""
STOP_IT = "stop the parcel at the service or the carrier, and tell the customer"
"""What to do where an order ships that was canceled."""
LAG = ByCheck(every=minutes(2), give_up=hours(24))
"""How what was heard is read back where the integration declares no read-back of its own."""
_DENIALS = (Refusal.SHIPPED, Refusal.TOO_LATE)
"""What contradicts that it was canceled. Everything else may lag behind: messages often come first."""


def after_heard(case: Case, answer: Answer, now: datetime, patience: timedelta, polling: ByCheck) -> Event:
    """What a read-back makes of a case whose service was heard to have canceled: only the read-back is evidence.

    patience: how long a person who has the case is left alone. polling: how often it is read, and how long at most,
    until the service says what was heard; then a person has it.
    """
    proof = proof_by_reading(case, answer)
    give_up = case.give_up_at or now + polling.give_up
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTLY_CANCELED:
            return verdict(answer, proof, now)
        case Outcome.REFUSED if answer.refusal in _DENIALS:
            return Event(EventKind.WITHDRAW, now, text=_otherwise(answer), status=answer.status)
        case Outcome.ASKED | Outcome.PENDING | Outcome.REFUSED if case.state is State.AWAITING_PERSON:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=now + patience,
                text=case.text,
                remedy=case.remedy,
                status=answer.status,
            )
        case Outcome.ASKED | Outcome.PENDING | Outcome.REFUSED if now < give_up:
            text = "it is said to be canceled there, and the service does not show it yet"
            due = no_later(now + polling.every, give_up)
            return Event(EventKind.STILL_PENDING, now, due_at=due, give_up_at=give_up, text=text, status=answer.status)
        case Outcome.ASKED | Outcome.PENDING | Outcome.REFUSED:
            text, remedy = _otherwise(answer), "find out which is true, then confirm or refuse"
            return Event(
                EventKind.HAND_OVER,
                now,
                due_at=now + ASK_AGAIN,
                text=text,
                remedy=remedy,
                status=answer.status,
            )
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED if case.state is State.AWAITING_PERSON:
            return Event(EventKind.CHECK_FAILED, now, due_at=now + patience, text=case.text, remedy=case.remedy)
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED:
            if now >= give_up:
                text = "the service does not say whether it is canceled there"
                remedy = "find out, then confirm or refuse"
                return Event(EventKind.HAND_OVER, now, due_at=now + ASK_AGAIN, text=text, remedy=remedy)
            due = min(now + PATIENCE.pause(case.tries, answer.retry_after), give_up)
            text = answer.text or "the read-back told nothing"
            return Event(EventKind.CHECK_FAILED, now, due_at=due, give_up_at=give_up, text=text, remedy=answer.remedy)


def _otherwise(answer: Answer) -> str:
    text = "it was said to be canceled there, but the service says otherwise"
    return f"{text}: {answer.text}" if answer.text else text


def after_watching(case: Case, answer: Answer, now: datetime) -> Event:
    """A read-back of a canceled order: it raises the alarm, or changes nothing.

    Where it told nothing, the case counts a try: whoever had reason to look knows that nobody has seen.
    """
    if answer.outcome is Outcome.REFUSED and answer.refusal in _DENIALS:
        return Event(
            EventKind.SHIPPED,
            now,
            status=answer.status,
            text="it shipped although it had been canceled",
            remedy=STOP_IT,
            proof=proof_by_reading(case, answer),
        )
    if answer.outcome in (Outcome.NOT_DONE, Outcome.UNCLEAR, Outcome.CHANGED):
        return Event(EventKind.CHECK_FAILED, now, text=answer.text or "the read-back told nothing")
    was_read = case.proof is not None and case.proof.kind in (ProofKind.READ_BACK, ProofKind.LINES)
    if was_read and answer.outcome in (Outcome.ASKED, Outcome.PENDING):
        return Event(
            EventKind.SHIPPED,
            now,
            status=answer.status,
            text="it is alive again there, although it was read to be canceled",
            remedy="find out at the service who brought it back, and stop it there before it ships",
            proof=proof_by_reading(case, answer),
        )
    return Event(EventKind.STILL_PENDING, now, text="read again: nothing speaks against it", status=answer.status)


def after_look(case: Case, answer: Answer, now: datetime) -> Event:
    """A read-back of a case that is still to be asked for, or to be asked for by another way: it may be over."""
    due = max(now, case.due_at or now)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTLY_CANCELED:
            return verdict(answer, proof_by_reading(case, answer), now)
        case Outcome.REFUSED if answer.refusal is Refusal.SHIPPED:
            return Event(
                EventKind.REFUSED,
                now,
                refusal=answer.refusal,
                status=answer.status,
                text=answer.text,
                proof=proof_by_reading(case, answer),
            )
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED:
            return Event(EventKind.CHECK_FAILED, now, due_at=due, text=case.text, remedy=case.remedy)
        case Outcome.ASKED | Outcome.PENDING | Outcome.REFUSED:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=due,
                text=case.text,
                remedy=case.remedy,
                status=answer.status,
            )


def entries_of(case: Case, event: Event) -> tuple[Event, ...]:
    """What happens to a case that was read. What nobody had asked for yet is seen first, and then proved."""
    if case.state is not State.REQUESTED or event.proof is None or event.kind is EventKind.REFUSED:
        return (event,)
    return Event(EventKind.SEEN, event.at, due_at=event.at, text="it is so already, as the service shows"), event


def verdict(answer: Answer, proof: Proof, now: datetime) -> Event:
    """What the service said of the whole, or of a part."""
    verdict = EventKind.CANCELED if answer.outcome is Outcome.CANCELED else EventKind.PARTLY_CANCELED
    return Event(verdict, now, status=answer.status, text=answer.text, lines=answer.lines, proof=proof)
