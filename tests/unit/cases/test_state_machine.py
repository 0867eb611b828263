"""The table of a case, event by event: what is legal, what each law demands, and what a change leaves behind."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import ALARMS, OPEN, SETTLED, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.state_machine import KINDS, TRANSITIONS, Event, EventKind, InvalidTransitionError, transition
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.errors import ConflictError, InvalidStateError
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection
from tests.support.builders import LATER, NOW, make_case

ALL_PAIRS = [(state, kind) for state in State for kind in EventKind]
VERDICTS = (EventKind.CANCELED, EventKind.PARTIALLY_CANCELED)


def event_of(kind: EventKind, **changes: Any) -> Event:
    """An event that satisfies every law."""
    event = Event(
        kind,
        NOW,
        due_at=LATER,
        person="Ann",
        rejection=Rejection.TOO_LATE if kind is EventKind.REJECTED else None,
        evidence=Evidence(EvidenceKind.PERSON, person="Ann") if kind in VERDICTS else None,
        route=1 if kind is EventKind.FELL_BACK else None,
    )
    return evolve(event, **changes)


TABLE = {(state, kind): after for (state, kind), after in TRANSITIONS.items() if kind in KINDS[CancelCase]}
"""What a cancel may do; `test_kinds_of_cases` looks at the other kinds."""


def test_a_sweep_over_every_pair_exercises_exactly_the_transitions_of_the_table() -> None:
    exercised: dict[tuple[State, EventKind], State] = {}
    for state, kind in ALL_PAIRS:
        try:
            exercised[state, kind] = transition(make_case(state), event_of(kind)).case.state
        except InvalidTransitionError:
            continue
    assert exercised == dict(TABLE)


@pytest.mark.parametrize(("state", "kind"), [pair for pair in ALL_PAIRS if pair not in TABLE])
def test_what_is_not_in_the_table_is_refused_and_says_what_is_possible(state: State, kind: EventKind) -> None:
    with pytest.raises(InvalidTransitionError) as refused:
        transition(make_case(state), event_of(kind))
    said = str(refused.value)
    assert refused.value.location == "case c1-1"
    assert kind.value in said
    assert state.value in said
    for other, possible in TABLE:
        if other is state:
            assert possible.value in said
    assert isinstance(refused.value, InvalidStateError)
    assert not isinstance(refused.value, ConflictError), "that would be another process, and tried again in silence"


def test_states_are_open_or_settled_and_every_open_one_has_a_way_out() -> None:
    assert set(State) == OPEN | SETTLED
    assert not OPEN & SETTLED
    assert ALARMS <= SETTLED
    settles = {state: {after for (before, _), after in TABLE.items() if before is state} for state in OPEN}
    assert all(afters & SETTLED for afters in settles.values()), settles


def test_settled_cases_change_only_to_the_alarm_or_are_read_again_while_canceled() -> None:
    loops = {(before, kind): after for (before, kind), after in TABLE.items() if before in SETTLED}
    assert loops == {
        (State.CANCELED, EventKind.POLL_STARTED): State.CANCELED,
        (State.CANCELED, EventKind.POLL_FAILED): State.CANCELED,
        (State.CANCELED, EventKind.STILL_PENDING): State.CANCELED,
        (State.CANCELED, EventKind.SHIPPED): State.SHIPPED_ANYWAY,
        (State.PARTIALLY_CANCELED, EventKind.SHIPPED): State.SHIPPED_ANYWAY,
    }


def test_only_verdicts_lead_to_canceled() -> None:
    for (before, kind), after in TABLE.items():
        if after in (State.CANCELED, State.PARTIALLY_CANCELED) and before is not after:
            assert kind in VERDICTS
            assert before is not State.PENDING, "nothing can be canceled before anybody was asked"


@pytest.mark.parametrize("kind", VERDICTS)
@pytest.mark.parametrize("state", [state for state in State if state in OPEN - {State.PENDING}])
def test_a_verdict_needs_evidence(state: State, kind: EventKind) -> None:
    with pytest.raises(InvalidTransitionError, match="no evidence"):
        transition(make_case(state), event_of(kind, evidence=None))
    after = transition(make_case(state), event_of(kind, lines=(LineAnswer("1", 2, 2),))).case
    assert after.evidence == Evidence(EvidenceKind.PERSON, person="Ann")
    assert after.lines == (LineAnswer("1", 2, 2),)
    assert after.due_at is None


@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_persons_word_needs_the_persons_name(name: str | None) -> None:
    with pytest.raises(ValueError, match="name"):
        Evidence(EvidenceKind.PERSON, person=name)


def test_a_refusal_says_why() -> None:
    with pytest.raises(InvalidTransitionError, match="event has no reason"):
        transition(make_case(State.SENDING), event_of(EventKind.REJECTED, rejection=None))


@pytest.mark.parametrize(("state", "kind"), [pair for pair, after in TABLE.items() if after in OPEN])
def test_an_open_case_needs_a_due_time(state: State, kind: EventKind) -> None:
    with pytest.raises(InvalidTransitionError, match="next action"):
        transition(make_case(state), event_of(kind, due_at=None))


def test_an_unclear_request_is_sent_again_only_after_a_read_back_or_by_a_person() -> None:
    unclear = make_case(State.UNKNOWN)
    with pytest.raises(InvalidTransitionError, match="may have been processed"):
        transition(unclear, event_of(EventKind.SEND_STARTED, person=None))
    assert transition(unclear, event_of(EventKind.SEND_STARTED)).case.state is State.SENDING
    read_back = transition(unclear, event_of(EventKind.STILL_PENDING, person=None, retry_allowed=True)).case
    again = transition(read_back, event_of(EventKind.SEND_STARTED, person=None)).case
    assert (again.state, again.retries, again.retry_allowed) == (State.SENDING, 1, False)


def test_permission_to_resend_does_not_outlive_the_next_event() -> None:
    allowed = make_case(State.UNKNOWN, retry_allowed=True)
    later = transition(allowed, event_of(EventKind.POLL_STARTED)).case
    with pytest.raises(InvalidTransitionError, match="may have been processed"):
        transition(later, event_of(EventKind.SEND_STARTED, person=None))


def test_a_person_who_has_the_case_decides_whether_it_is_sent() -> None:
    with pytest.raises(InvalidTransitionError, match="the case requires action of a person"):
        transition(make_case(State.ACTION_REQUIRED), event_of(EventKind.SEND_STARTED, person=None))


@pytest.mark.parametrize("state", [State.PENDING, State.ACTION_REQUIRED])
def test_a_wish_is_taken_back_only_before_anything_was_sent(state: State) -> None:
    assert transition(make_case(state), event_of(EventKind.WITHDRAWN)).case.state is State.WITHDRAWN
    with pytest.raises(InvalidTransitionError, match="sent already"):
        transition(make_case(state, last_sent_at=NOW), event_of(EventKind.WITHDRAWN))


def run(case: CancelCase, *kinds: EventKind) -> CancelCase:
    for number, kind in enumerate(kinds, start=1):
        case = transition(case, event_of(kind, at=NOW + seconds(number))).case
    return case


def test_a_request_that_was_proved_not_done_was_never_asked() -> None:
    sent = run(make_case(State.PENDING), EventKind.SEND_STARTED)
    assert sent.last_sent_at == NOW + seconds(1)
    back = run(sent, EventKind.NOT_PROCESSED, EventKind.SEND_STARTED, EventKind.NOT_PROCESSED)
    assert back.last_sent_at is None
    assert transition(back, event_of(EventKind.WITHDRAWN)).case.state is State.WITHDRAWN


@pytest.mark.parametrize(
    "earlier",
    [
        (EventKind.SEND_STARTED, EventKind.ACKNOWLEDGED, EventKind.FELL_BACK),
        (EventKind.SEND_STARTED, EventKind.OUTCOME_UNKNOWN, EventKind.FELL_BACK),
        (EventKind.SEND_STARTED, EventKind.ESCALATED, EventKind.FELL_BACK),
        (EventKind.SEND_STARTED, EventKind.OUTCOME_UNKNOWN),
    ],
)
def test_a_later_send_that_did_nothing_does_not_undo_what_an_earlier_one_asked(earlier: tuple[EventKind, ...]) -> None:
    case = run(make_case(State.PENDING), *earlier)
    back = run(case, EventKind.SEND_STARTED, EventKind.NOT_PROCESSED, EventKind.SEND_STARTED, EventKind.NOT_PROCESSED)
    assert (back.state, back.last_sent_at) == (State.PENDING, NOW + seconds(1))
    with pytest.raises(InvalidTransitionError, match="sent already"):
        transition(back, event_of(EventKind.WITHDRAWN))


def test_version_and_attempt_count_changes_and_beginnings() -> None:
    case = make_case(State.PENDING)
    steps = (
        EventKind.DEFERRED,
        EventKind.SEND_STARTED,
        EventKind.RESUMED,
        EventKind.ACKNOWLEDGED,
        EventKind.POLL_STARTED,
        EventKind.CANCELED,
    )
    seen = []
    for kind in steps:
        case = run(case, kind)
        seen.append((case.version, case.attempt))
    assert seen == [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2), (6, 2)]


def test_tries_count_in_a_row_and_start_anew_with_every_progress() -> None:
    case = run(
        make_case(State.PENDING),
        EventKind.SEND_STARTED,
        EventKind.NOT_PROCESSED,
        EventKind.SEND_STARTED,
        EventKind.NOT_PROCESSED,
    )
    assert case.consecutive_failures == 2
    assert run(case, EventKind.SEND_STARTED).consecutive_failures == 2
    assert run(case, EventKind.SEND_STARTED, EventKind.ACKNOWLEDGED).consecutive_failures == 0
    assert run(case, EventKind.FELL_BACK).consecutive_failures == 0
    asked = make_case(State.ACKNOWLEDGED)
    assert (
        run(
            asked, EventKind.POLL_STARTED, EventKind.POLL_FAILED, EventKind.POLL_STARTED, EventKind.POLL_FAILED
        ).consecutive_failures
        == 2
    )
    assert (
        run(
            asked, EventKind.POLL_STARTED, EventKind.POLL_FAILED, EventKind.POLL_STARTED, EventKind.STILL_PENDING
        ).consecutive_failures
        == 0
    )


def test_climbing_starts_the_next_route_with_fresh_patience_and_fresh_resends() -> None:
    case = make_case(State.UNKNOWN, retries=3, consecutive_failures=2, deadline=LATER, service_status="Processing")
    after = transition(case, event_of(EventKind.FELL_BACK, route=2)).case
    assert (after.route, after.retries, after.consecutive_failures, after.deadline) == (2, 0, 0, None)
    assert after.service_status == "Processing"


def test_patience_lasts_until_it_is_renewed_or_the_case_is_settled() -> None:
    case = make_case(State.ACKNOWLEDGED, deadline=LATER)
    assert transition(case, event_of(EventKind.POLL_STARTED)).case.deadline == LATER
    renewed = transition(case, event_of(EventKind.STILL_PENDING, deadline=LATER + hours(1))).case
    assert renewed.deadline == LATER + hours(1)
    assert transition(case, event_of(EventKind.CANCELED)).case.deadline is None


def test_technical_beginnings_keep_the_words_that_people_read() -> None:
    case = make_case(
        State.ACKNOWLEDGED, message="the service acknowledged it", hint="wait", plugin_error="KeyError: 'x'"
    )
    checked = transition(case, event_of(EventKind.POLL_STARTED)).case
    assert (checked.message, checked.hint, checked.plugin_error) == (
        "the service acknowledged it",
        "wait",
        "KeyError: 'x'",
    )
    said = transition(case, event_of(EventKind.STILL_PENDING, message="picking")).case
    assert (said.message, said.hint, said.plugin_error) == ("picking", None, None)


def test_a_request_is_repeatable_only_as_the_send_or_the_loss_says() -> None:
    sent = transition(make_case(State.PENDING), event_of(EventKind.SEND_STARTED, idempotent=True)).case
    assert sent.idempotent
    assert transition(sent, event_of(EventKind.RESUMED)).case.idempotent
    assert not transition(sent, event_of(EventKind.OUTCOME_UNKNOWN, idempotent=False)).case.idempotent


def test_a_refused_change_leaves_the_case_as_it_was() -> None:
    case = make_case(State.UNKNOWN)
    before = evolve(case)
    with pytest.raises(InvalidTransitionError):
        transition(case, event_of(EventKind.SEND_STARTED, person=None))
    assert case == before
