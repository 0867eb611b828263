"""Tokens of plans: bound to everything that a person decides on, and to nothing that only ticks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.plan import Plan, PlanLine, PlanStep, make_plan
from orderdesk_sdk.cases.plan_token import PLAN_TOKEN_LIFETIME, require_unchanged
from orderdesk_sdk.clock import MAX_CLOCK_SKEW, minutes, seconds
from orderdesk_sdk.errors import PlanChangedError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.reasons import ReasonCode, ReasonList, StandardReason
from orderdesk_sdk.plugin.routes import Button, Portal, Scope, WhileStatus, WithinTime
from tests.support.builders import NOW, POLLING, acme

REASONS = ReasonList((ReasonCode("A1", "No stock", list(StandardReason)), ReasonCode("A2", "No color")))
ROUTES = (
    Button(POLLING, WithinTime(minutes(2)), warning="final"),
    Button(POLLING, WhileStatus({"received", "planning"}, closes_at="picking"), reasons=REASONS),
    Portal("Call 555."),
)
ORDER = Order("1", "1042", lines=(OrderLine(2, "7", "MUG"), OrderLine(1, "8", "TEE")))
PLACED = RemoteOrder("shop", "1042", NOW - minutes(1), ConnectionRole.FULFILLMENT)


def plan(at: float = 0, status: str | None = None, state: State | None = None) -> Plan:
    """The plan so many seconds from now."""
    states = {} if state is None else {"shop": state}
    return make_plan(ORDER, [evolve(PLACED, status=status)], {"shop": acme(*ROUTES)}, NOW + seconds(at), states)


def with_entry(**changes: Any) -> Plan:
    return evolve(plan(), entries=(evolve(plan().entries[0], **changes),))


def with_step(**changes: Any) -> Plan:
    first, *others = plan().entries[0].steps
    return with_entry(steps=(evolve(first, **changes), *others))


def test_a_token_is_short_and_of_one_moment() -> None:
    assert re.fullmatch("[a-z2-7]{40}", plan().token)
    assert plan().token == plan(0.9).token
    assert plan().token != plan(1).token


@pytest.mark.parametrize("later", [0, 1, 59])
def test_a_plan_that_only_grew_older_is_the_same(later: float) -> None:
    require_unchanged(plan().token, plan(later))


def test_what_a_service_says_changes_nothing_while_the_same_route_is_open() -> None:
    require_unchanged(plan(status="received").token, plan(status="planning"))
    require_unchanged(f" {plan().token.upper()}\n", plan())


CHANGES: dict[str, Callable[[], Plan]] = {
    "another order": lambda: evolve(plan(), order_id="2"),
    "a quantity": lambda: evolve(plan(), lines=(PlanLine("7", "MUG", 3), plan().lines[1])),
    "a line less": lambda: evolve(plan(), lines=plan().lines[:1]),
    "one more place": lambda: evolve(plan(), entries=(*plan().entries, *with_entry(connection="new").entries)),
    "a place less": lambda: evolve(plan(), entries=()),
    "another number there": lambda: with_entry(remote_id="1042-1"),
    "another role": lambda: with_entry(role=ConnectionRole.CART),
    "another integration": lambda: with_entry(integration="other"),
    "a problem": lambda: with_entry(problem="no key"),
    "a case that exists": lambda: plan(state=State.ACKNOWLEDGED),
    "nothing to press": lambda: with_entry(chosen_step=None),
    "a closed window": lambda: plan(61),
    "money that moves": lambda: with_entry(not_done=tuple(SideEffect)[1:]),
    "another route": lambda: with_step(label="e-mail"),
    "another scope": lambda: with_step(scope=Scope.LINES),
    "a reason that is needed": lambda: with_step(needs="reason"),
    "a reason more": lambda: with_step(reasons=(ReasonCode("A3", "Late"),)),
    "another warning": lambda: with_step(warning="final, and costs 5 %"),
    "a window that closes earlier": lambda: with_step(window=evolve(step().window, closes_at=NOW + seconds(30))),
    "another follow-up": lambda: with_step(follow_up="the response is final"),
    "somebody else who decides": lambda: with_step(decided_by="a person"),
    "what follows": lambda: with_entry(steps=plan().entries[0].steps[:2]),
}


def step() -> PlanStep:
    return plan().entries[0].steps[0]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_person_decides_on_is_bound(change: str) -> None:
    changed = CHANGES[change]()
    with pytest.raises(PlanChangedError, match="has changed") as found:
        require_unchanged(plan().token, changed)
    assert found.value.plan == changed
    require_unchanged(found.value.plan.token, changed)


def test_a_token_is_good_for_fifteen_minutes() -> None:
    def open_for_hours(at: float) -> Plan:
        return make_plan(ORDER, [PLACED], {"shop": acme(Button(POLLING))}, NOW + seconds(at))

    lifetime, skew = PLAN_TOKEN_LIFETIME.total_seconds(), MAX_CLOCK_SKEW.total_seconds()
    token = open_for_hours(0).token
    require_unchanged(token, open_for_hours(lifetime - 1))
    require_unchanged(token, open_for_hours(-skew))
    for at in (lifetime, lifetime * 100, -skew - 1):
        with pytest.raises(PlanChangedError, match="more than 15 min ago"):
            require_unchanged(token, open_for_hours(at))


def test_the_time_of_a_token_cannot_be_set_forward() -> None:
    """Whoever writes another time on it has written another token."""
    old, new = plan(-1000).token, plan().token
    with pytest.raises(PlanChangedError):
        require_unchanged(new[:8] + old[8:], plan())


@given(st.text(max_size=60) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=40, max_size=40))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises((PlanChangedError, ValidationError)):
        require_unchanged(text, plan())
