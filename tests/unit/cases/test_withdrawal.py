"""What is undone, waited for or left to a person where a cancel comes to nothing after its prior steps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.policy import failures, polling
from orderdesk_sdk.cases.policy.withdrawal import (
    rejection_with_steps,
    statuses_that_undo,
    waiting_event,
    withdrawal_event,
    withdrawn_event,
)
from orderdesk_sdk.cases.prior_steps import StepResult
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import SettableStatus
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button, Portal
from orderdesk_sdk.plugin.steps import StepOutcome
from tests.support.builders import NOW, POLLING, acme, make_case

HOLD, VOID = PriorStep("hold the order", undo="released"), PriorStep("void the labels")
SHOP = evolve(
    acme(Button(POLLING, prior=(HOLD, VOID)), Portal("Call 555.")), statuses=(SettableStatus("released", "Released"),)
)
BY_HAND = "this cannot be undone from here, so look after it at the service"
PLACED = RemoteOrder("shop", "1042", NOW, ConnectionRole.FULFILLMENT)


def after(step: PriorStep, outcome: StepOutcome = StepOutcome.DONE, state: State = State.PENDING) -> CancelCase:
    """A case that has done a step, or may have."""
    return evolve(make_case(state), steps=(StepResult(step.name, None, outcome, 1, 1),))


def withdrawing(by: str | None = "Ann") -> CancelCase:
    case = after(HOLD)
    return transition(case, withdrawal_event(case, SHOP, NOW, by, "Taken back")).case


@pytest.mark.parametrize(
    ("outcome", "undo"),
    [(StepOutcome.DONE, ("released",)), (StepOutcome.UNKNOWN, ("released",)), (StepOutcome.REFUSED, ())],
)
def test_what_may_have_been_done_is_undone(outcome: StepOutcome, undo: tuple[str, ...]) -> None:
    case = after(HOLD, outcome)
    assert statuses_that_undo(case, SHOP) == undo
    starts = withdrawal_event(case, SHOP, NOW, "Ann", "w").kind is EventKind.WITHDRAWAL_STARTED
    assert starts is bool(undo)


def test_what_may_have_been_done_for_good_is_told() -> None:
    ended = withdrawal_event(after(VOID, StepOutcome.UNKNOWN), SHOP, NOW, "Ann", "w")
    assert (ended.kind, ended.hint) == (
        EventKind.WITHDRAWN,
        f"{BY_HAND}: void the labels: outcome unknown",
    )


def test_what_no_person_withdrew_goes_to_one_where_it_cannot_be_undone() -> None:
    assert withdrawal_event(after(VOID), SHOP, NOW, None, "Cart not canceled").kind is EventKind.ESCALATED
    case = withdrawing(by=None)
    assert (case.state, case.withdrawn_by) == (State.PENDING, "")
    assert withdrawn_event(case, SHOP, NOW, None, "w").person is None


def test_a_person_is_told_to_undo_and_not_to_cancel() -> None:
    case = withdrawing()
    for event in (
        failures.on_connection_error(case, PluginError("it is disabled"), NOW),
        failures.after_plugin_error(case, SHOP, "it hangs", NOW, may_have_sent=False),
    ):
        told = transition(case, event).case
        assert (told.state, told.hint) == (
            State.ACTION_REQUIRED,
            "undo it at the service, then withdraw this case again",
        )
        assert "the cancellation is withdrawn, and a person must undo what was done before it" in str(told.message)
        late = polling.on_deadline(told, SHOP, PLACED, NOW + timedelta(days=5))
        assert late is not None
        assert transition(told, late).case.state is State.ACTION_REQUIRED
        again = transition(told, failures.on_connection_error(told, PluginError("still"), NOW)).case
        assert (again.message, again.hint) == (told.message, told.hint)


def test_an_undo_that_waits_looks_ever_more_rarely_until_a_person_has_it() -> None:
    case, now, looks = withdrawing(), NOW, 0
    while case.state is State.PENDING:
        case = transition(case, waiting_event(case, "other", now)).case
        now, looks = case.due_at or now, looks + 1
    assert (now - NOW, looks) == (hours(24) + hours(4), 31)
    assert (case.state, case.deadline) == (State.ACTION_REQUIRED, NOW + hours(24))
    assert str(case.message).startswith("The status 'other' is being set there first; the cancellation is withdrawn")


REJECTED = Event(EventKind.REJECTED, NOW, rejection=Rejection.NOT_ALLOWED, message="no")


@pytest.mark.parametrize(
    ("case", "kind", "due_in", "hint"),
    [
        (after(HOLD, state=State.SENDING), EventKind.ESCALATED, minutes(0), None),
        (after(HOLD, state=State.ACTION_REQUIRED), EventKind.REMINDED, minutes(0), None),
        (
            after(VOID, state=State.SENDING),
            EventKind.ESCALATED,
            hours(4),
            f"{BY_HAND}: void the labels: done; then reject this case",
        ),
    ],
)
def test_a_rejected_case_stays_open_while_its_steps_stand(
    case: CancelCase, kind: EventKind, due_in: timedelta, hint: str | None
) -> None:
    event = rejection_with_steps(case, REJECTED, SHOP)
    assert (event.kind, event.due_at, event.hint) == (kind, NOW + due_in, hint)
    kept = transition(case, event).case
    assert (kept.state, kept.rejection) == (State.ACTION_REQUIRED, Rejection.NOT_ALLOWED)
    sent = Event(EventKind.SEND_STARTED, NOW, due_at=NOW, person="Ann")
    assert transition(kept, sent).case.rejection is None, "asked for again, it is not rejected any more"


def test_other_rejections_are_the_end() -> None:
    shipped = evolve(REJECTED, rejection=Rejection.SHIPPED)
    assert rejection_with_steps(after(HOLD, state=State.SENDING), shipped, SHOP) is shipped
    assert rejection_with_steps(after(HOLD, StepOutcome.REFUSED, State.SENDING), REJECTED, SHOP) is REJECTED
    assert rejection_with_steps(make_case(State.SENDING), REJECTED, SHOP) is REJECTED


def test_a_way_that_closed_after_the_step_is_too_late() -> None:
    closed = Event(EventKind.UNSUPPORTED, NOW, message="Every route is closed")
    event = rejection_with_steps(after(HOLD), closed, SHOP)
    assert (event.kind, event.rejection, event.message) == (
        EventKind.ESCALATED,
        Rejection.TOO_LATE,
        "Every route is closed",
    )
