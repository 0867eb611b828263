"""A status change and a resubmission by the one table of transitions: what can happen to them, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, Case, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import KINDS, TRANSITIONS, Event, EventKind, InvalidTransitionError, transition
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import hours
from orderdesk_sdk.orders.order import ConnectionRole
from tests.support.builders import LATER, NOW

WORD = Evidence(EvidenceKind.PERSON, person="Ann")
OTHERS = (StatusCase, ResubmitCase)


def case_in(state: State, kind: type[Case] = StatusCase, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "id": "s1",
        "order_id": "1",
        "order_number": "1042",
        "connection": "shop",
        "integration": "acme",
        "remote_id": "1042",
        "role": ConnectionRole.CART,
        "requested_by": "Ann",
        "state": state,
        "created_at": NOW,
        "updated_at": NOW,
        "due_at": NOW if state in OPEN else None,
    }
    own: dict[str, Any] = {"status": "held"} if kind is StatusCase else {"original_number": "1041"}
    return evolve(kind(**fields, **own), **changes)


def event_of(kind: EventKind, **changes: Any) -> Event:
    evidence = WORD if kind is EventKind.DONE else None
    return evolve(Event(kind, NOW, due_at=LATER, person="Ann", evidence=evidence), **changes)


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.kind)
def test_a_sweep_over_every_pair_exercises_exactly_what_the_table_says_of_a_kind(kind: type[Case]) -> None:
    exercised: dict[tuple[State, EventKind], State] = {}
    for state in State:
        for happens in EventKind:
            try:
                exercised[state, happens] = transition(case_in(state, kind), event_of(happens)).case.state
            except InvalidTransitionError:
                continue
    allowed = {pair: after for pair, after in TRANSITIONS.items() if pair[1] in KINDS[kind]}
    assert exercised == allowed
    assert State.DONE in allowed.values()
    assert State.CANCELED not in {after for pair, after in allowed.items() if pair[0] is not State.CANCELED}


def test_every_kind_of_case_has_its_events() -> None:
    assert set(KINDS) == {CancelCase, StatusCase, ResubmitCase, ResponseCase}
    assert EventKind.DONE not in KINDS[CancelCase]
    assert all(EventKind.CANCELED not in KINDS[kind] for kind in OTHERS)


@pytest.mark.parametrize("state", [State.PENDING, State.SENDING, State.UNKNOWN, State.ACTION_REQUIRED])
def test_done_needs_evidence(state: State) -> None:
    with pytest.raises(InvalidTransitionError, match="no evidence"):
        transition(case_in(state), event_of(EventKind.DONE, evidence=None))
    after = transition(case_in(state), event_of(EventKind.DONE)).case
    assert (after.state, after.due_at, after.evidence) == (State.DONE, None, WORD)


def test_its_flow_reads_first_so_it_is_run_again_without_a_poll_before_it() -> None:
    again = transition(case_in(State.UNKNOWN, attempt=1), event_of(EventKind.SEND_STARTED, person=None)).case
    assert (again.state, again.attempt) == (State.SENDING, 2)
    resumed = transition(case_in(State.SENDING, attempt=1), event_of(EventKind.RESUMED, person=None)).case
    assert (resumed.state, resumed.attempt) == (State.SENDING, 2)


def test_what_a_person_has_is_sent_by_a_person_only_and_begins_anew() -> None:
    waits = case_in(State.ACTION_REQUIRED, consecutive_failures=7, deadline=NOW)
    with pytest.raises(InvalidTransitionError, match="requires action"):
        transition(waits, event_of(EventKind.SEND_STARTED, person=None))
    again = transition(waits, event_of(EventKind.SEND_STARTED, deadline=NOW + hours(24))).case
    assert (again.consecutive_failures, again.deadline) == (0, NOW + hours(24))


@pytest.mark.parametrize(
    ("state", "happens"),
    [
        (State.PENDING, EventKind.DEFERRED),
        (State.SENDING, EventKind.NOT_PROCESSED),
        (State.SENDING, EventKind.OUTCOME_UNKNOWN),
        (State.UNKNOWN, EventKind.POLL_FAILED),
    ],
)
def test_each_attempt_that_comes_to_nothing_counts(state: State, happens: EventKind) -> None:
    case = case_in(state, consecutive_failures=2)
    assert transition(case, event_of(happens, message="the service is down")).case.consecutive_failures == 3


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.kind)
def test_no_event_of_the_order_follows_from_it(kind: type[Case]) -> None:
    assert transition(case_in(State.SENDING, kind), event_of(EventKind.DONE)).order_events == ()
