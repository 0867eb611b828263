"""A file of orders read by pieces tells what the same text tells as a whole, wherever the pieces end."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import OrderStream, json_stream, read_order_text

SAMPLES = json.loads(SAMPLE_ORDERS)
SMALL: list[dict[str, object]] = [
    {"id": str(number), "email": f"\u00e4{number}@example.com", "x": [number, 1.25e3]} for number in range(3)
]
RESPONSE = json.dumps({"status": "success", "orders": SMALL, "total_records": 12}, ensure_ascii=False, indent=1)
LISTS_OF_ITS_OWN = {"id": "1", "order_items": [], "orders": [{"id": "2"}], "order": []}

TEXTS = [
    SAMPLE_ORDERS,
    RESPONSE,
    "\ufeff" + RESPONSE,
    json.dumps(SMALL),
    json.dumps({"orders": SMALL, "status": "success"}),
    json.dumps({"order": SMALL}),
    json.dumps({"order": SMALL[0], "status": "success", "date_added": None}),
    json.dumps({"order": []}),
    json.dumps({"orders": []}),
    json.dumps({"orders": SMALL, "order": SMALL}),
    json.dumps({"orders": SMALL, "total_records": "many"}),
    json.dumps({"status": "error", "message": "no", "orders": SMALL}),
    json.dumps(LISTS_OF_ITS_OWN),
    json.dumps(SAMPLES[0]),
    json.dumps([*SMALL, SMALL[0], {"id": "4", "order_items": [{"quantity": "many"}]}]),
    json.dumps([{"id": str(number), "order_items": "x"} for number in range(30)]),
    "[]",
    " [ ] ",
    "{}",
    "",
    "7",
    '"text"',
    "[1, 2]",
    '[{"id": "1"}, {"id": "2", "x": NaN}, {"id": "3", "y": 1, "y": 2}]',
    '{"orders": [{"id": "1", "x": "\\ud800"}], "orders": [{"id": "1"}]}',
    '{"id": "1", "order_items": [], "orders": [{"x": 1, "x": 2}]}',
    '{"id": "1", "x": 1e99999999999999999999}',
    '[{"id": "1"}' + ", 1" * 5,
    '[{"id": "1"}] x',
    '{"orders": [{"id": "1"}]} x',
    '{"id": "1",}',
    '[{"id": "1"},]',
    "[" * 100_000,
    '[{"id": "1", "x": ' + "9" * 5000 + "}]",
    '{\n "id": "1",\n "email" "x"}',
    "{1: 2}",
]


def whole(text: str) -> object:
    """The orders, and how many there are, or what is wrong."""
    try:
        orders = read_order_text(text.encode(), location="orders.json")
    except ValidationError as error:
        return str(error)
    return tuple(orders), orders.total, orders.missing_note


def by_pieces(text: str, size: int) -> object:
    """The same from a file that is read by pieces of about that size."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_stream, "CHUNK", size)
        stream = OrderStream(io.BytesIO(text.encode()), location="orders.json")
        try:
            orders = tuple(stream)
        except ValidationError as error:
            return str(error)
    return orders, stream.total, stream.missing_note


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: re.sub(r"\W+", " ", text)[:30])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_text_by_pieces_is_the_same_as_the_whole(text: str, size: int) -> None:
    assert by_pieces(text, size) == whole(text)


@given(
    text=st.sampled_from([text for text in TEXTS if 2 < len(text) < 2000]),
    at=st.floats(0, 1, exclude_max=True),
    new=st.sampled_from(["", "}", "]", ",", '"', "\\", "\n", " ", "1", "e", "-", "t", "\u00e4", "\U0001f600"]),
    gone=st.integers(0, 3),
    size=st.integers(1, 40),
)
def test_a_text_with_a_fault_anywhere_is_told_the_same(text: str, at: float, new: str, gone: int, size: int) -> None:
    place = int(at * len(text))
    changed = text[:place] + new + text[place + gone :]
    assert by_pieces(changed, size) == whole(changed)


def test_a_byte_that_is_no_utf_8_is_told_with_its_place() -> None:
    text = b"[" + json.dumps(SMALL[0], ensure_ascii=False).encode() + b', {"id": "\xff"}]'
    with pytest.raises(ValidationError, match=f"byte {text.index(0xFF)} is not UTF-8"):
        list(OrderStream(io.BytesIO(text), location="orders.json"))


def test_a_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"skipped " + RESPONSE.encode())
    file.seek(8)
    assert [order.id for order in OrderStream(file, location="orders.json")] == ["0", "1", "2"]


def test_no_more_of_a_long_file_is_read_than_its_orders_so_far_need() -> None:
    file = io.BytesIO(json.dumps([{"id": str(number), "email": "x" * 1000} for number in range(1000)]).encode())
    orders: Iterator[Order] = iter(OrderStream(file, location="orders.json"))
    next(orders)
    assert file.tell() <= 2 * json_stream.CHUNK
