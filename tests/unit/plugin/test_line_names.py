"""One identity of a line: what people name is resolved once, what services name is translated, nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import httpx
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.validation import with_line_ids
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.answer import LineAnswer, canceled
from orderdesk_sdk.plugin.line_names import LineNames, line_label, lines_not_canceled, resolve_lines

CROSSED = Order("o", "1042", lines=(OrderLine(1, id="1", code="2"), OrderLine(1, id="2", code="1")))
"""Each line's id is the other's code."""
TWINS = Order(
    "o",
    "1042",
    lines=(
        OrderLine(2, id="7", code="MUG", name="Mug", variations={"Color": "Red"}),
        OrderLine(1, id="8", code="MUG", name="Mug", variations={"Color": "Blue"}),
        OrderLine(1, id="9", name="Gift wrap"),
    ),
)


def refused(order: Order, lines: Mapping[str, int]) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        resolve_lines(order, lines)
    assert caught.value.location == "order 1042"
    return caught.value


# An order gives every line an id of its own


def test_a_line_keeps_the_id_that_the_host_gave_it() -> None:
    assert [line.id for line in CROSSED.lines] == ["1", "2"]


def test_a_line_without_an_id_is_its_code_where_nothing_else_is_called_so() -> None:
    order = Order(
        "o", "1042", lines=(OrderLine(1, code="MUG"), OrderLine(1, code="CAP"), OrderLine(1, id=" ", code="HAT"))
    )
    assert [line.id for line in order.lines] == ["MUG", "CAP", "HAT"]


@pytest.mark.parametrize(
    "lines",
    [
        (OrderLine(1, code="MUG"), OrderLine(2, code="MUG")),
        (OrderLine(1, id="MUG"), OrderLine(2, code="MUG")),
        (OrderLine(1, id="A", code="MUG"), OrderLine(2, code="MUG")),
        (OrderLine(1), OrderLine(1), OrderLine(2)),
        (OrderLine(1, id="5", code="MUG"), OrderLine(1, id="5", code="CAP")),
        (OrderLine(1, id="5"), OrderLine(1, id="5")),
        (OrderLine(1, code="  "), OrderLine(1, id="")),
    ],
)
def test_lines_that_are_called_the_same_get_ids_of_their_own(lines: tuple[OrderLine, ...]) -> None:
    order = Order("o", "1042", lines=lines)
    ids = [line.id for line in order.lines]
    assert len(set(ids)) == len(ids)
    assert all(name.strip() for name in ids)
    assert evolve(order, email="x@example.com").lines == order.lines, "an order that is copied keeps them"


def test_a_made_id_stays_when_other_lines_come_and_go() -> None:
    red, blue, cap = (
        OrderLine(1, code="MUG", name="Red"),
        OrderLine(1, code="MUG", name="Blue"),
        OrderLine(1, code="CAP"),
    )
    before = {line.name: line.id for line in Order("o", "1", lines=(red, blue, cap)).lines}
    after = {line.name: line.id for line in Order("o", "1", lines=(cap, blue, OrderLine(1, code="X"), red)).lines}
    assert before["Red"] == after["Red"] != before["Blue"] == after["Blue"]


LINES = st.builds(
    OrderLine,
    st.integers(0, 3),
    id=st.sampled_from(["", "A", "B"]),
    code=st.sampled_from(["", "A", "B", "A~"]),
    name=st.sampled_from(["", "x"]),
)


@given(lines=st.lists(LINES, max_size=6))
def test_every_line_of_every_order_has_one_id_and_is_found_by_it(lines: list[OrderLine]) -> None:
    order = Order("o", "1042", lines=tuple(lines))
    assert [order.line(line.id) for line in order.lines] == list(order.lines)
    assert Order("o", "1042", lines=order.lines) == order
    for line in order.lines:
        if line.quantity:
            assert resolve_lines(order, {f"id:{line.id}": 1}) == {line.id: 1}


# What somebody names


def test_lines_are_named_by_id_or_by_code() -> None:
    order = Order("o", "1042", lines=(OrderLine(2, id="7", code="MUG"), OrderLine(1, id="8", code="CAP")))
    for names in ({"7": 1, "8": 1}, {"MUG": 1, "CAP": 1}, {"7": 1, "code:CAP": 1}, {"id:7": 1, "CAP": 1}):
        assert resolve_lines(order, names) == {"7": 1, "8": 1}


@pytest.mark.parametrize("name", ["1", "2"])
def test_a_name_that_is_one_lines_id_and_anothers_code_is_refused_and_both_are_named(name: str) -> None:
    error = refused(CROSSED, {name: 1})
    assert error.message == f"2 lines are called {name!r}"
    assert "id:1:1 (2 (line 1))" in str(error.hint)
    assert "id:2:1 (1 (line 2))" in str(error.hint)
    assert resolve_lines(CROSSED, {f"id:{name}": 1}) == {name: 1}
    assert resolve_lines(CROSSED, {f"code:{name}": 1}) == {"2" if name == "1" else "1": 1}


def test_a_code_of_several_lines_is_all_of_them_or_refused() -> None:
    assert resolve_lines(TWINS, {"MUG": 3}) == {"7": 2, "8": 1}
    for count in (1, 2, 4):
        hint = str(refused(TWINS, {"MUG": count}).hint)
        assert "id:7:2 (MUG (Mug, Color: Red, line 7))" in hint
        assert "id:8:1 (MUG (Mug, Color: Blue, line 8))" in hint


@pytest.mark.parametrize("name", ["", " ", "HAT", "id:", "id:MUG", "code:7", "code:", "mug", "Gift wrap"])
def test_a_name_that_no_line_has_is_refused_and_the_lines_are_named(name: str) -> None:
    error = refused(TWINS, {name: 1})
    assert error.message == f"no line is called {name!r}"
    assert "id:9:1 (Gift wrap)" in str(error.hint)


def test_a_name_that_is_no_text_names_no_line() -> None:
    assert refused(TWINS, cast("Mapping[str, int]", {7: 1})).message == "no line is called 7"


@pytest.mark.parametrize("count", [0, -1, 3, True, 1.0, "1", None, float("nan")])
def test_a_quantity_that_is_not_there_is_refused(count: object) -> None:
    assert "cannot be canceled, 2 are ordered" in refused(TWINS, {"7": cast("int", count)}).message


@pytest.mark.parametrize("lines", [{"7": 1, "id:7": 1}, {"MUG": 3, "8": 1}, {"8": 1, "MUG": 3}])
def test_a_line_that_is_named_twice_is_refused(lines: Mapping[str, int]) -> None:
    assert refused(TWINS, lines).message == "a line is named twice"


def test_a_line_of_which_nothing_is_ordered_is_not_meant() -> None:
    order = Order("o", "1042", lines=(OrderLine(0, id="1", code="MUG"), OrderLine(2, id="2", code="MUG")))
    assert resolve_lines(order, {"MUG": 1}) == {"2": 1}


# What an early version recorded


@pytest.mark.parametrize(
    ("recorded", "meant"),
    [
        ({"MUG": 3}, {"7": 2, "8": 1}),
        ({"MUG": 1}, {"7": 1}),
        ({"8": 1}, {"8": 1}),
        ({"MUG": 4}, {"7": 2, "8": 2}),
        ({"7": 3, "MUG": 1}, {"7": 4}),
        ({"HAT": 1}, {"HAT": 1}),
        ({}, {}),
    ],
)
def test_a_wish_of_an_early_version_is_read_as_it_was_meant(
    recorded: Mapping[str, int], meant: Mapping[str, int]
) -> None:
    cancellation = Cancellation("w", "key", "o", "1042", "Ann", None, datetime(2026, 1, 5, tzinfo=UTC), recorded)
    assert with_line_ids(TWINS, cancellation).lines == meant
    assert with_line_ids(TWINS, with_line_ids(TWINS, cancellation)) == with_line_ids(TWINS, cancellation)


# What a service calls them


def ids_of(names: LineNames, *said: str) -> list[str | None]:
    return [
        line.id
        for line in names.to_line_ids(canceled(httpx.Response(200), lines=[LineAnswer(x, 1, 1) for x in said])).lines
    ]


def test_a_service_that_knows_skus_is_told_the_sku_and_understood_by_it() -> None:
    names = LineNames(CROSSED, lambda line: line.code)
    assert names.to_service_names({"1": 1}) == {"2": 1}
    assert ids_of(names, "2", "1") == ["1", "2"]


def test_what_a_service_calls_no_line_of_ours_counts_for_none() -> None:
    order = Order("o", "1042", lines=(OrderLine(1, id="1", code="MUG"),))
    names = LineNames(order, lambda line: line.code)
    assert ids_of(names, "MUG", "HAT", "1", "") == ["1", "", "", ""]
    assert (names.knows("MUG"), names.knows("1"), names.knows("")) == (True, False, False)
    told = names.to_line_ids(canceled(httpx.Response(200), lines=[LineAnswer("1", 1, 1)]))
    assert lines_not_canceled(order, {"1": 1}, told.lines) == "1 of MUG", "an SKU that is a line's id is another thing"


def test_lines_that_a_service_cannot_tell_apart_are_canceled_together_or_not_at_all() -> None:
    names = LineNames(TWINS, lambda line: line.code)
    assert names.to_service_names({"7": 2, "8": 1}) == {"MUG": 3}
    for part in ({"7": 2}, {"7": 1, "8": 1}, {"8": 1}):
        with pytest.raises(ValidationError, match="calls 2 lines 'MUG', and cannot tell"):
            names.to_service_names(part)


def test_a_line_that_a_service_has_no_name_for_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="has no name for the line Gift wrap"):
        LineNames(TWINS, lambda line: line.code).to_service_names({"9": 1})


def test_a_line_that_the_order_has_no_more_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="no line has the id '77'"):
        LineNames(TWINS, lambda line: line.code).to_service_names({"77": 1})


# What line quantities prove


@pytest.mark.parametrize(
    ("wanted", "told", "lacking"),
    [
        ({"1": 1}, [("1", 1, 1), ("2", 1, 0)], None),
        ({"1": 1}, [("2", 1, 1), ("1", 1, 0)], "1 of 2 (line 1)"),
        ({"1": 1}, [], "1 of 2 (line 1)"),
        ({}, [("1", 1, 1), ("2", 1, 1)], None),
        ({}, [("1", 1, 1)], "1 of 1 (line 2)"),
        ({}, [("1", 1, 1), ("2", 1, 1), ("HAT", 2, 1)], "1 of HAT"),
    ],
)
def test_quantities_prove_a_cancel_only_where_they_cover_the_lines_that_were_wanted(
    wanted: Mapping[str, int], told: list[tuple[str, int, int]], lacking: str | None
) -> None:
    lines = [LineAnswer(name, ordered, gone, id=name) for name, ordered, gone in told]
    assert lines_not_canceled(CROSSED, wanted, lines) == lacking


def test_what_could_be_either_of_two_lines_proves_nothing_of_either() -> None:
    assert lines_not_canceled(CROSSED, {"1": 1}, [LineAnswer("1", 1, 1), LineAnswer("2", 1, 1)]) == "1 of 2 (line 1)"


@pytest.mark.parametrize(
    ("told", "lacking"),
    [
        ([("MUG", 3, 3), ("9", 1, 1)], None),
        ([("MUG", 2, 2), ("MUG", 1, 1), ("9", 1, 1)], None),
        ([("7", 2, 2), ("8", 1, 1), ("9", 1, 1)], None),
        ([("MUG", 2, 2), ("9", 1, 1)], "1 of MUG (Mug, Color: Blue, line 8)"),
        ([("MUG", 3, 3)], "1 of Gift wrap"),
    ],
)
def test_what_is_told_of_a_code_counts_for_the_lines_that_have_it_together(
    told: list[tuple[str, int, int]], lacking: str | None
) -> None:
    assert lines_not_canceled(TWINS, {}, [LineAnswer(*each) for each in told]) == lacking


def test_people_are_told_of_a_line_so_that_they_find_it() -> None:
    assert [line_label(TWINS, line.id) for line in TWINS.lines] == [
        "MUG (Mug, Color: Red, line 7)",
        "MUG (Mug, Color: Blue, line 8)",
        "Gift wrap",
    ]
    assert line_label(TWINS, "gone") == "gone"
