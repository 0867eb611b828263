"""Where the cancellation of an order stands, by the newest cancel at each of its connections."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.order_states import (
    CaseMark,
    OrderState,
    has_state,
    needs_person,
    states_of,
    worst_state,
)


def marks(*told: tuple[str, State], kind: str = "cancel", is_seen: bool = False) -> list[CaseMark]:
    return [CaseMark(number, "1", kind, at, state, is_seen) for number, (at, state) in enumerate(told, start=1)]


def states(*told: tuple[str, State], at: str = "mill") -> set[OrderState]:
    return {state for state in OrderState if has_state(state, marks(*told), at.split())}


@pytest.mark.parametrize("state", State)
def test_each_state_of_a_case_is_looked_for_by_at_most_one_word(state: State) -> None:
    found = states(("mill", state))
    assert len(found) <= 1
    assert (OrderState.OPEN in found) == (state in OPEN)
    assert (OrderState.CANCELED in found) == (state is State.CANCELED)
    if state in (State.DONE, State.WITHDRAWN, State.EXPIRED):
        assert found == set()


def test_the_newest_cancel_at_a_connection_counts() -> None:
    assert states(("mill", State.REJECTED), ("mill", State.CANCELED)) == {OrderState.CANCELED}
    assert states(("mill", State.CANCELED), ("mill", State.SHIPPED_ANYWAY)) == {OrderState.ALARM}


def test_canceled_is_canceled_everywhere() -> None:
    told = (("mill", State.CANCELED), ("cart", State.PENDING))
    assert states(*told, at="mill cart") == {OrderState.OPEN}
    assert states(("mill", State.CANCELED), at="mill cart") == set(), "the cart was never asked"
    assert states(("mill", State.CANCELED), at="") == set()


def test_cases_of_other_kinds_say_nothing_of_the_cancellation() -> None:
    others = marks(("cart", State.ACTION_REQUIRED), kind="status change")
    assert [state for state in OrderState if has_state(state, others, ["cart"])] == []
    assert worst_state(others) is None
    assert needs_person(others)


def test_an_alarm_needs_a_person_until_somebody_has_seen_it() -> None:
    assert needs_person(marks(("mill", State.SHIPPED_ANYWAY)))
    assert not needs_person(marks(("mill", State.SHIPPED_ANYWAY), is_seen=True))
    assert not needs_person(marks(("mill", State.REJECTED), ("cart", State.PENDING)))


def test_the_worst_state_is_the_one_to_look_at() -> None:
    assert worst_state(marks(("a", State.CANCELED), ("b", State.ACKNOWLEDGED))) is State.ACKNOWLEDGED
    assert worst_state(marks(("a", State.REJECTED), ("b", State.ACTION_REQUIRED))) is State.ACTION_REQUIRED
    for state in State:
        assert worst_state(marks(("a", state))) is state, "each has its place"


def test_the_states_to_look_for_hold_every_order_that_matches() -> None:
    for wanted in OrderState:
        for state in State:
            if has_state(wanted, marks(("mill", state)), ["mill"]):
                assert state in states_of(wanted, needs_a_person=False)
    assert {State.ACTION_REQUIRED, State.SHIPPED_ANYWAY} == states_of(None, needs_a_person=True)
    assert states_of(None, needs_a_person=False) == set()
