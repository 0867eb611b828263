"""Canceling by line and quantity: what is asked for, and what the numbers prove."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Rejection
from orderdesk_sdk.plugin.line_names import LineNames
from orderdesk_sdk.plugin.toolkit.json_response import EndFlow
from orderdesk_sdk.plugin.toolkit.line_quantities import (
    LineQuantities,
    answer_from_quantities,
    answer_if_nothing_to_cancel,
    line_answers_at,
    lines_match,
    quantities_to_cancel,
    quantities_to_request,
)

REPLY = httpx.Response(200)
A, B = "A", "B"


def line(code: str, ordered: int, canceled: int = 0, shipped: int = 0) -> LineQuantities:
    return LineQuantities(code, ordered, canceled, shipped)


def short(answer: Answer) -> str:
    return answer.rejection.value if answer.rejection is not None else answer.outcome.value


@pytest.mark.parametrize(
    ("lines", "wanted", "asked"),
    [
        ([line(A, 2), line(B, 1)], {}, (2, 1)),
        ([line(A, 5, 1, 2), line(B, 1, 1)], {}, (2, 0)),
        ([line(A, 2), line(B, 1)], {A: 1}, (1, 0)),
        ([line(A, 2, shipped=1)], {A: 2}, (1,)),
        ([line(A, 1, shipped=1), line(A, 3), line(A, 3)], {A: 4}, (0, 3, 1)),
        ([line(A, 1, 1, 1)], {}, (0,)),
    ],
)
def test_what_is_left_is_asked_for_and_of_a_part_no_more_than_is_wanted(
    lines: list[LineQuantities], wanted: Mapping[str, int], asked: tuple[int, ...]
) -> None:
    assert quantities_to_cancel(lines, wanted) == asked


@pytest.mark.parametrize(
    ("lines", "wanted", "none", "done", "failed"),
    [
        # Everything was wanted: the numbers suffice where nothing is left.
        ([line(A, 2, 2)], {}, "canceled", "canceled", "canceled"),
        ([line(A, 2)], {}, "pending", "pending", "not allowed"),
        ([line(A, 2, 0, 2)], {}, "shipped", "shipped", "shipped"),
        ([line(A, 2, 1, 1)], {}, "partially canceled", "partially canceled", "partially canceled"),
        ([line(A, 2, 2), line(B, 1)], {}, "pending", "pending", "partially canceled"),
        ([line(A, 2, 2), line(B, 1, 0, 1)], {}, "partially canceled", "partially canceled", "partially canceled"),
        # A part was wanted: the same number may have been canceled before.
        ([line(A, 2, 1)], {A: 1}, "pending", "canceled", "partially canceled"),
        ([line(A, 2)], {A: 1}, "pending", "pending", "not allowed"),
        ([line(A, 3, 1, 2)], {A: 2}, "pending", "partially canceled", "partially canceled"),
        ([line(A, 3, 2, 1)], {A: 1}, "pending", "canceled", "partially canceled"),
        ([line(A, 1, 1), line(B, 9)], {A: 1}, "canceled", "canceled", "canceled"),
        ([line(A, 2, 0, 2), line(B, 9)], {A: 1}, "shipped", "shipped", "shipped"),
        ([line(A, 1), line(A, 2, 2)], {A: 2}, "pending", "canceled", "partially canceled"),
        # What was wanted is not there.
        ([], {}, "unknown", "unknown", "unknown"),
        ([line(B, 1, 1)], {A: 1}, "unknown", "unknown", "unknown"),
        ([line(B, 1, 1)], {A: 1, B: 1}, "unknown", "unknown", "unknown"),
        # What contradicts itself proves nothing: canceled, and shipped as well.
        ([line(A, 2, 2, 1)], {}, "unknown", "unknown", "unknown"),
        ([line(A, 2, 2, 2), line(B, 1)], {A: 2}, "unknown", "unknown", "unknown"),
        ([line(A, 2, 3)], {}, "unknown", "unknown", "unknown"),
        ([line(A, 2, 0, 3)], {}, "shipped", "shipped", "shipped"),
    ],
)
def test_what_the_numbers_and_the_services_word_amount_to(
    lines: list[LineQuantities], wanted: Mapping[str, int], none: str, done: str, failed: str
) -> None:
    words = [short(answer_from_quantities(REPLY, lines, wanted, carried_out=word)) for word in (None, True, False)]
    assert words == [none, done, failed]


@pytest.mark.parametrize(
    ("lines", "wanted", "said"),
    [
        ([line(A, 2, 2)], {}, "canceled"),
        ([line(A, 2, 0, 2)], {}, "shipped"),
        ([line(A, 3, 1, 2)], {A: 1}, "shipped"),
        ([line(A, 3, 1, 2)], {}, "partially canceled"),
        ([line(B, 1)], {A: 1}, "not allowed"),
        ([], {}, "unknown"),
    ],
)
def test_where_there_is_nothing_to_ask_for_the_answer_is_known(
    lines: list[LineQuantities], wanted: Mapping[str, int], said: str
) -> None:
    found = answer_if_nothing_to_cancel(REPLY, lines, wanted)
    assert found is not None
    assert short(found) == said


LINES = st.lists(
    st.builds(line, st.sampled_from([A, B]), st.integers(1, 5), st.integers(0, 5), st.integers(0, 5)), max_size=4
)
WANTED = st.dictionaries(st.sampled_from([A, B]), st.integers(1, 5))


@given(lines=LINES, wanted=WANTED, done=st.sampled_from([None, True, False]))
def test_canceled_is_never_said_where_less_is_canceled_than_was_wanted(
    lines: list[LineQuantities], wanted: dict[str, int], done: bool | None
) -> None:
    found = answer_from_quantities(REPLY, lines, wanted, carried_out=done)
    if found.outcome is Outcome.CANCELED:
        for code in wanted or {one.code for one in lines}:
            mine = [one for one in lines if one.code == code]
            canceled = sum(one.canceled for one in mine)
            assert all(one.canceled >= one.ordered for one in mine) or (done and canceled >= wanted[code])
    if found.rejection is Rejection.SHIPPED:
        assert not any(one.remaining for one in lines if not wanted or one.code in wanted)


@given(lines=LINES, wanted=WANTED)
def test_no_more_is_asked_for_than_is_left_or_wanted(lines: list[LineQuantities], wanted: dict[str, int]) -> None:
    found = quantities_to_cancel(lines, wanted)
    assert all(0 <= count <= one.remaining for one, count in zip(lines, found, strict=True))
    for code, most in wanted.items():
        asked = sum(count for one, count in zip(lines, found, strict=True) if one.code == code)
        assert asked == min(most, sum(one.remaining for one in lines if one.code == code))
    assert (answer_if_nothing_to_cancel(REPLY, lines, wanted) is None) == (
        any(found) and set(wanted) <= {one.code for one in lines}
    )


def told(body: str) -> tuple[LineAnswer, ...]:
    response = httpx.Response(200, content=body.encode())
    return line_answers_at(response, "order", "items", code="sku", ordered="many", canceled="gone")


def test_lines_are_told_as_the_service_counts_them() -> None:
    body = '{"order": {"items": [{"sku": "A", "many": "2", "gone": 1.0}, {"sku": "B", "many": 1}]}}'
    assert told(body) == (LineAnswer("A", 2, 1), LineAnswer("B", 1, 0))


@pytest.mark.parametrize(
    "items",
    [
        "null",
        "{}",
        '"none"',
        "[1]",
        '[{"sku": "A"}]',
        '[{"many": 1}]',
        '[{"sku": "", "many": 1}]',
        '[{"sku": "A", "many": 1, "gone": -1}]',
        '[{"sku": "A", "many": 1, "gone": null}]',
    ],
)
def test_lines_that_cannot_be_read_are_none_and_spoil_nothing(items: str) -> None:
    assert told('{"order": {"items": ' + items + "}}") == ()


def test_the_same_lines_are_the_same_in_whatever_order() -> None:
    order = Order("1", "1042", lines=(OrderLine(2, code="A"), OrderLine(1, code="B")))
    assert lines_match([LineAnswer("B", 1, 0), LineAnswer("A", 2, 2)], order)
    assert not any(
        lines_match(lines, order)
        for lines in ([], [LineAnswer("A", 2, 0)], [LineAnswer("A", 1, 0), LineAnswer("B", 2, 0)])
    )


def test_what_a_request_wants_is_asked_for_in_the_services_words_or_ends_the_flow() -> None:
    order = Order(
        "1", "1042", lines=(OrderLine(2, id="1", code=A), OrderLine(1, id="2", code=B), OrderLine(1, id="3", code=B))
    )
    ours = LineNames(order, lambda line: line.code)
    there = [line(A, 2), line(B, 2)]
    assert quantities_to_request(REPLY, there, ours, {}) == (2, 2)
    assert quantities_to_request(REPLY, there, ours, {"1": 1}) == (1, 0)
    for lines, wanted, said in (
        (there, {"2": 1}, "not allowed"),  # It cannot be told from the line 3.
        ([line(A, 2)], {"2": 1, "3": 1}, "not allowed"),
        ([line(A, 2, 2), line(B, 2, 2)], {}, "canceled"),
    ):
        with pytest.raises(EndFlow) as ended:
            quantities_to_request(REPLY, lines, ours, wanted)
        assert short(ended.value.answer) == said
