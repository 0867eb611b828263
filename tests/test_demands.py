"""What a service demands of a new order: everything that it lacks is named, before anything is sent."""

from __future__ import annotations

import pytest

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Line, Order
from orderdesk_sdk.plugin.toolkit.required_fields import demand

LINES = (Line(2, code="MUG", name="Mug"), Line(1, code="CAP", name="Cap"))


def lacking(*lines: Line, texts: dict[str, str] | None = None) -> str:
    with pytest.raises(InputError) as raised:
        demand(Order("1", "1042", lines=lines), texts or {}, longest_code=5, most_lines=3, most_units=9)
    assert (raised.value.place, raised.value.remedy) == ("order 1042", "mend the order, then resubmit it")
    return raised.value.text


def test_an_order_that_has_everything_passes() -> None:
    demand(Order("1", "1042", lines=LINES), {"city": "Springfield"}, longest_code=3, most_lines=2, most_units=3)


def test_no_limit_is_none() -> None:
    demand(Order("1", "1042", lines=tuple(Line(10**6, code="C" * 99) for _ in range(99))), {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Line(1, name="Hat"), "line 3 (Hat) has no code"),
        (Line(1, code=" "), "line 3 (without a name) has no code"),
        (Line(1, code="LONGER"), "the code of line 3 has 6 characters, and 5 are allowed"),
        (Line(0, code="HAT"), "line 3 is for 0 pieces"),
        (Line(7, code="HAT"), "it has 10 pieces, and 9 are allowed"),
    ],
)
def test_a_line_that_breaks_the_model_is_named(line: Line, said: str) -> None:
    assert lacking(*LINES, line) == said


def test_all_that_is_lacking_is_told_at_once() -> None:
    assert lacking(texts={"name": "", "city": "x", "zip": " "}) == "name is missing; zip is missing; it has no lines"
    assert lacking(*LINES, *LINES) == "it has 4 lines, and 3 are allowed"
