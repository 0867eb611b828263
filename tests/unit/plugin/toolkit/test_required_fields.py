"""What a service demands of a new order: everything that it lacks is named, before anything is sent."""

from __future__ import annotations

import pytest

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.toolkit.required_fields import require_order_fields

LINES = (OrderLine(2, code="MUG", name="Mug"), OrderLine(1, code="CAP", name="Cap"))


def lacking(*lines: OrderLine, texts: dict[str, str] | None = None) -> str:
    with pytest.raises(ValidationError) as raised:
        require_order_fields(Order("1", "1042", lines=lines), texts or {}, max_code_length=5, max_lines=3, max_units=9)
    assert (raised.value.location, raised.value.hint) == ("order 1042", "mend the order, then resubmit it")
    return raised.value.message


def test_an_order_that_has_everything_passes() -> None:
    require_order_fields(
        Order("1", "1042", lines=LINES), {"city": "Springfield"}, max_code_length=3, max_lines=2, max_units=3
    )


def test_no_limit_is_none() -> None:
    require_order_fields(Order("1", "1042", lines=tuple(OrderLine(10**6, code="C" * 99) for _ in range(99))), {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (OrderLine(1, name="Hat"), "line 3 (Hat) has no code"),
        (OrderLine(1, code=" "), "line 3 (without a name) has no code"),
        (OrderLine(1, code="LONGER"), "the code of line 3 has 6 characters, and 5 are allowed"),
        (OrderLine(0, code="HAT"), "line 3 is for 0 pieces"),
        (OrderLine(7, code="HAT"), "it has 10 pieces, and 9 are allowed"),
    ],
)
def test_a_line_that_breaks_the_model_is_named(line: OrderLine, said: str) -> None:
    assert lacking(*LINES, line) == said


def test_all_that_is_lacking_is_told_at_once() -> None:
    assert lacking(texts={"name": "", "city": "x", "zip": " "}) == "name is missing; zip is missing; it has no lines"
    assert lacking(*LINES, *LINES) == "it has 4 lines, and 3 are allowed"
