"""The table of a case, event by event: what is legal, what each law demands, and what a change leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import ALARMS, OPEN, SETTLED, Case, State
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.cases.state_machine import TRANSITIONS, Event, EventKind, IllegalTransition, transition
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = NOW + minutes(5)
ALL_PAIRS = [(state, kind) for state in State for kind in EventKind]
VERDICTS = (EventKind.CANCELED, EventKind.PARTLY_CANCELED)


def case_in(state: State, **changes: Any) -> Case:
    due = NOW if state in OPEN else None
    case = Case(
        "c1-1",
        "c1",
        "1",
        "1042",
        "mcf",
        "amazon-mcf",
        "1042",
        Role.FULFILLMENT,
        state,
        NOW,
        NOW,
        due,
        proof=Proof(ProofKind.READ_BACK, 1, 1) if state in (State.CANCELED, State.PARTLY_CANCELED) else None,
    )
    return evolve(case, **changes)


def event_of(kind: EventKind, **changes: Any) -> Event:
    """An event that satisfies every law."""
    event = Event(
        kind,
        NOW,
        due_at=LATER,
        person="Ann",
        refusal=Refusal.TOO_LATE if kind is EventKind.REFUSED else None,
        proof=Proof(ProofKind.PERSON, person="Ann") if kind in VERDICTS else None,
        route=1 if kind is EventKind.CLIMB else None,
    )
    return evolve(event, **changes)


def test_a_sweep_over_every_pair_exercises_exactly_the_transitions_of_the_table() -> None:
    exercised: dict[tuple[State, EventKind], State] = {}
    for state, kind in ALL_PAIRS:
        try:
            exercised[state, kind] = transition(case_in(state), event_of(kind)).state
        except IllegalTransition:
            continue
    assert exercised == dict(TRANSITIONS)


@pytest.mark.parametrize(("state", "kind"), [pair for pair in ALL_PAIRS if pair not in TRANSITIONS])
def test_what_is_not_in_the_table_is_refused_and_says_what_is_possible(state: State, kind: EventKind) -> None:
    with pytest.raises(IllegalTransition) as refused:
        transition(case_in(state), event_of(kind))
    said = str(refused.value)
    assert refused.value.place == "case c1-1"
    assert kind.value in said
    assert state.value in said
    for other, possible in TRANSITIONS:
        if other is state:
            assert possible.value in said
    assert isinstance(refused.value, ConflictError)


def test_states_are_open_or_settled_and_every_open_one_has_a_way_out() -> None:
    assert set(State) == OPEN | SETTLED
    assert not OPEN & SETTLED
    assert ALARMS <= SETTLED
    settles = {state: {after for (before, _), after in TRANSITIONS.items() if before is state} for state in OPEN}
    assert all(afters & SETTLED for afters in settles.values()), settles


def test_settled_cases_change_only_to_the_alarm_or_are_read_again_while_canceled() -> None:
    loops = {(before, kind): after for (before, kind), after in TRANSITIONS.items() if before in SETTLED}
    assert loops == {
        (State.CANCELED, EventKind.CHECK): State.CANCELED,
        (State.CANCELED, EventKind.CHECK_FAILED): State.CANCELED,
        (State.CANCELED, EventKind.STILL_PENDING): State.CANCELED,
        (State.CANCELED, EventKind.SHIPPED): State.SHIPPED_ANYWAY,
        (State.PARTLY_CANCELED, EventKind.SHIPPED): State.SHIPPED_ANYWAY,
    }


def test_only_verdicts_lead_to_canceled() -> None:
    for (before, kind), after in TRANSITIONS.items():
        if after in (State.CANCELED, State.PARTLY_CANCELED) and before is not after:
            assert kind in VERDICTS
            assert before is not State.REQUESTED, "nothing can be canceled before anybody was asked"


@pytest.mark.parametrize("kind", VERDICTS)
@pytest.mark.parametrize("state", [state for state in State if state in OPEN - {State.REQUESTED}])
def test_a_verdict_needs_evidence(state: State, kind: EventKind) -> None:
    with pytest.raises(IllegalTransition, match="no evidence"):
        transition(case_in(state), event_of(kind, proof=None))
    after = transition(case_in(state), event_of(kind, lines=(LineAnswer("1", 2, 2),)))
    assert after.proof == Proof(ProofKind.PERSON, person="Ann")
    assert after.lines == (LineAnswer("1", 2, 2),)
    assert after.due_at is None


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_persons_word_needs_the_persons_name(name: str | None) -> None:
    with pytest.raises(ValueError, match="name"):
        Proof(ProofKind.PERSON, person=name)


def test_a_refusal_says_why() -> None:
    with pytest.raises(IllegalTransition, match="says not why"):
        transition(case_in(State.SENDING), event_of(EventKind.REFUSED, refusal=None))


@pytest.mark.parametrize(("state", "kind"), [pair for pair, after in TRANSITIONS.items() if after in OPEN])
def test_an_open_case_needs_a_due_time(state: State, kind: EventKind) -> None:
    with pytest.raises(IllegalTransition, match="next action"):
        transition(case_in(state), event_of(kind, due_at=None))


def test_an_unclear_request_is_sent_again_only_after_a_read_back_or_by_a_person() -> None:
    unclear = case_in(State.UNCLEAR)
    with pytest.raises(IllegalTransition, match="may have worked"):
        transition(unclear, event_of(EventKind.SEND, person=None))
    assert transition(unclear, event_of(EventKind.SEND)).state is State.SENDING
    read_back = transition(unclear, event_of(EventKind.STILL_PENDING, person=None, resend=True))
    again = transition(read_back, event_of(EventKind.SEND, person=None))
    assert (again.state, again.resends, again.resend) == (State.SENDING, 1, False)


def test_permission_to_resend_does_not_outlive_the_next_event() -> None:
    allowed = case_in(State.UNCLEAR, resend=True)
    later = transition(allowed, event_of(EventKind.CHECK))
    with pytest.raises(IllegalTransition, match="may have worked"):
        transition(later, event_of(EventKind.SEND, person=None))


def test_a_person_who_has_the_case_decides_whether_it_is_sent() -> None:
    with pytest.raises(IllegalTransition, match="a person has the case"):
        transition(case_in(State.AWAITING_PERSON), event_of(EventKind.SEND, person=None))


@pytest.mark.parametrize("state", [State.REQUESTED, State.AWAITING_PERSON])
def test_a_wish_is_taken_back_only_before_anything_was_sent(state: State) -> None:
    assert transition(case_in(state), event_of(EventKind.WITHDRAW)).state is State.WITHDRAWN
    with pytest.raises(IllegalTransition, match="already left"):
        transition(case_in(state, asked_at=NOW), event_of(EventKind.WITHDRAW))


def run(case: Case, *kinds: EventKind) -> Case:
    for number, kind in enumerate(kinds, start=1):
        case = transition(case, event_of(kind, at=NOW + seconds(number)))
    return case


def test_a_request_that_was_proved_not_done_was_never_asked() -> None:
    sent = run(case_in(State.REQUESTED), EventKind.SEND)
    assert sent.asked_at == NOW + seconds(1)
    back = run(sent, EventKind.NOT_DONE, EventKind.SEND, EventKind.NOT_DONE)
    assert back.asked_at is None
    assert transition(back, event_of(EventKind.WITHDRAW)).state is State.WITHDRAWN


@pytest.mark.parametrize(
    "earlier",
    [
        (EventKind.SEND, EventKind.TOOK_NOTE, EventKind.CLIMB),
        (EventKind.SEND, EventKind.LOST, EventKind.CLIMB),
        (EventKind.SEND, EventKind.HAND_OVER, EventKind.CLIMB),
        (EventKind.SEND, EventKind.LOST),
    ],
)
def test_a_later_send_that_did_nothing_does_not_undo_what_an_earlier_one_asked(earlier: tuple[EventKind, ...]) -> None:
    case = run(case_in(State.REQUESTED), *earlier)
    back = run(case, EventKind.SEND, EventKind.NOT_DONE, EventKind.SEND, EventKind.NOT_DONE)
    assert (back.state, back.asked_at) == (State.REQUESTED, NOW + seconds(1))
    with pytest.raises(IllegalTransition, match="already left"):
        transition(back, event_of(EventKind.WITHDRAW))


def test_version_and_attempt_count_changes_and_beginnings() -> None:
    case = case_in(State.REQUESTED)
    steps = (EventKind.WAIT, EventKind.SEND, EventKind.RESUME, EventKind.TOOK_NOTE, EventKind.CHECK, EventKind.CANCELED)
    seen = []
    for kind in steps:
        case = run(case, kind)
        seen.append((case.version, case.attempt))
    assert seen == [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)]


def test_tries_count_in_a_row_and_start_anew_with_every_progress() -> None:
    case = run(case_in(State.REQUESTED), EventKind.SEND, EventKind.NOT_DONE, EventKind.SEND, EventKind.NOT_DONE)
    assert case.tries == 2
    assert run(case, EventKind.SEND).tries == 2
    assert run(case, EventKind.SEND, EventKind.TOOK_NOTE).tries == 0
    assert run(case, EventKind.CLIMB).tries == 0
    asked = case_in(State.ASKED)
    assert run(asked, EventKind.CHECK, EventKind.CHECK_FAILED, EventKind.CHECK, EventKind.CHECK_FAILED).tries == 2
    assert run(asked, EventKind.CHECK, EventKind.CHECK_FAILED, EventKind.CHECK, EventKind.STILL_PENDING).tries == 0


def test_climbing_starts_the_next_route_with_fresh_patience_and_fresh_resends() -> None:
    case = case_in(State.UNCLEAR, resends=3, tries=2, give_up_at=LATER, status="Processing")
    after = transition(case, event_of(EventKind.CLIMB, route=2))
    assert (after.route, after.resends, after.tries, after.give_up_at) == (2, 0, 0, None)
    assert after.status == "Processing"


def test_patience_lasts_until_it_is_renewed_or_the_case_is_settled() -> None:
    case = case_in(State.ASKED, give_up_at=LATER)
    assert transition(case, event_of(EventKind.CHECK)).give_up_at == LATER
    renewed = transition(case, event_of(EventKind.STILL_PENDING, give_up_at=LATER + hours(1)))
    assert renewed.give_up_at == LATER + hours(1)
    assert transition(case, event_of(EventKind.CANCELED)).give_up_at is None


def test_technical_beginnings_keep_the_words_that_people_read() -> None:
    case = case_in(State.ASKED, text="the service took note", remedy="wait", fault="KeyError: 'x'")
    checked = transition(case, event_of(EventKind.CHECK))
    assert (checked.text, checked.remedy, checked.fault) == ("the service took note", "wait", "KeyError: 'x'")
    said = transition(case, event_of(EventKind.STILL_PENDING, text="picking"))
    assert (said.text, said.remedy, said.fault) == ("picking", None, None)


def test_a_request_is_repeatable_only_as_the_send_or_the_loss_says() -> None:
    sent = transition(case_in(State.REQUESTED), event_of(EventKind.SEND, repeatable=True))
    assert sent.repeatable
    assert transition(sent, event_of(EventKind.RESUME)).repeatable
    assert not transition(sent, event_of(EventKind.LOST, repeatable=False)).repeatable


def test_a_refused_change_leaves_the_case_as_it_was() -> None:
    case = case_in(State.UNCLEAR)
    before = evolve(case)
    with pytest.raises(IllegalTransition):
        transition(case, event_of(EventKind.SEND, person=None))
    assert case == before
