"""The plan: which routes are open until when, what keeps a place from being canceled, and what comes last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.plan import PlanEntry, make_plan
from orderdesk_sdk.cases.windows import WindowState, next_open_route, window_state
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import IdentifierFormat, Integration, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    Confirmation,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    Route,
    WhileStatus,
    WithinTime,
)
from tests.support.builders import NOW, POLLING, acme

PICKING = WhileStatus({"Received", "planning"}, closes_at="picking")
ORDER = Order("1", "1042")


def placed(
    status: str | None = None,
    before: timedelta = timedelta(minutes=1),
    role: ConnectionRole = ConnectionRole.FULFILLMENT,
) -> RemoteOrder:
    return RemoteOrder("shop", "1042", NOW - before, role, status)


def entry_of(found: Integration | str, remote_order: RemoteOrder | None = None) -> PlanEntry:
    return make_plan(ORDER, [remote_order or placed()], {"shop": found}, NOW).entries[0]


@pytest.mark.parametrize(
    ("before", "is_open"), [(seconds(0), True), (seconds(119.999), True), (seconds(120), False), (hours(9), False)]
)
def test_a_window_since_submission_closes_by_the_clock(before: timedelta, is_open: bool) -> None:
    found = window_state(WithinTime(minutes(2)), placed(before=before), NOW)
    why = None if is_open else "closed 2 min after the submission"
    assert found == WindowState(is_open, closes_at=NOW - before + minutes(2), closed_reason=why)


def test_a_window_is_not_open_for_what_is_said_to_be_submitted_in_years() -> None:
    assert window_state(WithinTime(minutes(2)), placed(before=-minutes(4)), NOW).is_open, "clocks differ"
    found = window_state(WithinTime(minutes(2)), placed(before=-timedelta(days=1461)), NOW)
    assert (found.is_open, found.closed_reason) == (
        False,
        "the order was registered as submitted at 2030-01-05 09:00 UTC",
    )


@pytest.mark.parametrize(
    ("status", "is_open"),
    [(None, True), ("RECEIVED", True), ("Planning ", True), ("re-ceived", True), ("Picking", False), ("", False)],
)
def test_a_window_by_status_is_open_while_nothing_speaks_against_it(status: str | None, is_open: bool) -> None:
    found = window_state(PICKING, placed(status), NOW)
    why = None if is_open else f"the service says {status!r}"
    assert found == WindowState(is_open, closes_on="picking", closed_reason=why)


def test_a_window_that_is_always_open_names_nothing_that_closes_it() -> None:
    assert window_state(Always(), placed(before=hours(9999)), NOW) == WindowState(is_open=True)


def test_the_next_open_route_is_the_first_one_from_where_the_case_stands() -> None:
    closed = Button(POLLING, WithinTime(seconds(1)))
    routes = (closed, Button(POLLING), closed, Portal("call"))
    assert [next_open_route(routes, placed(), NOW, start) for start in range(6)] == [1, 1, 3, 3, None, None]
    assert next_open_route((), placed(), NOW) is None


def test_an_entry_shows_the_whole_ladder_and_chooses_its_first_open_step() -> None:
    window = WithinTime(seconds(30))
    entry = entry_of(acme(Button(FinalResponse(), window, warning="final"), Button(POLLING), Portal("Call 555.")))
    assert (entry.connection, entry.integration, entry.title, entry.remote_id) == ("shop", "acme", "Acme", "1042")
    assert [(step.label, step.warning, step.window.is_open) for step in entry.steps] == [
        ("button", "final", False),
        ("button (asks)", None, True),
        ("a person", "Call 555.", True),
    ]
    assert (entry.chosen_step, entry.problem) == (1, None)


@pytest.mark.parametrize(
    ("confirm", "then"),
    [
        (FinalResponse(), "the response is final"),
        (POLLING, "polled every 2 min, for 24 h"),
        (Polling(seconds(45), seconds(90.5)), "polled every 45 s, for 90.5 s"),
        (ManualConfirmation(minutes(90)), "a person confirms, reminded after 90 min"),
    ],
)
@pytest.mark.parametrize("role", ConnectionRole)
def test_a_step_says_what_follows_and_the_cart_that_it_is_last(
    confirm: Confirmation, then: str, role: ConnectionRole
) -> None:
    entry = entry_of(acme(Button(confirm)), placed(role=role))
    prefix = "last, when all others are canceled; " if role is ConnectionRole.CART else ""
    assert entry.steps[0].follow_up == prefix + then


def test_a_portal_is_done_and_confirmed_by_a_person() -> None:
    assert (
        entry_of(acme(Portal("call"))).steps[0].follow_up
        == "a person cancels the order and confirms, reminded after 4 h"
    )


def test_a_number_that_the_service_would_mangle_is_named_and_nothing_is_chosen() -> None:
    rule = IdentifierFormat("[A-Z0-9]+", 3, description="others are cut")
    for number, said in (("1042", "has 4 characters; at most 3"), ("a-1", "outside [A-Z0-9]+: others are cut")):
        remote_order = RemoteOrder("shop", number, NOW, ConnectionRole.FULFILLMENT)
        entry = entry_of(acme(Button(POLLING), remote_id_format=rule), remote_order)
        assert entry.chosen_step is None
        assert entry.problem is not None
        assert said in entry.problem
        assert len(entry.steps) == 1, "the list of routes is shown all the same"
    fine = entry_of(
        acme(Button(POLLING), remote_id_format=rule),
        RemoteOrder("shop", "A1", NOW, ConnectionRole.FULFILLMENT),
    )
    assert (fine.chosen_step, fine.problem) == (0, None)


def test_when_every_window_is_closed_nothing_is_chosen_and_each_step_says_why() -> None:
    entry = entry_of(acme(Button(POLLING, WithinTime(seconds(30))), Button(POLLING, PICKING)), placed("Gone"))
    assert entry.chosen_step is None
    assert [step.window.closed_reason for step in entry.steps] == [
        "closed 30 s after the submission",
        "the service says 'Gone'",
    ]


def test_an_integration_without_a_way_leaves_it_to_a_person() -> None:
    entry = entry_of(acme())
    assert (entry.steps, entry.chosen_step) == ((), None)
    assert "a person must cancel the order" in str(entry.problem)


def test_a_place_that_cannot_be_used_says_what_must_be_mended() -> None:
    entry = entry_of("refresh_token: is missing")
    assert (entry.problem, entry.chosen_step, entry.steps, entry.title) == (
        "refresh_token: is missing",
        None,
        (),
        "shop",
    )
    unknown = make_plan(ORDER, [placed()], {}, NOW).entries[0]
    assert unknown.problem == "no connection named 'shop' is configured"


def test_carts_come_last_and_the_rest_keeps_its_order() -> None:
    roles = {
        "cart": ConnectionRole.CART,
        "b": ConnectionRole.FULFILLMENT,
        "web": ConnectionRole.CART,
        "a": ConnectionRole.FULFILLMENT,
    }
    remote_orders = [RemoteOrder(name, "1042", NOW, role) for name, role in roles.items()]
    found: dict[str, Integration | str] = {name: acme(Button(POLLING)) for name in roles}
    plan = make_plan(ORDER, remote_orders, found, NOW)
    assert [entry.connection for entry in plan.entries] == ["b", "a", "cart", "web"]
    assert (plan.order_id, plan.order_number, plan.at) == ("1", "1042", NOW)


def test_a_case_that_exists_already_stands_beside_its_entry() -> None:
    remote_orders = [placed(), RemoteOrder("other", "1042", NOW, ConnectionRole.FULFILLMENT)]
    found: dict[str, Integration | str] = {"shop": acme(Button(POLLING, fallback_on=frozenset({Rejection.SHIPPED})))}
    plan = make_plan(ORDER, remote_orders, found, NOW, {"shop": State.ACKNOWLEDGED, "other": State.REJECTED})
    assert [entry.existing_state for entry in plan.entries] == [State.ACKNOWLEDGED, State.REJECTED]


def test_a_step_that_a_clock_closes_says_which_step_is_open_then() -> None:
    soon, sooner = WithinTime(minutes(3)), WithinTime(minutes(2))
    routes = (Button(POLLING, soon), Button(POLLING, sooner), Button(POLLING, PICKING), Portal("Call 555."))
    steps = entry_of(acme(*routes), placed("planning")).steps
    assert [step.next_step for step in steps] == [2, 2, None, None], "the second is closed when the first is"
    gone = entry_of(acme(*routes[:3]), placed("Gone"))
    assert [step.next_step for step in gone.steps] == [None, None, None], "nothing is open then"
    closed = entry_of(acme(*routes), placed("planning", before=hours(1)))
    assert [step.next_step for step in closed.steps] == [None, None, None, None], "it is closed already"


SWITCHED = {
    SideEffect.REFUND: SideEffectSwitch("refund", is_on=True),
    SideEffect.CUSTOMER_MESSAGE: SideEffectSwitch("notify", is_on=True),
}


def test_nothing_is_done_besides_unless_a_setting_says_so() -> None:
    entry = entry_of(acme(Button(POLLING)))
    assert (entry.not_done, entry.also_done) == (tuple(SideEffect), ())
    entry = entry_of(acme(Button(POLLING), side_effects=SWITCHED))
    assert entry.also_done == (SideEffect.REFUND, SideEffect.CUSTOMER_MESSAGE)
    assert entry.not_done == (SideEffect.STOCK, SideEffect.SHIPPING_LABEL, SideEffect.FEE)


@pytest.mark.parametrize("routes", [(Portal("Call 555."),), (Button(POLLING, WithinTime(seconds(1))),), ()])
def test_where_no_button_is_pressed_nothing_is_done_besides(routes: tuple[Route, ...]) -> None:
    assert entry_of(acme(*routes, side_effects=SWITCHED)).also_done == ()


def test_what_a_later_button_would_do_is_not_promised_to_be_left_undone() -> None:
    voids = Button(POLLING, prior=(PriorStep("void the labels", effect=SideEffect.SHIPPING_LABEL),))
    late = entry_of(acme(Button(POLLING, WithinTime(hours(1))), voids))
    assert late.also_done == (SideEffect.SHIPPING_LABEL,)
    by_hand = entry_of(acme(Portal("Call 555."), Button(POLLING), side_effects=SWITCHED))
    assert by_hand.also_done == (SideEffect.REFUND, SideEffect.CUSTOMER_MESSAGE)


def test_a_plan_leaves_undone_what_no_place_does() -> None:
    remote_orders = [placed(), RemoteOrder("other", "1042", NOW, ConnectionRole.FULFILLMENT)]
    found: dict[str, Integration | str] = {
        "shop": acme(Button(POLLING), side_effects=SWITCHED),
        "other": acme(Button(POLLING)),
    }
    plan = make_plan(ORDER, remote_orders, found, NOW)
    assert plan.not_done == (SideEffect.STOCK, SideEffect.SHIPPING_LABEL)
    assert make_plan(ORDER, [], {}, NOW).not_done == tuple(SideEffect)[:-1], "nobody expects to be charged a fee"


def test_what_is_offered_is_done_for_whoever_asks_and_told_with_its_money() -> None:
    fee = {SideEffect.FEE: SideEffectSwitch(per_cancel=True, note="5.00 USD")}
    integration = acme(Button(POLLING), side_effects=fee)
    entry = entry_of(integration)
    assert (entry.offered, entry.also_done) == ((SideEffect.FEE,), ())
    plans = [make_plan(ORDER, [placed()], {"shop": integration}, NOW, side_effects=[*fee][:count]) for count in (0, 1)]
    (paid,) = plans[1].entries
    assert (paid.offered, paid.also_done, paid.effect_notes) == ((), (SideEffect.FEE,), {SideEffect.FEE: "5.00 USD"})
    assert plans[0].token != plans[1].token
    assert entry_of(acme(Portal("Call 555."), side_effects=fee)).offered == ()
