"""What follows from read-backs and from the passing of time; and that every event is legal where it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.cases.exchange import Certainty, Loss
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.policy.escalation import hand_over
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginFault
from orderdesk_sdk.orders.order import Placement, Role
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Refusal
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    ByCheck,
    ByPerson,
    ByReply,
    Portal,
    Route,
    SinceSubmission,
    WhileStatus,
)

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CHECKED = ByCheck(every=minutes(2), give_up=hours(24))
PLACED = Placement("shop", "1042", NOW - minutes(1), Role.FULFILLMENT)
PHONE = Portal("Call the warehouse.", ByPerson(hours(1)))
READABLE = (State.ASKED, State.UNCLEAR, State.AWAITING_PERSON)


def declared(*cancel: Route) -> Integration:
    return Integration(slug="acme", title="Acme", settings=object, base_url="endpoint", cancel=cancel)


KNOWN = declared(Button(CHECKED))


def case_in(state: State, **changes: Any) -> Case:
    due = NOW if state in OPEN else None
    case = Case("c1-1", "c1", "1", "1042", "shop", "acme", "1042", Role.FULFILLMENT, state, NOW, NOW, due, attempt=3)
    return evolve(case, **changes)


@pytest.mark.parametrize("state", READABLE)
@pytest.mark.parametrize("outcome", [Outcome.CANCELED, Outcome.PARTLY_CANCELED])
def test_a_read_back_is_proof(state: State, outcome: Outcome) -> None:
    answer = Answer(outcome, status="Cancelled", exchange=1)
    event = requesting.after_check(case_in(state), KNOWN, PLACED, answer, NOW)
    assert event.kind is EventKind(outcome.value)
    assert event.proof == Proof(ProofKind.READ_BACK, attempt=3, exchange=1)


@pytest.mark.parametrize("state", READABLE)
def test_a_refusal_that_is_read_back_settles_or_climbs_as_declared(state: State) -> None:
    answer = Answer(Outcome.REFUSED, Refusal.TOO_LATE, exchange=1)
    event = requesting.after_check(case_in(state), declared(Button(CHECKED), PHONE), PLACED, answer, NOW)
    assert (event.kind, event.refusal) == (EventKind.REFUSED, Refusal.TOO_LATE)
    assert event.proof == Proof(ProofKind.READ_BACK, attempt=3, exchange=1)
    climbs = declared(Button(CHECKED, climbs=frozenset({Refusal.TOO_LATE})), PHONE)
    assert requesting.after_check(case_in(state), climbs, PLACED, answer, NOW).route == 1


@pytest.mark.parametrize("outcome", [Outcome.ASKED, Outcome.PENDING])
def test_what_is_asked_and_undecided_is_read_again_but_no_later_than_the_patience(outcome: Outcome) -> None:
    answer = Answer(outcome, status="Processing", lines=(LineAnswer("1", 2, 0),))
    event = requesting.after_check(case_in(State.ASKED), KNOWN, PLACED, answer, NOW)
    assert (event.kind, event.due_at, event.status) == (EventKind.STILL_PENDING, NOW + minutes(2), "Processing")
    assert not event.resend
    soon = case_in(State.ASKED, give_up_at=NOW + seconds(20), repeatable=True)
    ended = requesting.after_check(soon, KNOWN, PLACED, answer, NOW)
    assert (ended.due_at, ended.resend) == (NOW + seconds(20), False)


def test_an_unclear_request_that_turns_out_to_have_arrived_is_asked() -> None:
    event = requesting.after_check(case_in(State.UNCLEAR), KNOWN, PLACED, Answer(Outcome.ASKED), NOW)
    assert (event.kind, event.give_up_at) == (EventKind.TOOK_NOTE, NOW + hours(24))
    by_person = declared(Button(ByPerson(hours(1))))
    handed = requesting.after_check(case_in(State.UNCLEAR), by_person, PLACED, Answer(Outcome.ASKED), NOW)
    assert (handed.kind, handed.due_at) == (EventKind.HAND_OVER, NOW + hours(1))


def test_an_unclear_request_is_sent_again_only_where_it_is_repeatable_and_at_most_three_times() -> None:
    pending = Answer(Outcome.PENDING)
    decided = {
        (repeatable, resends): requesting.after_check(
            case_in(State.UNCLEAR, repeatable=repeatable, resends=resends), KNOWN, PLACED, pending, NOW
        )
        for repeatable in (True, False)
        for resends in range(5)
    }
    assert [key for key, event in decided.items() if event.resend] == [(True, 0), (True, 1), (True, 2)]
    assert decided[True, 0].due_at == NOW
    assert decided[True, 3].kind is EventKind.HAND_OVER, "no machine sends it any more"


def test_at_most_three_resends_happen_whatever_the_service_loses() -> None:
    case = case_in(State.SENDING)
    sends = 1
    for _ in range(20):
        loss = Loss(Certainty.UNCLEAR, "ReadTimeout", repeatable=True)
        case = transition(case, requesting.after_loss(case, KNOWN, loss, NOW))
        case = transition(case, requesting.after_check(case, KNOWN, PLACED, Answer(Outcome.PENDING), NOW))
        if not case.resend:
            break
        case = transition(case, Event(EventKind.SEND, NOW, due_at=NOW))
        sends += 1
    assert sends == 4


def test_an_unclear_case_keeps_saying_why_while_nothing_is_decided() -> None:
    lost = case_in(State.UNCLEAR, text="the reply was lost", repeatable=True)
    event = requesting.after_check(lost, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    assert transition(lost, event).text == "the reply was lost"
    told = requesting.after_check(lost, KNOWN, PLACED, Answer(Outcome.PENDING, text="in a queue"), NOW)
    assert transition(lost, told).text == "in a queue"


def test_a_lost_request_that_is_not_sent_again_and_does_not_show_is_a_person_s_at_once_and_read_meanwhile() -> None:
    lost = case_in(State.UNCLEAR, text="the reply was lost", give_up_at=NOW + hours(24))
    event = requesting.after_check(lost, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    case = transition(lost, event)
    assert (case.state, case.due_at, case.remind_at) == (State.AWAITING_PERSON, NOW + minutes(2), NOW + hours(4))
    assert "the reply was lost; the service does not show it" in str(case.text)
    assert "send it again, or confirm or refuse" in str(case.remedy)
    assert not requesting.is_overdue(case, NOW + hours(3))
    later = NOW + minutes(2)
    read = transition(case, requesting.after_check(case, KNOWN, PLACED, Answer(Outcome.PENDING), later))
    assert (read.due_at, read.remind_at, read.text) == (NOW + minutes(4), NOW + hours(4), case.text)
    at = NOW + hours(4)
    assert requesting.is_overdue(read, at)
    reminder = requesting.overdue(read, KNOWN, PLACED, at)
    assert reminder is not None
    reminded = transition(read, reminder)
    assert (reminded.due_at, reminded.remind_at) == (at + minutes(2), at + hours(4))
    done = transition(
        reminded, requesting.after_check(reminded, KNOWN, PLACED, Answer(Outcome.CANCELED, exchange=1), at)
    )
    assert (done.state, done.remind_at) == (State.CANCELED, None)


def test_what_is_read_while_a_person_has_it_is_read_no_longer_than_the_declaration_says() -> None:
    case = case_in(State.AWAITING_PERSON, give_up_at=NOW, remind_at=NOW + hours(1), asked_at=NOW)
    event = requesting.after_check(case, KNOWN, PLACED, Answer(Outcome.PENDING), NOW)
    assert event.due_at == NOW + hours(1)
    reminder = requesting.overdue(case, KNOWN, PLACED, NOW + hours(1))
    assert reminder is not None
    assert (reminder.due_at, reminder.remind_at) == (NOW + hours(5), None)


def test_a_lost_request_whose_way_has_closed_is_not_sent_again_but_goes_the_next_way() -> None:
    ladder = declared(Button(CHECKED, SinceSubmission(seconds(30))), PHONE)
    lost = case_in(State.UNCLEAR, text="the reply was lost", repeatable=True)
    event = requesting.after_check(lost, ladder, PLACED, Answer(Outcome.PENDING), NOW)
    assert (event.kind, event.route, event.resend) == (EventKind.CLIMB, 1, False)
    single = declared(Button(CHECKED, SinceSubmission(seconds(30))))
    alone = requesting.after_check(lost, single, PLACED, Answer(Outcome.PENDING), NOW)
    assert (alone.kind, alone.resend) == (EventKind.HAND_OVER, False)


def test_that_a_second_request_was_refused_says_nothing_of_the_first() -> None:
    button = Button(CHECKED, climbs=frozenset({Refusal.TOO_LATE}))
    second = case_in(State.SENDING, asked_before=NOW - minutes(1), asked_at=NOW, repeatable=True)
    answer = Answer(Outcome.REFUSED, Refusal.TOO_LATE, text="it is being made")
    event = requesting.after_cancel(second, declared(button, PHONE), PLACED, answer, NOW)
    assert (event.kind, event.refusal, event.repeatable) == (EventKind.LOST, None, False)
    case = transition(second, event)
    assert "it was refused (it is being made), but an earlier request may have worked" in str(case.text)
    done = requesting.after_check(case, declared(button, PHONE), PLACED, Answer(Outcome.CANCELED, exchange=1), NOW)
    assert done.kind is EventKind.CANCELED


@pytest.mark.parametrize("outcome", [Outcome.NOT_DONE, Outcome.UNCLEAR])
@pytest.mark.parametrize("state", [State.ASKED, State.UNCLEAR])
def test_a_read_back_that_told_nothing_backs_off_within_the_patience(state: State, outcome: Outcome) -> None:
    events = [
        requesting.after_check(case_in(state, tries=tries), KNOWN, PLACED, Answer(outcome), NOW) for tries in (0, 2, 99)
    ]
    assert [event.kind for event in events] == [EventKind.CHECK_FAILED] * 3
    assert [event.due_at for event in events] == [NOW + seconds(15), NOW + seconds(60), NOW + minutes(10)]
    spent = case_in(state, tries=99, give_up_at=NOW + seconds(7))
    assert requesting.after_check(spent, KNOWN, PLACED, Answer(outcome), NOW).due_at == NOW + seconds(7)


@pytest.mark.parametrize("outcome", [Outcome.ASKED, Outcome.PENDING, Outcome.NOT_DONE, Outcome.UNCLEAR])
def test_a_read_back_leaves_a_persons_task_and_time_alone(outcome: Outcome) -> None:
    case = case_in(State.AWAITING_PERSON, text="Call the warehouse.", remedy="then confirm", give_up_at=NOW - hours(1))
    answer = Answer(outcome, status="Processing", text="the service answered 500", remedy="wait")
    event = requesting.after_check(case, declared(PHONE), PLACED, answer, NOW)
    assert (event.text, event.remedy, event.due_at) == ("Call the warehouse.", "then confirm", NOW + hours(1))
    assert event.status == "Processing"


def test_a_failing_plugin_leaves_a_persons_task_and_time_alone() -> None:
    case = case_in(State.AWAITING_PERSON, text="Call the warehouse.", remedy="then confirm", tries=9)
    event = requesting.after_fault(case, declared(PHONE), "boom", NOW, sent=False)
    assert (event.kind, event.fault, event.due_at) == (EventKind.CHECK_FAILED, "boom", NOW + hours(1))
    assert (event.text, event.remedy) == ("Call the warehouse.", "then confirm")


@pytest.mark.parametrize("refusal", Refusal)
def test_a_canceled_order_that_shipped_raises_the_alarm(refusal: Refusal) -> None:
    case = case_in(State.CANCELED, proof=Proof(ProofKind.READ_BACK))
    answer = Answer(Outcome.REFUSED, refusal, status="Complete", exchange=1)
    event = requesting.after_check(case, KNOWN, PLACED, answer, NOW)
    alarm = refusal in (Refusal.SHIPPED, Refusal.TOO_LATE)
    assert event.kind is (EventKind.SHIPPED if alarm else EventKind.STILL_PENDING)
    assert (transition(case, event).state is State.SHIPPED_ANYWAY) == alarm
    if alarm:
        assert event.proof == Proof(ProofKind.READ_BACK, attempt=3, exchange=1)
        assert "stop the parcel" in str(event.remedy)


@pytest.mark.parametrize("proof", [Proof(ProofKind.REPLY), Proof(ProofKind.READ_BACK), Proof(ProofKind.LINES)])
@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.REFUSED])
def test_a_canceled_order_stays_canceled_unless_it_was_read_so_and_is_read_alive(
    outcome: Outcome, proof: Proof
) -> None:
    case = case_in(State.CANCELED, proof=proof)
    event = requesting.after_check(case, KNOWN, PLACED, Answer(outcome), NOW)
    is_alive_again = outcome in (Outcome.ASKED, Outcome.PENDING) and proof.kind is not ProofKind.REPLY
    assert transition(case, event).state is (State.SHIPPED_ANYWAY if is_alive_again else State.CANCELED)


# The passing of time


@pytest.mark.parametrize("state", [State.ASKED, State.UNCLEAR])
def test_overdue_cases_climb_or_go_to_a_person(state: State) -> None:
    ladder = declared(Button(CHECKED), Button(CHECKED, SinceSubmission(seconds(1))), PHONE)
    patient = case_in(state, give_up_at=NOW + seconds(1))
    assert requesting.overdue(patient, ladder, PLACED, NOW) is None
    assert requesting.overdue(case_in(state), ladder, PLACED, NOW) is None
    spent = case_in(state, give_up_at=NOW, remedy="it is read back; nothing is sent again before that")
    climbed = requesting.overdue(spent, ladder, PLACED, NOW)
    assert climbed is not None
    assert (climbed.kind, climbed.route, climbed.due_at) == (EventKind.CLIMB, 2, NOW)
    handed = requesting.overdue(spent, KNOWN, PLACED, NOW)
    assert handed is not None
    assert (handed.kind, handed.due_at) == (EventKind.HAND_OVER, NOW + hours(4))
    assert handed.remedy == "find out at the service, then confirm or refuse this case"


def test_a_person_is_reminded_each_time_the_patience_passes_and_told_how_often_and_how_late_it_is() -> None:
    case = case_in(
        State.AWAITING_PERSON, text="Call (again).", remedy="then confirm", due_at=NOW + hours(1), waits_since=NOW
    )
    for number, late in enumerate(("due now", "1 h overdue", "2 h overdue"), start=1):
        now = NOW + hours(number)
        assert requesting.overdue(case, declared(PHONE), PLACED, now - seconds(1)) is None
        event = requesting.overdue(case, declared(PHONE), PLACED, now)
        assert event is not None
        assert (event.kind, event.due_at) == (EventKind.REMIND, now + hours(1))
        assert (event.text, event.remedy) == (f"Call (again). (reminder {number}: {late})", "then confirm")
        case = transition(case, event)
        assert (case.tries, case.waits_since) == (number, NOW)


def test_a_person_who_does_not_answer_is_followed_by_the_next_route() -> None:
    case = case_in(State.AWAITING_PERSON, due_at=NOW)
    event = requesting.overdue(case, declared(PHONE, Button(CHECKED)), PLACED, NOW)
    assert event is not None
    assert (event.kind, event.route) == (EventKind.CLIMB, 1)


@pytest.mark.parametrize("state", [State.REQUESTED, State.SENDING, State.CANCELED, State.REFUSED])
def test_nothing_else_is_overdue(state: State) -> None:
    assert requesting.overdue(case_in(state, give_up_at=NOW - hours(1)), KNOWN, PLACED, NOW) is None


def test_a_hand_over_by_hand_keeps_the_fault_and_says_what_to_do() -> None:
    event = hand_over(case_in(State.UNCLEAR, fault="boom", remedy="it is read back"), NOW, "nobody knows")
    assert (event.kind, event.text, event.fault) == (EventKind.HAND_OVER, "nobody knows", "boom")
    assert event.remedy == "find out at the service, then confirm or refuse this case"
    assert hand_over(case_in(State.REQUESTED), NOW, "bad number", "use the portal").remedy == "use the portal"


def test_a_lost_read_back_told_nothing() -> None:
    assert requesting.unread(Loss(Certainty.NOT_SENT, "refused")) == Answer(Outcome.UNCLEAR, text="refused")


# Whatever comes: the event is legal where it is made

SPANS = st.integers(-100_000, 100_000).map(lambda count: timedelta(seconds=count))
POSITIVE = st.integers(1, 100_000).map(lambda count: timedelta(seconds=count))
WINDOWS = st.one_of(
    st.just(Always()), st.builds(SinceSubmission, POSITIVE), st.just(WhileStatus({"new", "Picking"}, "x"))
)
CONFIRMS = st.one_of(
    st.just(ByReply()),
    st.builds(ByPerson, POSITIVE),
    st.builds(lambda every, more: ByCheck(every, every + more), POSITIVE, POSITIVE),
)
ROUTES = st.one_of(
    st.builds(Button, CONFIRMS, WINDOWS, st.frozensets(st.sampled_from(Refusal))),
    st.builds(Portal, st.just("call"), st.builds(ByPerson, POSITIVE), WINDOWS),
)
INTEGRATIONS = st.lists(ROUTES, max_size=3).map(lambda routes: declared(*routes))
PLACEMENTS = st.builds(
    lambda before, status: Placement("shop", "1042", NOW - before, Role.FULFILLMENT, status),
    POSITIVE,
    st.sampled_from([None, "NEW", "picking", "Gone", "\ud800"]),
)
WAITS = st.one_of(st.none(), SPANS, st.sampled_from([timedelta.max, timedelta.min, timedelta(0)]))
ANSWERS = st.builds(
    lambda outcome, refusal, wait: Answer(outcome, refusal if outcome is Outcome.REFUSED else None, retry_after=wait),
    st.sampled_from(Outcome),
    st.sampled_from(Refusal),
    WAITS,
)
ERRORS = st.sampled_from([ConfigurationError("is missing"), PluginFault("broken"), OrderDeskError("?")])


@st.composite
def cases(draw: st.DrawFn, states: tuple[State, ...]) -> Case:
    return case_in(
        draw(st.sampled_from(states)),
        route=draw(st.integers(0, 4)),
        tries=draw(st.integers(0, 5000)),
        resends=draw(st.integers(0, 4)),
        repeatable=draw(st.booleans()),
        resend=draw(st.booleans()),
        give_up_at=draw(st.one_of(st.none(), SPANS.map(lambda span: NOW + span))),
        asked_at=draw(st.sampled_from([None, NOW])),
        proof=Proof(ProofKind.READ_BACK),
    )


@pytest.mark.slow
@given(st.data(), INTEGRATIONS, PLACEMENTS)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_every_event_is_legal_for_the_case_it_was_made_for(
    data: st.DataObject, integration: Integration, placement: Placement
) -> None:
    def legal(case: Case, event: Event | None) -> None:
        if event is None:
            return
        after = transition(case, event)
        assert after.is_open == (after.due_at is not None)
        assert after.due_at is None or after.due_at <= NOW + timedelta(seconds=200_000), "nothing waits for ever"
        assert event.kind is not EventKind.CLIMB or after.route > case.route, "climbing goes up"

    answer = data.draw(ANSWERS)
    loss = data.draw(st.builds(Loss, st.sampled_from(Certainty), st.just("lost"), st.booleans()))
    requested = data.draw(cases((State.REQUESTED,)))
    legal(requested, requesting.begin(requested, integration, placement, NOW))
    sending = data.draw(cases((State.SENDING,)))
    legal(sending, requesting.after_cancel(sending, integration, placement, answer, NOW))
    legal(sending, requesting.after_loss(sending, integration, loss, NOW))
    read = data.draw(cases((*READABLE, State.CANCELED)))
    legal(read, requesting.after_check(read, integration, placement, answer, NOW))
    legal(read, requesting.after_check(read, integration, placement, requesting.unread(loss), NOW))
    opened = data.draw(cases(tuple(OPEN)))
    legal(opened, requesting.overdue(opened, integration, placement, NOW))
    anything = data.draw(cases((*OPEN, State.CANCELED)))
    declaration = data.draw(st.sampled_from([integration, None]))
    legal(anything, requesting.after_fault(anything, declaration, "boom", NOW, sent=data.draw(st.booleans())))
    legal(anything, requesting.unusable(anything, data.draw(ERRORS), NOW))
    handed = data.draw(cases((State.REQUESTED, State.SENDING, State.ASKED, State.UNCLEAR)))
    legal(handed, hand_over(handed, NOW, "why"))
