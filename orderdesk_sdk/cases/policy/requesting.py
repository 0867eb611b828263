"""What follows: from an answer, a loss or the passing of time to the event that changes the case. Pure.

This is where law 5 lives: what a cancel flow says is a verdict only where the declaration says that the reply is final.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Proof
from orderdesk_sdk.cases.exchange import Certainty, Loss
from orderdesk_sdk.cases.policy.deadlines import PATIENCE, SOON, no_later, not_in_time
from orderdesk_sdk.cases.policy.escalation import (
    ASK_A_PERSON,
    confirmation_of,
    hand_over,
    kept,
    next_look,
    not_seen,
    read_every,
    reminder,
    time_of,
    took_note,
)
from orderdesk_sdk.cases.policy.events import proof_by_reading, proof_by_reply
from orderdesk_sdk.cases.policy.polling import LAG, after_heard, after_look, after_watching, verdict
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import next_open, opening
from orderdesk_sdk.errors import OrderDeskError, PluginFault
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Batch, Button, ByCheck, ByReply, Portal

__all__ = [
    "after_cancel",
    "after_check",
    "after_fault",
    "after_loss",
    "after_loss_of_mail",
    "before_the_window_closes",
    "begin",
    "gather",
    "is_overdue",
    "is_spent",
    "not_sent",
    "overdue",
    "unread",
    "unusable",
]

FIND_OUT = (
    "find out at the service what the first request did; then confirm or refuse this case, and cancel what is left anew"
)


def begin(case: Case, integration: Integration, placement: Placement, now: datetime) -> Event | None:
    """What a requested case does next; None means: send the present route's request."""
    if not integration.cancel:
        return Event(
            EventKind.HAND_OVER,
            now,
            due_at=now + ASK_A_PERSON.within,
            text=f"{integration.title} declares no way to cancel",
            remedy="cancel it there by hand, then confirm or refuse this case",
        )
    spent = is_spent(case, now)
    index = next_open(integration.cancel, placement, now, case.route + spent)
    if spent and index is None:
        own = "do it at the service, then confirm or refuse this case"
        remedy = f"{case.remedy}; or {own}" if case.remedy else own
        return hand_over(case, now, case.text or "the service kept turning the request away", remedy)
    if index is None:
        why = opening(integration.cancel[-1].window, placement, now).why_closed or "there is no further one"
        if case.asked_at is not None:
            return hand_over(case, now, f"an earlier request may still work, and every other way is closed: {why}")
        return Event(EventKind.NO_ROUTE, now, text=f"every way to cancel there is closed: {why}")
    if index != case.route:
        return Event(EventKind.CLIMB, now, due_at=now, route=index, text="the earlier way is closed; on to the next")
    route = integration.cancel[index]
    if isinstance(route, Portal):
        return Event(
            EventKind.HAND_OVER,
            now,
            due_at=now + route.confirm.within,
            text=route.instruction,
            remedy="do it, then confirm or refuse this case",
        )
    return None


def gather(batch: Batch, now: datetime, calls: int = 1) -> Event:
    """What a requested case does whose service takes several orders in one call: it waits for that many `calls`."""
    text = "gathered with other orders, which are asked for in one call"
    return Event(EventKind.GATHER, now, due_at=now + calls * batch.gather, text=text)


def after_cancel(case: Case, integration: Integration, placement: Placement, answer: Answer, now: datetime) -> Event:
    """The event that a cancel flow's answer makes of a case that is sending."""
    confirm = confirmation_of(case, integration)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTLY_CANCELED if isinstance(confirm, ByReply):
            return verdict(answer, proof_by_reply(case, answer), now)
        case Outcome.CANCELED | Outcome.PARTLY_CANCELED | Outcome.ASKED | Outcome.PENDING:
            return took_note(case, integration, answer, now)
        case Outcome.REFUSED if case.asked_before is not None:
            said = answer.text or (answer.refusal or Refusal.NOT_ALLOWED).value
            text = f"it was refused ({said}), but an earlier request may have worked"
            return evolve(_lost(case, integration, text, now), status=answer.status)
        case Outcome.REFUSED:
            return _refused(case, integration, placement, answer, proof_by_reply(case, answer), now)
        case Outcome.NOT_DONE:
            event = _not_done(case, answer.text, answer.remedy, answer.retry_after, now)
            return before_the_window_closes(event, case, integration, placement, now)
        case Outcome.UNCLEAR | Outcome.CHANGED:  # That a status was changed says nothing of a cancel.
            text = answer.text or "the reply does not tell whether the service acted"
            return _lost(case, integration, text, now, repeatable=case.repeatable)


def after_loss(case: Case, integration: Integration, loss: Loss, now: datetime) -> Event:
    """The event that a lost call makes of a case that is sending."""
    if loss.another:
        return hand_over(case, now, loss.text, FIND_OUT)
    match loss.certainty:
        case Certainty.NOT_SENT | Certainty.NOT_DONE if loss.held:
            # At once: the case sees what has changed, and nobody's patience with the service is spent.
            return Event(EventKind.NOT_DONE, now, due_at=now, text=loss.text)
        case Certainty.NOT_SENT | Certainty.NOT_DONE:
            return _not_done(case, loss.text, None, loss.retry_after, now)
        case Certainty.UNCLEAR:
            event = _lost(case, integration, loss.text, now, repeatable=loss.repeatable)
            waits = max(SOON, min(loss.retry_after or SOON, PATIENCE.give_up))
            return evolve(event, due_at=no_later(now + waits, event.give_up_at))


def before_the_window_closes(
    event: Event, case: Case, integration: Integration, placement: Placement, now: datetime
) -> Event:
    """What becomes of a request that was not done, due when the present route's window closes at the latest.

    No pause that the service asks for outlasts it, for then it is time for the next way.
    """
    closes = _closes(case, integration, placement, now) if event.kind is EventKind.NOT_DONE else None
    return evolve(event, due_at=min(event.due_at or now, closes)) if closes is not None else event


def after_fault(case: Case, integration: Integration | None, fault: str, now: datetime, *, sent: bool) -> Event:
    """The event that a plugin's own error makes of a case. `sent`: a request that may have acted had left us."""
    if case.state is State.SENDING and sent and integration is not None:
        return _lost(case, integration, "the plugin failed after a request had been sent", now, fault=fault)
    if case.state is State.AWAITING_PERSON:
        waits = time_of(case, integration) if integration is not None else ASK_A_PERSON.within
        return Event(
            EventKind.CHECK_FAILED,
            now,
            due_at=next_look(case, now, waits, waits),
            text=case.text,
            remedy=case.remedy,
            fault=fault,
        )
    retried = case.state in (State.HEARD, State.ASKED, State.UNCLEAR)
    if case.state is State.CANCELED or (retried and case.tries < PATIENCE.faults):
        return Event(
            EventKind.CHECK_FAILED, now, due_at=now + PATIENCE.pause(case.tries), text="the plugin failed", fault=fault
        )
    if case.heard:
        return evolve(hand_over(case, now, "the plugin failed, so a person must find out"), fault=fault)
    return Event(
        EventKind.HAND_OVER,
        now,
        due_at=now + ASK_A_PERSON.within,
        text="the plugin failed, so a person must do it at the service",
        remedy="cancel it there by hand, then confirm or refuse this case; report the fault to the plugin's author",
        fault=fault,
    )


def after_check(case: Case, integration: Integration, placement: Placement, answer: Answer, now: datetime) -> Event:
    """The event that a read-back's answer makes of a case."""
    every = read_every(case, integration)
    if case.state is State.CANCELED:
        return after_watching(case, answer, now)
    if case.heard:
        return after_heard(case, answer, now, time_of(case, integration), _polling(integration))
    if case.state is State.REQUESTED:
        return after_look(case, answer, now)
    match answer.outcome:
        case Outcome.CANCELED | Outcome.PARTLY_CANCELED:
            return verdict(answer, proof_by_reading(case, answer), now)
        case Outcome.REFUSED:
            return _refused(case, integration, placement, answer, proof_by_reading(case, answer), now)
        case Outcome.ASKED if case.state is State.UNCLEAR:
            return took_note(case, integration, answer, now)
        case Outcome.ASKED | Outcome.PENDING if case.state is State.AWAITING_PERSON:
            return kept(case, integration, EventKind.STILL_PENDING, now, answer, every)
        case Outcome.PENDING if case.state is State.UNCLEAR:
            return not_seen(case, integration, placement, answer, now, every)
        case Outcome.ASKED | Outcome.PENDING:
            return Event(
                EventKind.STILL_PENDING,
                now,
                due_at=no_later(now + every, case.give_up_at),
                text=answer.text,
                status=answer.status,
                lines=answer.lines,
            )
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED if case.state is State.AWAITING_PERSON:
            pause = PATIENCE.pause(case.tries, answer.retry_after)
            return kept(case, integration, EventKind.CHECK_FAILED, now, answer, pause)
        case Outcome.NOT_DONE | Outcome.UNCLEAR | Outcome.CHANGED:
            patient = case.give_up_at is not None and now < case.give_up_at
            return Event(
                EventKind.CHECK_FAILED,
                now,
                due_at=no_later(
                    now + PATIENCE.pause(case.tries, answer.retry_after), case.give_up_at if patient else None
                ),
                text=answer.text or "the read-back told nothing",
                remedy=answer.remedy,
                status=answer.status,
            )


def is_spent(case: Case, now: datetime) -> bool:
    """Whether a requested case has been turned away for as long as it is tried, and once more when that was over.

    The try before may be hours old, where nobody worked.
    """
    if case.state is not State.REQUESTED or case.give_up_at is None:
        return False
    return now >= case.give_up_at and case.updated_at >= case.give_up_at


def is_overdue(case: Case, now: datetime) -> bool:
    """Whether patience has run out with an open case: the service's, or that with a person."""
    match case.state:
        case State.AWAITING_PERSON:
            limit = case.remind_at or case.due_at
        case State.ASKED | State.UNCLEAR:
            limit = case.give_up_at
        case _:
            return False
    return limit is not None and now >= limit


def overdue(case: Case, integration: Integration, placement: Placement, now: datetime) -> Event | None:
    """What becomes of an open case whose patience has run out; it has been read a last time before.

    None while there is patience left, or a check to make.
    """
    if not is_overdue(case, now):
        return None
    waits = case.state is State.AWAITING_PERSON
    higher = None if case.heard else next_open(integration.cancel, placement, now, case.route + 1)
    if higher is not None:
        return Event(EventKind.CLIMB, now, due_at=now, route=higher, text="no answer in time; on to the next way")
    if waits:
        return reminder(case, integration, now)
    return hand_over(case, now, not_in_time(case.text))


def unread(loss: Loss) -> Answer:
    """A read-back that was lost, as an answer: it told nothing."""
    if loss.retry_after is not None:
        return Answer(Outcome.NOT_DONE, text=loss.text, retry_after=loss.retry_after)
    return Answer(Outcome.UNCLEAR, text=loss.text)


def not_sent(case: Case, text: str, now: datetime, remedy: str | None = None) -> Event:
    """What becomes of a case whose request provably did not go out."""
    return _not_done(case, text, remedy, None, now)


def after_loss_of_mail(case: Case, text: str, identity: str, now: datetime) -> Event:
    """What becomes of a case whose mail may have gone out: a person looks, nothing is sent again unawares."""
    remedy = f"look for the mail with Message-ID {identity}; if it never arrived, let a named person send it again"
    return hand_over(case, now, text, remedy)


def unusable(case: Case, error: OrderDeskError, now: datetime) -> Event:
    """What becomes of a case whose connection cannot be used: not configured, misconfigured, or a broken plugin.

    Nothing is sent, so as long as there is patience the case looks again, in case somebody mends it. A requested case
    of a broken plugin goes to a person at once: every minute counts, and a plugin is not mended in one.
    """
    fault = str(error) if isinstance(error, PluginFault) else None
    text = "the plugin cannot be used" if fault else str(error)
    give_up = case.give_up_at or now + PATIENCE.give_up
    kind = {
        State.REQUESTED: None if fault else EventKind.WAIT,
        State.HEARD: EventKind.CHECK_FAILED,
        State.ASKED: EventKind.CHECK_FAILED,
        State.UNCLEAR: EventKind.CHECK_FAILED,
        State.AWAITING_PERSON: EventKind.REMIND,
        State.CANCELED: EventKind.CHECK_FAILED,
    }.get(case.state)
    if kind is None or (now >= give_up and case.state not in (State.AWAITING_PERSON, State.CANCELED)):
        must = "find out" if case.heard else "do it at the service"
        return hand_over(case, now, f"{text}, so a person must {must}", None, fault)
    waits = ASK_A_PERSON.within if kind is EventKind.REMIND else PATIENCE.longest
    return Event(kind, now, due_at=now + waits, give_up_at=give_up, text=text, remedy=error.remedy, fault=fault)


def _polling(integration: Integration) -> ByCheck:
    """How this integration is read back by its declaration."""
    found = (route.confirm for route in integration.cancel if isinstance(route.confirm, ByCheck))
    return next(found, LAG)


def _closes(case: Case, integration: Integration, placement: Placement, now: datetime) -> datetime | None:
    """When the present route's window closes by the clock; None where no clock closes it."""
    if case.route >= len(integration.cancel):
        return None
    return opening(integration.cancel[case.route].window, placement, now).until


def _refused(
    case: Case, integration: Integration, placement: Placement, answer: Answer, proof: Proof, now: datetime
) -> Event:
    route = integration.cancel[case.route] if case.route < len(integration.cancel) else None
    if isinstance(route, Button) and answer.refusal is not None and answer.refusal in route.climbs:
        higher = next_open(integration.cancel, placement, now, case.route + 1)
        if higher is not None:
            return Event(
                EventKind.CLIMB,
                now,
                due_at=now,
                route=higher,
                status=answer.status,
                text=f"refused ({answer.text or answer.refusal.value}); on to the next way",
            )
    return Event(
        EventKind.REFUSED,
        now,
        refusal=answer.refusal,
        status=answer.status,
        text=answer.text,
        remedy=answer.remedy,
        lines=answer.lines,
        proof=proof,
    )


def _not_done(case: Case, text: str | None, remedy: str | None, retry_after: timedelta | None, now: datetime) -> Event:
    give_up = case.give_up_at or now + PATIENCE.give_up
    return Event(
        EventKind.NOT_DONE,
        now,
        due_at=no_later(now + PATIENCE.pause(case.tries, retry_after), give_up),
        give_up_at=give_up,
        text=text or "the service turned the request away",
        remedy=remedy,
    )


def _lost(
    case: Case,
    integration: Integration,
    text: str,
    now: datetime,
    *,
    repeatable: bool = False,
    fault: str | None = None,
) -> Event:
    confirm = confirmation_of(case, integration)
    give_up = confirm.give_up if isinstance(confirm, ByCheck) else PATIENCE.give_up
    return Event(
        EventKind.LOST,
        now,
        due_at=now + SOON,
        give_up_at=now + give_up,
        text=text,
        remedy="it is read back; nothing is sent again before that",
        fault=fault,
        repeatable=repeatable,
    )
