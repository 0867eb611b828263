"""What follows from polls and from the passing of time; and that every event is legal where it is made."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Certainty, TransportLoss
from orderdesk_sdk.cases.policy import failures, polling, requesting
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    WhileStatus,
    WithinTime,
)
from tests.support.builders import BY_PHONE, NOW, PLACED, POLLING, acme, make_case

READABLE = (State.ACKNOWLEDGED, State.UNKNOWN, State.ACTION_REQUIRED)


case_in = partial(make_case, attempt=3)
KNOWN = acme(Button(POLLING))


@pytest.mark.parametrize("state", READABLE)
@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTIALLY_CANCELED])
def test_a_read_back_is_proof(state: State, outcome: Outcome) -> None:
    answer = Answer(outcome, status="Cancelled", exchange=1)
    event = polling.after_poll(case_in(state), KNOWN, PLACED, answer, NOW)
    assert event.kind is EventKind(outcome.value)
    assert event.evidence == Evidence(EvidenceKind.POLLED_STATUS, attempt=3, exchange=1)


@pytest.mark.parametrize("state", READABLE)
def test_a_refusal_that_is_read_back_settles_or_climbs_as_declared(state: State) -> None:
    answer = Answer(Outcome.REJECTED, Rejection.TOO_LATE, exchange=1)
    event = polling.after_poll(case_in(state), acme(Button(POLLING), BY_PHONE), PLACED, answer, NOW)
    assert (event.kind, event.rejection) == (EventKind.REJECTED, Rejection.TOO_LATE)
    assert event.evidence == Evidence(EvidenceKind.POLLED_STATUS, attempt=3, exchange=1)
    fallback_on = acme(Button(POLLING, fallback_on=frozenset({Rejection.TOO_LATE})), BY_PHONE)
    assert polling.after_poll(case_in(state), fallback_on, PLACED, answer, NOW).route == 1


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.PENDING])
def test_what_is_asked_and_undecided_is_read_again_but_no_later_than_the_patience(outcome: Outcome) -> None:
    answer = Answer(outcome, status="Processing", lines=(LineAnswer("1", 2, 0),))
    event = polling.after_poll(case_in(State.ACKNOWLEDGED), KNOWN, PLACED, answer, NOW)
    assert (event.kind, event.due_at, event.service_status) == (EventKind.STILL_PENDING, NOW + minutes(2), "Processing")
    assert not event.retry_allowed
    soon = case_in(State.ACKNOWLEDGED, deadline=NOW + seconds(20), idempotent=True)
    ended = polling.after_poll(soon, KNOWN, PLACED, answer, NOW)
    assert (ended.due_at, ended.retry_allowed) == (NOW + seconds(20), False)


def test_an_unclear_request_that_turns_out_to_have_arrived_is_asked() -> None:
    event = polling.after_poll(case_in(State.UNKNOWN), KNOWN, PLACED, Answer(Outcome.ACKNOWLEDGED), NOW)
    assert (event.kind, event.deadline) == (EventKind.ACKNOWLEDGED, NOW + hours(24))
    by_person = acme(Button(ManualConfirmation(hours(1))))
    handed = polling.after_poll(case_in(State.UNKNOWN), by_person, PLACED, Answer(Outcome.ACKNOWLEDGED), NOW)
    assert (handed.kind, handed.due_at) == (EventKind.ESCALATED, NOW + hours(1))


def test_an_unclear_request_is_sent_again_only_where_it_is_repeatable_and_at_most_three_times() -> None:
    pending = Answer(Outcome.PENDING)
    decided = {
        (repeatable, resends): polling.after_poll(
            case_in(State.UNKNOWN, idempotent=repeatable, retries=resends), KNOWN, PLACED, pending, NOW
        )
        for repeatable in (True, False)
        for resends in range(5)
    }
    assert [key for key, event in decided.items() if event.retry_allowed] == [(True, 0), (True, 1), (True, 2)]
    assert decided[True, 0].due_at == NOW
    assert decided[True, 3].kind is EventKind.ESCALATED, "no machine sends it any more"


def test_at_most_three_resends_happen_whatever_the_service_loses() -> None:
    case = case_in(State.SENDING)
    sends = 1
    for _ in range(20):
        loss = TransportLoss(Certainty.UNKNOWN, "ReadTimeout", idempotent=True)
        case = transition(case, failures.after_loss(case, KNOWN, loss, NOW)).case
        case = transition(case, polling.after_poll(case, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)).case
        if not case.retry_allowed:
            break
        case = transition(case, Event(EventKind.SEND_STARTED, NOW, due_at=NOW)).case
        sends += 1
    assert sends == 4


def test_an_unclear_case_keeps_saying_why_while_nothing_is_decided() -> None:
    lost = case_in(State.UNKNOWN, message="the response was lost", idempotent=True)
    event = polling.after_poll(lost, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    assert transition(lost, event).case.message == "the response was lost"
    told = polling.after_poll(lost, KNOWN, PLACED, Answer(Outcome.PENDING, message="in a queue"), NOW)
    assert transition(lost, told).case.message == "in a queue"


def test_a_lost_request_that_is_not_sent_again_and_does_not_show_is_a_person_s_at_once_and_read_meanwhile() -> None:
    lost = case_in(State.UNKNOWN, message="the response was lost", deadline=NOW + hours(24))
    event = polling.after_poll(lost, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    case = transition(lost, event).case
    assert (case.state, case.due_at, case.remind_at) == (State.ACTION_REQUIRED, NOW + minutes(2), NOW + hours(4))
    assert "the response was lost; the service does not show the request" in str(case.message)
    assert "send the request again, or confirm or reject" in str(case.hint)
    assert not polling.is_overdue(case, NOW + hours(3))
    later = NOW + minutes(2)
    read = transition(case, polling.after_poll(case, KNOWN, PLACED, Answer(Outcome.PENDING), later)).case
    assert (read.due_at, read.remind_at, read.message) == (NOW + minutes(4), NOW + hours(4), case.message)
    at = NOW + hours(4)
    assert polling.is_overdue(read, at)
    reminder = polling.on_deadline(read, KNOWN, PLACED, at)
    assert reminder is not None
    reminded = transition(read, reminder).case
    assert (reminded.due_at, reminded.remind_at) == (at + minutes(2), at + hours(4))
    done = transition(
        reminded, polling.after_poll(reminded, KNOWN, PLACED, Answer(Outcome.CANCELED, exchange=1), at)
    ).case
    assert (done.state, done.remind_at) == (State.CANCELED, None)


def test_what_is_read_while_a_person_has_it_is_read_no_longer_than_the_declaration_says() -> None:
    case = case_in(State.ACTION_REQUIRED, deadline=NOW, remind_at=NOW + hours(1), last_sent_at=NOW)
    event = polling.after_poll(case, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    assert event.due_at == NOW + hours(1)
    reminder = polling.on_deadline(case, KNOWN, PLACED, NOW + hours(1))
    assert reminder is not None
    assert (reminder.due_at, reminder.remind_at) == (NOW + hours(5), None)


def test_a_lost_request_whose_way_has_closed_is_not_sent_again_but_goes_the_next_way() -> None:
    routes = acme(Button(POLLING, WithinTime(seconds(30))), BY_PHONE)
    lost = case_in(State.UNKNOWN, message="the response was lost", idempotent=True)
    event = polling.after_poll(lost, routes, PLACED, Answer(Outcome.PENDING), NOW)
    assert (event.kind, event.route, event.retry_allowed) == (EventKind.FELL_BACK, 1, False)
    single = acme(Button(POLLING, WithinTime(seconds(30))))
    alone = polling.after_poll(lost, single, PLACED, Answer(Outcome.PENDING), NOW)
    assert (alone.kind, alone.retry_allowed) == (EventKind.ESCALATED, False)


def test_that_a_second_request_was_refused_says_nothing_of_the_first() -> None:
    button = Button(POLLING, fallback_on=frozenset({Rejection.TOO_LATE}))
    second = case_in(State.SENDING, previously_sent_at=NOW - minutes(1), last_sent_at=NOW, idempotent=True)
    answer = Answer(Outcome.REJECTED, Rejection.TOO_LATE, message="it is being made")
    event = requesting.after_cancel(second, acme(button, BY_PHONE), PLACED, answer, NOW)
    assert (event.kind, event.rejection, event.idempotent) == (EventKind.OUTCOME_UNKNOWN, None, False)
    case = transition(second, event).case
    assert "The service rejected the request (it is being made), but an earlier request may have been processed" in str(
        case.message
    )
    done = polling.after_poll(case, acme(button, BY_PHONE), PLACED, Answer(Outcome.CANCELED, exchange=1), NOW)
    assert done.kind is EventKind.CANCELED


@pytest.mark.parametrize("outcome", [Outcome.NOT_PROCESSED, Outcome.UNKNOWN])
@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.UNKNOWN])
def test_a_read_back_that_told_nothing_backs_off_within_the_patience(state: State, outcome: Outcome) -> None:
    events = [
        polling.after_poll(case_in(state, consecutive_failures=tries), KNOWN, PLACED, Answer(outcome), NOW)
        for tries in (0, 2, 99)
    ]
    assert [event.kind for event in events] == [EventKind.POLL_FAILED] * 3
    assert [event.due_at for event in events] == [NOW + seconds(15), NOW + seconds(60), NOW + minutes(10)]
    spent = case_in(state, consecutive_failures=99, deadline=NOW + seconds(7))
    assert polling.after_poll(spent, KNOWN, PLACED, Answer(outcome), NOW).due_at == NOW + seconds(7)


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.PENDING, Outcome.NOT_PROCESSED, Outcome.UNKNOWN])
def test_a_read_back_leaves_a_persons_task_and_time_alone(outcome: Outcome) -> None:
    case = case_in(State.ACTION_REQUIRED, message="Call the warehouse.", hint="then confirm", deadline=NOW - hours(1))
    answer = Answer(outcome, status="Processing", message="the service answered 500", hint="wait")
    event = polling.after_poll(case, acme(BY_PHONE), PLACED, answer, NOW)
    assert (event.message, event.hint, event.due_at) == ("Call the warehouse.", "then confirm", NOW + hours(1))
    assert event.service_status == "Processing"


def test_a_failing_plugin_leaves_a_persons_task_and_time_alone() -> None:
    case = case_in(State.ACTION_REQUIRED, message="Call the warehouse.", hint="then confirm", consecutive_failures=9)
    event = failures.after_plugin_error(case, acme(BY_PHONE), "boom", NOW, may_have_sent=False)
    assert (event.kind, event.plugin_error, event.due_at) == (EventKind.POLL_FAILED, "boom", NOW + hours(1))
    assert (event.message, event.hint) == ("Call the warehouse.", "then confirm")


@pytest.mark.parametrize("rejection", Rejection)
def test_a_canceled_order_that_shipped_raises_the_alarm(rejection: Rejection) -> None:
    case = case_in(State.CANCELED, evidence=Evidence(EvidenceKind.POLLED_STATUS))
    answer = Answer(Outcome.REJECTED, rejection, status="Complete", exchange=1)
    event = polling.after_poll(case, KNOWN, PLACED, answer, NOW)
    alarm = rejection in (Rejection.SHIPPED, Rejection.TOO_LATE)
    assert event.kind is (EventKind.SHIPPED if alarm else EventKind.STILL_PENDING)
    assert (transition(case, event).case.state is State.SHIPPED_ANYWAY) == alarm
    if alarm:
        assert event.evidence == Evidence(EvidenceKind.POLLED_STATUS, attempt=3, exchange=1)
        assert "stop the parcel" in str(event.hint)


@pytest.mark.parametrize(
    "proof",
    [Evidence(EvidenceKind.RESPONSE), Evidence(EvidenceKind.POLLED_STATUS), Evidence(EvidenceKind.LINE_QUANTITIES)],
)
@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.REJECTED])
def test_a_canceled_order_stays_canceled_unless_it_was_read_so_and_is_read_alive(
    outcome: Outcome, proof: Evidence
) -> None:
    case = case_in(State.CANCELED, evidence=proof)
    event = polling.after_poll(case, KNOWN, PLACED, Answer(outcome), NOW)
    is_alive_again = outcome in (Outcome.ACKNOWLEDGED, Outcome.PENDING) and proof.kind is not EvidenceKind.RESPONSE
    assert transition(case, event).case.state is (State.SHIPPED_ANYWAY if is_alive_again else State.CANCELED)


# The passing of time


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.UNKNOWN])
def test_overdue_cases_climb_or_go_to_a_person(state: State) -> None:
    routes = acme(Button(POLLING), Button(POLLING, WithinTime(seconds(1))), BY_PHONE)
    patient = case_in(state, deadline=NOW + seconds(1))
    assert polling.on_deadline(patient, routes, PLACED, NOW) is None
    assert polling.on_deadline(case_in(state), routes, PLACED, NOW) is None
    spent = case_in(state, deadline=NOW, hint="The order's status is polled before anything is sent again")
    climbed = polling.on_deadline(spent, routes, PLACED, NOW)
    assert climbed is not None
    assert (climbed.kind, climbed.route, climbed.due_at) == (EventKind.FELL_BACK, 2, NOW)
    handed = polling.on_deadline(spent, KNOWN, PLACED, NOW)
    assert handed is not None
    assert (handed.kind, handed.due_at) == (EventKind.ESCALATED, NOW + hours(4))
    assert handed.hint == "find out at the service, then confirm or reject this case"


def test_a_person_is_reminded_each_time_the_patience_passes_and_told_how_often_and_how_late_it_is() -> None:
    case = case_in(
        State.ACTION_REQUIRED,
        message="Call (again).",
        hint="then confirm",
        due_at=NOW + hours(1),
        action_required_since=NOW,
    )
    for number, late in enumerate(("due now", "1 h overdue", "2 h overdue"), start=1):
        now = NOW + hours(number)
        assert polling.on_deadline(case, acme(BY_PHONE), PLACED, now - seconds(1)) is None
        event = polling.on_deadline(case, acme(BY_PHONE), PLACED, now)
        assert event is not None
        assert (event.kind, event.due_at) == (EventKind.REMINDED, now + hours(1))
        assert (event.message, event.hint) == (f"Call (again). (reminder {number}: {late})", "then confirm")
        case = transition(case, event).case
        assert (case.reminders, case.consecutive_failures, case.action_required_since) == (number, number, NOW)


def test_a_person_who_does_not_answer_is_followed_by_the_next_route() -> None:
    case = case_in(State.ACTION_REQUIRED, due_at=NOW)
    event = polling.on_deadline(case, acme(BY_PHONE, Button(POLLING)), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.route) == (EventKind.FELL_BACK, 1)


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.CANCELED, State.REJECTED])
def test_nothing_else_is_overdue(state: State) -> None:
    assert polling.on_deadline(case_in(state, deadline=NOW - hours(1)), KNOWN, PLACED, NOW) is None


def test_a_hand_over_by_hand_keeps_the_fault_and_says_what_to_do() -> None:
    event = escalate(case_in(State.UNKNOWN, plugin_error="boom", hint="it is polled"), NOW, "nobody knows")
    assert (event.kind, event.message, event.plugin_error) == (EventKind.ESCALATED, "nobody knows", "boom")
    assert event.hint == "find out at the service, then confirm or reject this case"
    assert escalate(case_in(State.PENDING), NOW, "bad number", "use the portal").hint == "use the portal"


def test_a_lost_read_back_told_nothing() -> None:
    assert polling.answer_of_lost_poll(TransportLoss(Certainty.NOT_SENT, "refused")) == Answer(
        Outcome.UNKNOWN, message="refused"
    )


# Whatever comes: the event is legal where it is made

SPANS = st.integers(-100_000, 100_000).map(lambda count: timedelta(seconds=count))
POSITIVE = st.integers(1, 100_000).map(lambda count: timedelta(seconds=count))
WINDOWS = st.one_of(st.just(Always()), st.builds(WithinTime, POSITIVE), st.just(WhileStatus({"new", "Picking"}, "x")))
CONFIRMS = st.one_of(
    st.just(FinalResponse()),
    st.builds(ManualConfirmation, POSITIVE),
    st.builds(lambda every, more: Polling(every, every + more), POSITIVE, POSITIVE),
)
ROUTES = st.one_of(
    st.builds(Button, CONFIRMS, WINDOWS, st.frozensets(st.sampled_from(Rejection))),
    st.builds(Portal, st.just("call"), st.builds(ManualConfirmation, POSITIVE), WINDOWS),
)
INTEGRATIONS = st.lists(ROUTES, max_size=3).map(lambda routes: acme(*routes))
REMOTE_ORDERS = st.builds(
    lambda before, status: RemoteOrder("shop", "1042", NOW - before, ConnectionRole.FULFILLMENT, status),
    POSITIVE,
    st.sampled_from([None, "NEW", "picking", "Gone", "\ud800"]),
)
WAITS = st.one_of(st.none(), SPANS, st.sampled_from([timedelta.max, timedelta.min, timedelta(0)]))
ANSWERS = st.builds(
    lambda outcome, rejection, wait: Answer(
        outcome, rejection if outcome is Outcome.REJECTED else None, retry_after=wait
    ),
    st.sampled_from(Outcome),
    st.sampled_from(Rejection),
    WAITS,
)
ERRORS = st.sampled_from([ConfigurationError("is missing"), PluginError("broken"), OrderDeskError("?")])


@st.composite
def cases(draw: st.DrawFn, states: tuple[State, ...]) -> CancelCase:
    return case_in(
        draw(st.sampled_from(states)),
        route=draw(st.integers(0, 4)),
        consecutive_failures=draw(st.integers(0, 5000)),
        retries=draw(st.integers(0, 4)),
        idempotent=draw(st.booleans()),
        retry_allowed=draw(st.booleans()),
        deadline=draw(st.one_of(st.none(), SPANS.map(lambda span: NOW + span))),
        last_sent_at=draw(st.sampled_from([None, NOW])),
        evidence=Evidence(EvidenceKind.POLLED_STATUS),
    )


@pytest.mark.slow
@given(st.data(), INTEGRATIONS, REMOTE_ORDERS)
@settings(max_examples=200)
def test_every_event_is_legal_for_the_case_it_was_made_for(
    data: st.DataObject, integration: Integration, remote_order: RemoteOrder
) -> None:
    def legal(case: CancelCase, event: Event | None) -> None:
        if event is None:
            return
        after = transition(case, event).case
        assert after.is_open == (after.due_at is not None)
        assert after.due_at is None or after.due_at <= NOW + timedelta(seconds=200_000), "nothing waits for ever"
        assert event.kind is not EventKind.FELL_BACK or after.route > case.route, "climbing goes up"

    answer = data.draw(ANSWERS)
    loss = data.draw(st.builds(TransportLoss, st.sampled_from(Certainty), st.just("lost"), st.booleans()))
    requested = data.draw(cases((State.PENDING,)))
    legal(requested, requesting.next_step(requested, integration, remote_order, NOW))
    sending = data.draw(cases((State.SENDING,)))
    legal(sending, requesting.after_cancel(sending, integration, remote_order, answer, NOW))
    legal(sending, failures.after_loss(sending, integration, loss, NOW))
    read = data.draw(cases((*READABLE, State.CANCELED)))
    legal(read, polling.after_poll(read, integration, remote_order, answer, NOW))
    legal(read, polling.after_poll(read, integration, remote_order, polling.answer_of_lost_poll(loss), NOW))
    opened = data.draw(cases(tuple(OPEN)))
    legal(opened, polling.on_deadline(opened, integration, remote_order, NOW))
    anything = data.draw(cases((*OPEN, State.CANCELED)))
    declaration = data.draw(st.sampled_from([integration, None]))
    legal(
        anything,
        failures.after_plugin_error(anything, declaration, "boom", NOW, may_have_sent=data.draw(st.booleans())),
    )
    legal(anything, failures.on_connection_error(anything, data.draw(ERRORS), NOW))
    handed = data.draw(cases((State.PENDING, State.SENDING, State.ACKNOWLEDGED, State.UNKNOWN)))
    legal(handed, escalate(handed, NOW, "why"))


def test_reminders_are_counted_by_the_case_and_not_by_what_a_text_says() -> None:
    task = "Call them (reminder 9: of the day)"
    case = case_in(State.ACTION_REQUIRED, message=task, due_at=NOW, action_required_since=NOW - hours(1))
    for number, now in enumerate((NOW, NOW + hours(1)), start=1):
        event = polling.on_deadline(case, acme(BY_PHONE), PLACED, now)
        assert event is not None
        case = transition(case, event).case
        assert (case.reminders, str(case.message).partition(" (reminder 9: of the day) ")[2][:13]) == (
            number,
            f"(reminder {number}: ",
        )
    answered = transition(case, Event(EventKind.FELL_BACK, NOW, due_at=NOW, route=1)).case
    assert answered.reminders == 0
