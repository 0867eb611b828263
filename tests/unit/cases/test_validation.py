"""Making a cancellation: what it is about, what each place takes of it, and the cases that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.validation import (
    open_cancel_cases,
    request_fingerprint,
    select_remote_orders,
    validate,
    validate_lines,
)
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.line_names import resolve_lines
from orderdesk_sdk.plugin.reasons import FreeText
from orderdesk_sdk.plugin.routes import Button, FinalResponse, Scope

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
MUG, CAP = OrderLine(2, id="1", code="MUG"), OrderLine(1, id="2", code="CAP")
ORDER = Order("id-1042", "1042", lines=(MUG, CAP))
TWO_MUGS = evolve(ORDER, lines=(MUG, OrderLine(3, id="7", code="MUG"), CAP))
DEPOT, CART = (
    RemoteOrder("depot", "1042", AT, ConnectionRole.FULFILLMENT),
    RemoteOrder("cart", "1042", AT, ConnectionRole.CART),
)
CANCELLATION = Cancellation("c1", "key", ORDER.id, ORDER.number, "Ann", None, AT, caused_by_rules=("a rule",))

Lines = Mapping[str, int]


def open_case(cancellation: Cancellation = CANCELLATION, state: State = State.PENDING) -> tuple[CancelCase, ...]:
    due = AT if state is State.PENDING else None
    return tuple(
        evolve(case, state=state, due_at=due) for case in open_cancel_cases(cancellation, [DEPOT], lambda name: name)
    )


# What tells cancellations apart


def test_the_order_of_places_and_lines_makes_no_other_wish() -> None:
    first = request_fingerprint("1", "late", ["a", "b"], {"x": 1, "y": 2})
    assert first == request_fingerprint("1", "late", ["b", "a"], {"y": 2, "x": 1})


@pytest.mark.parametrize(
    "other",
    [
        request_fingerprint("2", "late", ["a"], {"x": 1}),
        request_fingerprint("1", None, ["a"], {"x": 1}),
        request_fingerprint("1", "late", [], {"x": 1}),
        request_fingerprint("1", "late", ["a"], {"x": 2}),
        request_fingerprint("1", "late", ["a"], {}),
    ],
)
def test_each_part_of_a_wish_makes_it_another(other: str) -> None:
    assert request_fingerprint("1", "late", ["a"], {"x": 1}) != other


# Where


def test_a_wish_is_about_all_placements_or_those_that_it_names() -> None:
    assert select_remote_orders(ORDER, [DEPOT, CART], []) == (DEPOT, CART)
    assert select_remote_orders(ORDER, [DEPOT, CART], ["cart"]) == (CART,)


@pytest.mark.parametrize(
    ("remote_orders", "at", "where"), [([], [], "at any connection"), ([DEPOT], ["cart"], "at cart")]
)
def test_an_order_that_was_not_submitted_there_cannot_be_canceled_there(
    remote_orders: list[RemoteOrder], at: list[str], where: str
) -> None:
    with pytest.raises(InvalidStateError, match=where) as caught:
        select_remote_orders(ORDER, remote_orders, at)
    assert caught.value.hint


# What a route takes


def demanded(scope: Scope, lines: Lines, order: Order = ORDER) -> str | None:
    """What is said against these lines; None when nothing is."""
    try:
        validate(Button(FinalResponse(), scope=scope), "Depot", None, order, None, resolve_lines(order, lines))
    except ValidationError as error:
        is_placed = error.location in ("order 1042", "order 1042 at Depot")
        return error.message if is_placed and error.hint else f"misplaced: {error}"
    return None


NO_PART, NO_PIECES = "the service cancels whole orders only", "the service cancels whole lines only"


@pytest.mark.parametrize(
    ("lines", "whole_order", "whole_lines", "pieces"),
    [
        ({}, None, None, None),
        ({"MUG": 2, "CAP": 1}, None, None, None),
        ({"1": 2, "2": 1}, None, None, None),
        ({"1": 2, "CAP": 1}, None, None, None),
        ({"MUG": 2}, NO_PART, None, None),
        ({"1": 2}, NO_PART, None, None),
        ({"MUG": 1}, NO_PART, NO_PIECES, None),
        ({"1": 1}, NO_PART, NO_PIECES, None),
        ({"MUG": 1, "CAP": 1}, NO_PART, NO_PIECES, None),
    ],
)
def test_a_route_takes_what_its_scope_says(
    lines: Lines, whole_order: str | None, whole_lines: str | None, pieces: str | None
) -> None:
    scopes = (Scope.ORDER, Scope.LINES, Scope.QUANTITIES)
    assert [demanded(scope, lines) for scope in scopes] == [whole_order, whole_lines, pieces]


@pytest.mark.parametrize(
    ("lines", "whole_order", "whole_lines"),
    [
        ({"MUG": 5, "CAP": 1}, None, None),
        ({"1": 2, "7": 3, "CAP": 1}, None, None),
        ({"1": 2, "CAP": 1}, NO_PART, None),
        ({"MUG": 5}, NO_PART, None),
    ],
)
def test_a_code_that_several_lines_have_is_all_of_them_where_its_quantity_is_theirs(
    lines: Lines, whole_order: str | None, whole_lines: str | None
) -> None:
    assert [demanded(scope, lines, TWO_MUGS) for scope in (Scope.ORDER, Scope.LINES)] == [whole_order, whole_lines]
    assert demanded(Scope.QUANTITIES, lines, TWO_MUGS) is None


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_a_code_that_several_lines_have_is_not_guessed_where_a_part_of_them_is_wanted(count: int) -> None:
    assert demanded(Scope.QUANTITIES, {"MUG": count}, TWO_MUGS) == "2 lines are called 'MUG'"


@pytest.mark.parametrize("lines", [{"MUG": 3}, {"MUG": 0}, {"MUG": -1}, {"HAT": 1}, {"": 1}])
def test_no_more_than_was_ordered_and_nothing_unknown_can_be_canceled(lines: Lines) -> None:
    nameless = evolve(ORDER, lines=(*ORDER.lines, OrderLine(1)))
    said = str(demanded(Scope.QUANTITIES, lines, nameless))
    assert "cannot be canceled" in said or "no line is called" in said


def test_a_line_that_is_named_by_id_and_by_code_is_named_twice() -> None:
    assert demanded(Scope.QUANTITIES, {"MUG": 1, "1": 1}) == "a line is named twice"


def test_a_line_of_nothing_need_not_be_named_for_the_whole_order() -> None:
    empty = evolve(ORDER, lines=(*ORDER.lines, OrderLine(0, id="3", code="FREE")))
    assert demanded(Scope.ORDER, {"MUG": 2, "CAP": 1}, empty) is None


@pytest.mark.parametrize(
    ("lines", "said"), [({"1": 3}, "3 of MUG cannot be"), ({"MUG": 1}, "no line has the id 'MUG'")]
)
def test_a_line_that_the_order_lost_since_it_was_asked_for_is_not_sent(lines: Lines, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        validate_lines(ORDER, lines)


def test_a_reason_that_the_route_wants_is_demanded_too() -> None:
    with pytest.raises(ValidationError, match="the service wants a reason"):
        validate(Button(FinalResponse(), reasons=FreeText(required=True)), "Depot", None, ORDER, None, {})


# The cases


def test_each_placement_gets_a_requested_case_and_the_cart_s_is_the_last() -> None:
    cases = open_cancel_cases(CANCELLATION, [CART, DEPOT], lambda name: f"at {name}")
    assert [(case.id, case.connection, case.integration, case.role) for case in cases] == [
        ("c1-1", "depot", "at depot", ConnectionRole.FULFILLMENT),
        ("c1-2", "cart", "at cart", ConnectionRole.CART),
    ]
    assert {(case.state, case.due_at, case.caused_by_rules) for case in cases} == {(State.PENDING, AT, ("a rule",))}
