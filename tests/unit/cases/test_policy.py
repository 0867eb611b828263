"""What follows from answers, losses and time, branch by branch; law 5 lives here."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Certainty, TransportLoss
from orderdesk_sdk.cases.policy import failures, polling, read_first, requesting
from orderdesk_sdk.cases.policy.deadlines import FIRST_POLL_DELAY
from orderdesk_sdk.cases.policy.read_first import NoResult
from orderdesk_sdk.cases.state_machine import EventKind, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError, PluginError
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.routes import (
    Button,
    Confirmation,
    FinalResponse,
    ManualConfirmation,
    Polling,
    WhileStatus,
    WithinTime,
)
from tests.support.builders import BY_PHONE, NOW, PLACED, POLLING, acme, make_case

case_in = partial(make_case, attempt=3)
SENDING = case_in(State.SENDING)


# Requested: what to do first


def test_an_open_button_is_pressed() -> None:
    assert requesting.next_step(case_in(State.PENDING), acme(Button(POLLING)), PLACED, NOW) is None


def test_without_a_declared_way_a_person_must_do_it() -> None:
    event = requesting.next_step(case_in(State.PENDING), acme(), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.due_at) == (EventKind.ESCALATED, NOW + hours(4))
    assert "Acme declares no route" in str(event.message)
    assert "by hand" in str(event.hint)


def test_a_closed_window_climbs_to_the_next_open_route() -> None:
    routes = acme(Button(POLLING, WithinTime(seconds(30))), Button(POLLING, WhileStatus({"new"}, "x")), BY_PHONE)
    event = requesting.next_step(case_in(State.PENDING), routes, evolve(PLACED, status="Packing"), NOW)
    assert event is not None
    assert (event.kind, event.route, event.due_at) == (EventKind.FELL_BACK, 2, NOW)


def test_when_every_window_is_closed_nothing_is_possible_and_the_reason_is_said() -> None:
    routes = acme(Button(POLLING, WithinTime(seconds(30))))
    event = requesting.next_step(case_in(State.PENDING), routes, PLACED, NOW)
    assert event is not None
    assert (event.kind, event.due_at) == (EventKind.UNSUPPORTED, None)
    assert "closed 30 s after the submission" in str(event.message)


def test_it_is_not_called_impossible_while_an_earlier_request_may_still_work() -> None:
    routes = acme(Button(POLLING), Button(POLLING, WithinTime(seconds(30))))
    event = requesting.next_step(case_in(State.PENDING, route=1, last_sent_at=NOW), routes, PLACED, NOW)
    assert event is not None
    assert event.kind is EventKind.ESCALATED
    assert "earlier request may still be processed" in str(event.message)


def test_a_portal_hands_its_instruction_to_a_person() -> None:
    event = requesting.next_step(case_in(State.PENDING), acme(BY_PHONE), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.message, event.due_at) == (EventKind.ESCALATED, "Call the warehouse.", NOW + hours(1))


def test_a_request_that_was_turned_away_for_a_day_goes_to_a_person() -> None:
    case = case_in(State.PENDING, deadline=NOW, message="throttled", hint="wait; it is tried again")
    event = requesting.next_step(case, acme(Button(POLLING)), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.message) == (EventKind.ESCALATED, "throttled")
    assert "confirm or reject" in str(event.hint), "waiting is over; the earlier hint is no help any more"
    early = requesting.next_step(evolve(case, deadline=NOW + seconds(1)), acme(Button(POLLING)), PLACED, NOW)
    assert early is None


def test_a_ladder_that_became_shorter_than_the_case_is_high_ends_without_a_crash() -> None:
    short = acme(Button(FinalResponse()))
    event = requesting.next_step(case_in(State.PENDING, route=3), short, PLACED, NOW)
    assert event is not None
    assert event.kind is EventKind.UNSUPPORTED
    answered = requesting.after_cancel(evolve(SENDING, route=3), short, PLACED, Answer(Outcome.CANCELED), NOW)
    assert answered.kind is EventKind.ESCALATED, "nobody declares any more that this response is final"


# Sending: what a cancel flow's answer amounts to


@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTIALLY_CANCELED])
def test_a_final_reply_is_a_verdict_with_its_exchange_as_proof(outcome: Outcome) -> None:
    answer = Answer(outcome, status="Voided", lines=(LineAnswer("1", 2, 1),), exchange=2)
    event = requesting.after_cancel(SENDING, acme(Button(FinalResponse())), PLACED, answer, NOW)
    assert event.kind is EventKind(outcome.value)
    assert event.evidence == Evidence(EvidenceKind.RESPONSE, attempt=3, exchange=2)
    assert (event.service_status, event.lines) == ("Voided", (LineAnswer("1", 2, 1),))


@pytest.mark.parametrize(
    "outcome", [Outcome.CANCELED, Outcome.PARTIALLY_CANCELED, Outcome.ACKNOWLEDGED, Outcome.PENDING]
)
def test_law_5_what_is_read_back_is_only_asked_whatever_the_reply_claims(outcome: Outcome) -> None:
    event = requesting.after_cancel(SENDING, acme(Button(POLLING)), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.evidence, event.deadline) == (EventKind.ACKNOWLEDGED, None, NOW + hours(24))
    assert event.due_at == NOW + (minutes(2) if outcome is Outcome.ACKNOWLEDGED else seconds(5))


@pytest.mark.parametrize(
    "outcome", [Outcome.CANCELED, Outcome.PARTIALLY_CANCELED, Outcome.ACKNOWLEDGED, Outcome.PENDING]
)
def test_law_5_where_a_person_confirms_the_reply_decides_nothing(outcome: Outcome) -> None:
    route = Button(ManualConfirmation(hours(2)))
    event = requesting.after_cancel(SENDING, acme(route), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.evidence, event.due_at) == (EventKind.ESCALATED, None, NOW + hours(2))


@pytest.mark.parametrize("outcome", [Outcome.ACKNOWLEDGED, Outcome.PENDING])
def test_a_reply_that_should_be_final_and_is_not_goes_to_a_person(outcome: Outcome) -> None:
    event = requesting.after_cancel(SENDING, acme(Button(FinalResponse())), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.due_at) == (EventKind.ESCALATED, NOW + hours(4))


def test_a_refusal_settles_with_reason_and_proof() -> None:
    answer = Answer(Outcome.REJECTED, Rejection.SHIPPED, status="Complete", message="gone", exchange=1)
    event = requesting.after_cancel(SENDING, acme(Button(POLLING), BY_PHONE), PLACED, answer, NOW)
    assert (event.kind, event.rejection, event.message) == (EventKind.REJECTED, Rejection.SHIPPED, "gone")
    assert event.evidence == Evidence(EvidenceKind.RESPONSE, attempt=3, exchange=1)


def test_a_climbable_refusal_leads_to_the_next_open_route_and_settles_where_there_is_none() -> None:
    button = Button(POLLING, fallback_on=frozenset({Rejection.TOO_LATE}))
    closed = Button(POLLING, WithinTime(seconds(1)))
    answer = Answer(Outcome.REJECTED, Rejection.TOO_LATE, status="Planning")
    event = requesting.after_cancel(SENDING, acme(button, closed, BY_PHONE), PLACED, answer, NOW)
    assert (event.kind, event.route, event.due_at, event.service_status) == (EventKind.FELL_BACK, 2, NOW, "Planning")
    alone = requesting.after_cancel(SENDING, acme(button, closed), PLACED, answer, NOW)
    assert (alone.kind, alone.rejection) == (EventKind.REJECTED, Rejection.TOO_LATE)


def test_being_turned_away_backs_off_and_the_patience_starts_with_the_first_time() -> None:
    waits = []
    case = SENDING
    for _ in range(8):
        event = requesting.after_cancel(case, acme(Button(POLLING)), PLACED, Answer(Outcome.NOT_PROCESSED), NOW)
        assert event.kind is EventKind.NOT_PROCESSED
        assert event.due_at is not None
        waits.append((event.due_at - NOW).total_seconds())
        case = evolve(transition(case, event).case, state=State.SENDING)
        assert case.deadline == NOW + hours(24)
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (seconds(90), seconds(90)),
        (hours(3), hours(3)),
        (timedelta(days=36_500), hours(24)),
        (timedelta.max, hours(24)),
        (timedelta(0), seconds(15)),
        (seconds(-5), seconds(15)),
    ],
)
def test_a_service_that_asks_to_be_left_alone_is_but_nothing_waits_for_years(
    asked: timedelta, waits: timedelta
) -> None:
    answer = Answer(Outcome.NOT_PROCESSED, retry_after=asked)
    turned = requesting.after_cancel(SENDING, acme(Button(POLLING)), PLACED, answer, NOW)
    assert turned.due_at == NOW + waits
    unread = polling.after_poll(case_in(State.ACKNOWLEDGED), acme(Button(POLLING)), PLACED, answer, NOW)
    assert unread.due_at == NOW + waits


def test_no_wait_is_longer_than_the_patience() -> None:
    case = evolve(SENDING, deadline=NOW + minutes(1))
    answer = Answer(Outcome.NOT_PROCESSED, retry_after=hours(3))
    assert requesting.after_cancel(case, acme(Button(POLLING)), PLACED, answer, NOW).due_at == NOW + minutes(1)


@pytest.mark.parametrize(
    ("confirm", "patience"),
    [(POLLING, hours(24)), (Polling(minutes(1), hours(2)), hours(2)), (FinalResponse(), hours(24))],
)
def test_a_reply_that_does_not_tell_is_unclear_and_read_back_soon(confirm: Confirmation, patience: timedelta) -> None:
    answer = Answer(Outcome.UNKNOWN, message="the service answered 502")
    case = evolve(SENDING, idempotent=True)
    event = requesting.after_cancel(case, acme(Button(confirm)), PLACED, answer, NOW)
    assert (event.kind, event.due_at, event.deadline) == (EventKind.OUTCOME_UNKNOWN, NOW + seconds(5), NOW + patience)
    assert event.idempotent
    assert not requesting.after_cancel(SENDING, acme(Button(confirm)), PLACED, answer, NOW).idempotent


@pytest.mark.parametrize("certainty", Certainty)
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_lost_call_is_what_its_failure_proves(certainty: Certainty, repeatable: bool) -> None:
    event = failures.after_loss(
        SENDING, acme(Button(POLLING)), TransportLoss(certainty, "ReadTimeout", repeatable), NOW
    )
    unclear = certainty is Certainty.UNKNOWN
    assert event.kind is (EventKind.OUTCOME_UNKNOWN if unclear else EventKind.NOT_PROCESSED)
    assert event.idempotent == (unclear and repeatable)
    assert event.message == "ReadTimeout"


@pytest.mark.parametrize(("asked", "waits"), [(seconds(35), seconds(35)), (hours(900), hours(24))])
@pytest.mark.parametrize("certainty", Certainty)
def test_what_was_turned_away_is_not_asked_again_before_the_service_wants_it(
    certainty: Certainty, asked: timedelta, waits: timedelta
) -> None:
    loss = TransportLoss(certainty, "throttled", retry_after=asked)
    event = failures.after_loss(SENDING, acme(Button(POLLING)), loss, NOW)
    assert (event.kind is EventKind.OUTCOME_UNKNOWN, event.due_at) == (certainty is Certainty.UNKNOWN, NOW + waits)
    read = polling.after_poll(
        case_in(State.ACKNOWLEDGED),
        acme(Button(POLLING)),
        PLACED,
        polling.answer_of_lost_poll(loss),
        NOW,
    )
    assert (read.kind, read.due_at) == (EventKind.POLL_FAILED, NOW + waits)


def test_an_unclear_case_is_read_back_no_sooner_than_soon_whatever_the_service_asks() -> None:
    loss = TransportLoss(Certainty.UNKNOWN, "throttled", retry_after=seconds(1))
    event = failures.after_loss(SENDING, acme(Button(POLLING)), loss, NOW)
    assert event.due_at == NOW + FIRST_POLL_DELAY


# A plugin's own error


def test_a_fault_after_a_request_had_left_is_unclear_else_a_person_gets_it() -> None:
    known = acme(Button(POLLING))
    lost = failures.after_plugin_error(SENDING, known, "KeyError: 'x'", NOW, may_have_sent=True)
    assert (lost.kind, lost.plugin_error, lost.idempotent) == (EventKind.OUTCOME_UNKNOWN, "KeyError: 'x'", False)
    for event in (
        failures.after_plugin_error(SENDING, known, "boom", NOW, may_have_sent=False),
        failures.after_plugin_error(SENDING, None, "boom", NOW, may_have_sent=True),
        failures.after_plugin_error(case_in(State.PENDING), known, "boom", NOW, may_have_sent=False),
    ):
        assert (event.kind, event.plugin_error, event.due_at) == (EventKind.ESCALATED, "boom", NOW + hours(4))


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.UNKNOWN])
def test_a_read_back_that_keeps_failing_goes_to_a_person_after_three_times(state: State) -> None:
    kinds = [
        failures.after_plugin_error(
            case_in(state, consecutive_failures=tries),
            acme(Button(POLLING)),
            "boom",
            NOW,
            may_have_sent=False,
        ).kind
        for tries in range(4)
    ]
    assert kinds == [EventKind.POLL_FAILED] * 3 + [EventKind.ESCALATED]


@pytest.mark.parametrize("tries", [0, 1, 50])
def test_a_canceled_case_stays_canceled_when_its_read_back_fails(tries: int) -> None:
    event = failures.after_plugin_error(
        case_in(State.CANCELED, consecutive_failures=tries), None, "boom", NOW, may_have_sent=False
    )
    assert (event.kind, event.plugin_error) == (EventKind.POLL_FAILED, "boom")


def test_a_connection_that_cannot_be_used_is_looked_at_again_for_a_day() -> None:
    error = ConfigurationError("is missing", location="refresh_token", hint="set it")
    event = failures.on_connection_error(case_in(State.PENDING), error, NOW)
    assert (event.kind, event.due_at, event.hint) == (EventKind.DEFERRED, NOW + minutes(10), "set it")
    assert (event.deadline, event.plugin_error) == (NOW + hours(24), None)
    spent = failures.on_connection_error(case_in(State.PENDING, deadline=NOW), error, NOW)
    assert spent.kind is EventKind.ESCALATED
    assert "a person must cancel the order" in str(spent.message)


@pytest.mark.parametrize(
    ("state", "config", "fault"),
    [
        (State.PENDING, EventKind.DEFERRED, EventKind.ESCALATED),
        (State.SENDING, EventKind.ESCALATED, EventKind.ESCALATED),
        (State.ACKNOWLEDGED, EventKind.POLL_FAILED, EventKind.POLL_FAILED),
        (State.UNKNOWN, EventKind.POLL_FAILED, EventKind.POLL_FAILED),
        (State.ACTION_REQUIRED, EventKind.REMINDED, EventKind.REMINDED),
        (State.CANCELED, EventKind.POLL_FAILED, EventKind.POLL_FAILED),
    ],
)
def test_what_an_unusable_connection_does_to_each_state(state: State, config: EventKind, fault: EventKind) -> None:
    case = case_in(state)
    for error, kind in ((ConfigurationError("is missing"), config), (PluginError("broken"), fault)):
        event = failures.on_connection_error(case, error, NOW)
        assert event.kind is kind
        assert (event.plugin_error is not None) == isinstance(error, PluginError)
        assert transition(case, event).case.state in (case.state, State.ACTION_REQUIRED)


# A quota that is used up


@pytest.mark.parametrize("certainty", [Certainty.NOT_SENT, Certainty.NOT_PROCESSED], ids=["a write", "a read"])
def test_the_day_until_a_quota_opens_is_none_of_the_time_in_which_a_cancel_is_tried(certainty: Certainty) -> None:
    case = evolve(SENDING, deadline=NOW + hours(2))
    loss = TransportLoss(certainty, "not today", retry_after=hours(20), not_today=True)
    event = failures.after_loss(case, acme(Button(POLLING)), loss, NOW)
    assert (event.kind, event.due_at, event.deadline) == (
        EventKind.NOT_PROCESSED,
        NOW + hours(20),
        NOW + hours(44),
    )


@pytest.mark.parametrize("since", [hours(0), hours(23), hours(30)], ids=["new", "nearly given up", "given up"])
def test_the_same_holds_for_what_is_read_first(since: timedelta) -> None:
    case = evolve(SENDING, deadline=NOW + hours(24) - since)
    why = NoResult("not today", retry_after=hours(20), not_today=True)
    event = read_first.after_no_result(case, why, NOW, may_exist=False, find_out_hint="find out")
    assert (event.kind, event.due_at, event.deadline) == (
        EventKind.NOT_PROCESSED,
        NOW + hours(20),
        NOW + hours(44),
    )
