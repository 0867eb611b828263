"""What follows where we read although we have not just asked: a cancellation that came from the service, a late look.

Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.case import Case, Event, EventKind, State
from orderdesk_sdk.clock import hours
from orderdesk_sdk.evidence import proof_by_reading
from orderdesk_sdk.patience import PATIENCE

__all__ = ["after_heard", "after_watching"]

ASK_AGAIN = hours(4)
"""How long a person has to find out what the service would not say."""


def after_heard(case: Case, answer: Answer, now: datetime, patience: timedelta) -> Event:
    """What a read-back makes of a case whose service was heard to have canceled: only the read-back is evidence.

    patience: how long a person who has the case is left alone.
    """
    proof = proof_by_reading(case, answer)
    match answer.outcome:
        case Outcome.CANCELED:
            return Event(
                EventKind.CANCELED, now, status=answer.status, text=answer.text, lines=answer.lines, proof=proof
            )
        case Outcome.PARTLY_CANCELED:
            return Event(
                EventKind.PARTLY_CANCELED, now, status=answer.status, text=answer.text, lines=answer.lines, proof=proof
            )
        case Outcome.ASKED | Outcome.PENDING | Outcome.REFUSED:
            text = "it was said to be canceled there, but the service says otherwise"
            text = f"{text}: {answer.text}" if answer.text else text
            return Event(EventKind.WITHDRAW, now, text=text, status=answer.status)
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED if case.state is State.AWAITING_PERSON:
            return Event(EventKind.CHECK_FAILED, now, due_at=now + patience, text=case.text, remedy=case.remedy)
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED:
            give_up = case.give_up_at or now + PATIENCE.give_up
            if now >= give_up:
                text, remedy = (
                    "the service does not say whether it is canceled there",
                    "find out, then confirm or refuse",
                )
                return Event(EventKind.HAND_OVER, now, due_at=now + ASK_AGAIN, text=text, remedy=remedy)
            due = min(now + PATIENCE.pause(case.tries, answer.retry_after), give_up)
            text = answer.text or "the read-back told nothing"
            return Event(EventKind.CHECK_FAILED, now, due_at=due, give_up_at=give_up, text=text, remedy=answer.remedy)


def after_watching(case: Case, answer: Answer, now: datetime) -> Event:
    """A read-back of a canceled order: it raises the alarm, or changes nothing.

    Where it told nothing, the case counts a try: whoever had reason to look knows that nobody has seen.
    """
    if answer.outcome is Outcome.REFUSED and answer.refusal in (Refusal.SHIPPED, Refusal.TOO_LATE):
        return Event(
            EventKind.SHIPPED,
            now,
            status=answer.status,
            text="it shipped although it had been canceled",
            remedy="stop the parcel at the service or the carrier, and tell the customer",
            proof=proof_by_reading(case, answer),
        )
    if answer.outcome in (Outcome.NOT_DONE, Outcome.UNCLEAR, Outcome.CHANGED):
        return Event(EventKind.CHECK_FAILED, now, text=answer.text or "the read-back told nothing")
    return Event(EventKind.STILL_PENDING, now, text="read again: nothing speaks against it", status=answer.status)
