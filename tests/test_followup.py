"""What follows from answers, losses and time, branch by branch; law 5 lives here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.cases.exchange import Certainty, Loss
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.policy.deadlines import SOON
from orderdesk_sdk.cases.state_machine import EventKind, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError, PluginFault
from orderdesk_sdk.orders.order import Placement, Role
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Refusal
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import (
    Button,
    ByCheck,
    ByPerson,
    ByReply,
    Confirmation,
    Portal,
    Route,
    SinceSubmission,
    WhileStatus,
)

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CHECKED = ByCheck(every=minutes(2), give_up=hours(24))
PLACED = Placement("shop", "1042", NOW - minutes(1), Role.FULFILLMENT)
PHONE = Portal("Call the warehouse.", ByPerson(hours(1)))


def declared(*cancel: Route) -> Integration:
    return Integration(slug="acme", title="Acme", settings=object, base_url="endpoint", cancel=cancel)


def case_in(state: State, **changes: Any) -> Case:
    due = NOW if state in OPEN else None
    case = Case("c1-1", "c1", "1", "1042", "shop", "acme", "1042", Role.FULFILLMENT, state, NOW, NOW, due, attempt=3)
    return evolve(case, **changes)


SENDING = case_in(State.SENDING)


# Requested: what to do first


def test_an_open_button_is_pressed() -> None:
    assert requesting.begin(case_in(State.REQUESTED), declared(Button(CHECKED)), PLACED, NOW) is None


def test_without_a_declared_way_a_person_must_do_it() -> None:
    event = requesting.begin(case_in(State.REQUESTED), declared(), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.due_at) == (EventKind.HAND_OVER, NOW + hours(4))
    assert "Acme declares no way" in str(event.text)
    assert "by hand" in str(event.remedy)


def test_a_closed_window_climbs_to_the_next_open_route() -> None:
    ladder = declared(Button(CHECKED, SinceSubmission(seconds(30))), Button(CHECKED, WhileStatus({"new"}, "x")), PHONE)
    event = requesting.begin(case_in(State.REQUESTED), ladder, evolve(PLACED, status="Packing"), NOW)
    assert event is not None
    assert (event.kind, event.route, event.due_at) == (EventKind.CLIMB, 2, NOW)


def test_when_every_window_is_closed_nothing_is_possible_and_the_reason_is_said() -> None:
    ladder = declared(Button(CHECKED, SinceSubmission(seconds(30))))
    event = requesting.begin(case_in(State.REQUESTED), ladder, PLACED, NOW)
    assert event is not None
    assert (event.kind, event.due_at) == (EventKind.NO_ROUTE, None)
    assert "closed 30 s after it was submitted" in str(event.text)


def test_it_is_not_called_impossible_while_an_earlier_request_may_still_work() -> None:
    ladder = declared(Button(CHECKED), Button(CHECKED, SinceSubmission(seconds(30))))
    event = requesting.begin(case_in(State.REQUESTED, route=1, asked_at=NOW), ladder, PLACED, NOW)
    assert event is not None
    assert event.kind is EventKind.HAND_OVER
    assert "earlier request may still work" in str(event.text)


def test_a_portal_hands_its_instruction_to_a_person() -> None:
    event = requesting.begin(case_in(State.REQUESTED), declared(PHONE), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.text, event.due_at) == (EventKind.HAND_OVER, "Call the warehouse.", NOW + hours(1))


def test_a_request_that_was_turned_away_for_a_day_goes_to_a_person() -> None:
    case = case_in(State.REQUESTED, give_up_at=NOW, text="throttled", remedy="wait; it is tried again")
    event = requesting.begin(case, declared(Button(CHECKED)), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.text) == (EventKind.HAND_OVER, "throttled")
    assert "confirm or refuse" in str(event.remedy), "waiting is over; the earlier remedy is no help any more"
    early = requesting.begin(evolve(case, give_up_at=NOW + seconds(1)), declared(Button(CHECKED)), PLACED, NOW)
    assert early is None


def test_a_ladder_that_became_shorter_than_the_case_is_high_ends_without_a_crash() -> None:
    short = declared(Button(ByReply()))
    event = requesting.begin(case_in(State.REQUESTED, route=3), short, PLACED, NOW)
    assert event is not None
    assert event.kind is EventKind.NO_ROUTE
    answered = requesting.after_cancel(evolve(SENDING, route=3), short, PLACED, Answer(Outcome.CANCELED), NOW)
    assert answered.kind is EventKind.HAND_OVER, "nobody declares any more that this reply is final"


# Sending: what a cancel flow's answer amounts to


@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTLY_CANCELED])
def test_a_final_reply_is_a_verdict_with_its_exchange_as_proof(outcome: Outcome) -> None:
    answer = Answer(outcome, status="Voided", lines=(LineAnswer("1", 2, 1),), exchange=2)
    event = requesting.after_cancel(SENDING, declared(Button(ByReply())), PLACED, answer, NOW)
    assert event.kind is EventKind(outcome.value)
    assert event.proof == Proof(ProofKind.REPLY, attempt=3, exchange=2)
    assert (event.status, event.lines) == ("Voided", (LineAnswer("1", 2, 1),))


@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTLY_CANCELED, Outcome.ASKED, Outcome.PENDING])
def test_law_5_what_is_read_back_is_only_asked_whatever_the_reply_claims(outcome: Outcome) -> None:
    event = requesting.after_cancel(SENDING, declared(Button(CHECKED)), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.proof, event.give_up_at) == (EventKind.TOOK_NOTE, None, NOW + hours(24))
    assert event.due_at == NOW + (minutes(2) if outcome is Outcome.ASKED else seconds(5))


@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTLY_CANCELED, Outcome.ASKED, Outcome.PENDING])
def test_law_5_where_a_person_confirms_the_reply_decides_nothing(outcome: Outcome) -> None:
    route = Button(ByPerson(hours(2)))
    event = requesting.after_cancel(SENDING, declared(route), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.proof, event.due_at) == (EventKind.HAND_OVER, None, NOW + hours(2))


@pytest.mark.parametrize("outcome", [Outcome.ASKED, Outcome.PENDING])
def test_a_reply_that_should_be_final_and_is_not_goes_to_a_person(outcome: Outcome) -> None:
    event = requesting.after_cancel(SENDING, declared(Button(ByReply())), PLACED, Answer(outcome), NOW)
    assert (event.kind, event.due_at) == (EventKind.HAND_OVER, NOW + hours(4))


def test_a_refusal_settles_with_reason_and_proof() -> None:
    answer = Answer(Outcome.REFUSED, Refusal.SHIPPED, status="Complete", text="gone", exchange=1)
    event = requesting.after_cancel(SENDING, declared(Button(CHECKED), PHONE), PLACED, answer, NOW)
    assert (event.kind, event.refusal, event.text) == (EventKind.REFUSED, Refusal.SHIPPED, "gone")
    assert event.proof == Proof(ProofKind.REPLY, attempt=3, exchange=1)


def test_a_climbable_refusal_leads_to_the_next_open_route_and_settles_where_there_is_none() -> None:
    button = Button(CHECKED, climbs=frozenset({Refusal.TOO_LATE}))
    closed = Button(CHECKED, SinceSubmission(seconds(1)))
    answer = Answer(Outcome.REFUSED, Refusal.TOO_LATE, status="Planning")
    event = requesting.after_cancel(SENDING, declared(button, closed, PHONE), PLACED, answer, NOW)
    assert (event.kind, event.route, event.due_at, event.status) == (EventKind.CLIMB, 2, NOW, "Planning")
    alone = requesting.after_cancel(SENDING, declared(button, closed), PLACED, answer, NOW)
    assert (alone.kind, alone.refusal) == (EventKind.REFUSED, Refusal.TOO_LATE)


def test_being_turned_away_backs_off_and_the_patience_starts_with_the_first_time() -> None:
    waits = []
    case = SENDING
    for _ in range(8):
        event = requesting.after_cancel(case, declared(Button(CHECKED)), PLACED, Answer(Outcome.NOT_DONE), NOW)
        assert event.kind is EventKind.NOT_DONE
        assert event.due_at is not None
        waits.append((event.due_at - NOW).total_seconds())
        case = evolve(transition(case, event), state=State.SENDING)
        assert case.give_up_at == NOW + hours(24)
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
    answer = Answer(Outcome.NOT_DONE, retry_after=asked)
    turned = requesting.after_cancel(SENDING, declared(Button(CHECKED)), PLACED, answer, NOW)
    assert turned.due_at == NOW + waits
    unread = requesting.after_check(case_in(State.ASKED), declared(Button(CHECKED)), PLACED, answer, NOW)
    assert unread.due_at == NOW + waits


def test_no_wait_is_longer_than_the_patience() -> None:
    case = evolve(SENDING, give_up_at=NOW + minutes(1))
    answer = Answer(Outcome.NOT_DONE, retry_after=hours(3))
    assert requesting.after_cancel(case, declared(Button(CHECKED)), PLACED, answer, NOW).due_at == NOW + minutes(1)


@pytest.mark.parametrize(
    ("confirm", "patience"), [(CHECKED, hours(24)), (ByCheck(minutes(1), hours(2)), hours(2)), (ByReply(), hours(24))]
)
def test_a_reply_that_does_not_tell_is_unclear_and_read_back_soon(confirm: Confirmation, patience: timedelta) -> None:
    answer = Answer(Outcome.UNCLEAR, text="the service answered 502")
    case = evolve(SENDING, repeatable=True)
    event = requesting.after_cancel(case, declared(Button(confirm)), PLACED, answer, NOW)
    assert (event.kind, event.due_at, event.give_up_at) == (EventKind.LOST, NOW + seconds(5), NOW + patience)
    assert event.repeatable
    assert not requesting.after_cancel(SENDING, declared(Button(confirm)), PLACED, answer, NOW).repeatable


@pytest.mark.parametrize("certainty", Certainty)
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_lost_call_is_what_its_failure_proves(certainty: Certainty, repeatable: bool) -> None:
    event = requesting.after_loss(SENDING, declared(Button(CHECKED)), Loss(certainty, "ReadTimeout", repeatable), NOW)
    unclear = certainty is Certainty.UNCLEAR
    assert event.kind is (EventKind.LOST if unclear else EventKind.NOT_DONE)
    assert event.repeatable == (unclear and repeatable)
    assert event.text == "ReadTimeout"


@pytest.mark.parametrize(("asked", "waits"), [(seconds(35), seconds(35)), (hours(900), hours(24))])
@pytest.mark.parametrize("certainty", Certainty)
def test_what_was_turned_away_is_not_asked_again_before_the_service_wants_it(
    certainty: Certainty, asked: timedelta, waits: timedelta
) -> None:
    loss = Loss(certainty, "throttled", retry_after=asked)
    event = requesting.after_loss(SENDING, declared(Button(CHECKED)), loss, NOW)
    assert (event.kind is EventKind.LOST, event.due_at) == (certainty is Certainty.UNCLEAR, NOW + waits)
    read = requesting.after_check(case_in(State.ASKED), declared(Button(CHECKED)), PLACED, requesting.unread(loss), NOW)
    assert (read.kind, read.due_at) == (EventKind.CHECK_FAILED, NOW + waits)


def test_an_unclear_case_is_read_back_no_sooner_than_soon_whatever_the_service_asks() -> None:
    loss = Loss(Certainty.UNCLEAR, "throttled", retry_after=seconds(1))
    event = requesting.after_loss(SENDING, declared(Button(CHECKED)), loss, NOW)
    assert event.due_at == NOW + SOON


# A plugin's own error


def test_a_fault_after_a_request_had_left_is_unclear_else_a_person_gets_it() -> None:
    known = declared(Button(CHECKED))
    lost = requesting.after_fault(SENDING, known, "KeyError: 'x'", NOW, sent=True)
    assert (lost.kind, lost.fault, lost.repeatable) == (EventKind.LOST, "KeyError: 'x'", False)
    for event in (
        requesting.after_fault(SENDING, known, "boom", NOW, sent=False),
        requesting.after_fault(SENDING, None, "boom", NOW, sent=True),
        requesting.after_fault(case_in(State.REQUESTED), known, "boom", NOW, sent=False),
    ):
        assert (event.kind, event.fault, event.due_at) == (EventKind.HAND_OVER, "boom", NOW + hours(4))


@pytest.mark.parametrize("state", [State.ASKED, State.UNCLEAR])
def test_a_read_back_that_keeps_failing_goes_to_a_person_after_three_times(state: State) -> None:
    kinds = [
        requesting.after_fault(case_in(state, tries=tries), declared(Button(CHECKED)), "boom", NOW, sent=False).kind
        for tries in range(4)
    ]
    assert kinds == [EventKind.CHECK_FAILED] * 3 + [EventKind.HAND_OVER]


@pytest.mark.parametrize("tries", [0, 1, 50])
def test_a_canceled_case_stays_canceled_when_its_read_back_fails(tries: int) -> None:
    event = requesting.after_fault(case_in(State.CANCELED, tries=tries), None, "boom", NOW, sent=False)
    assert (event.kind, event.fault) == (EventKind.CHECK_FAILED, "boom")


def test_a_connection_that_cannot_be_used_is_looked_at_again_for_a_day() -> None:
    error = ConfigurationError("is missing", place="refresh_token", remedy="set it")
    event = requesting.unusable(case_in(State.REQUESTED), error, NOW)
    assert (event.kind, event.due_at, event.remedy) == (EventKind.WAIT, NOW + minutes(10), "set it")
    assert (event.give_up_at, event.fault) == (NOW + hours(24), None)
    spent = requesting.unusable(case_in(State.REQUESTED, give_up_at=NOW), error, NOW)
    assert spent.kind is EventKind.HAND_OVER
    assert "a person must do it" in str(spent.text)


@pytest.mark.parametrize(
    ("state", "config", "fault"),
    [
        (State.REQUESTED, EventKind.WAIT, EventKind.HAND_OVER),
        (State.SENDING, EventKind.HAND_OVER, EventKind.HAND_OVER),
        (State.ASKED, EventKind.CHECK_FAILED, EventKind.CHECK_FAILED),
        (State.UNCLEAR, EventKind.CHECK_FAILED, EventKind.CHECK_FAILED),
        (State.AWAITING_PERSON, EventKind.REMIND, EventKind.REMIND),
        (State.CANCELED, EventKind.CHECK_FAILED, EventKind.CHECK_FAILED),
    ],
)
def test_what_an_unusable_connection_does_to_each_state(state: State, config: EventKind, fault: EventKind) -> None:
    case = case_in(state)
    for error, kind in ((ConfigurationError("is missing"), config), (PluginFault("broken"), fault)):
        event = requesting.unusable(case, error, NOW)
        assert event.kind is kind
        assert (event.fault is not None) == isinstance(error, PluginFault)
        assert transition(case, event).state in (case.state, State.AWAITING_PERSON)
