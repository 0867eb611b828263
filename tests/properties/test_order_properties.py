"""Reading orders, as properties.

What was written polls the same, and nothing but ValidationError ever comes out.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import (
    read_order_text,
    read_orders,
    read_stored_order,
    write_order,
    write_order_text,
)
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.orders.serialization.schema import ORDER, ParseContext, read_record
from orderdesk_sdk.orders.serialization.stored import read_as_written

DOCUMENT: dict[str, object] = json.loads(SAMPLE_ORDERS)[0]


def read_one(document: object) -> Order:
    (order,) = read_orders(document)
    return order


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.decimals(allow_nan=True)
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(
        ["", "1", "-1.50", "2026-02-30 00:00:00", "9999-12-31 23:59:59", "0000-00-00 00:00:00", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
numbers = (
    st.integers(-(10**9), 10**9) | st.decimals(-(10**9), 10**9, places=2) | st.sampled_from(["10", "0.50", "", "-1.7"])
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(str) | st.just("")  # noqa: DTZ001 - hosts write no zone
strict_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | texts
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
boxes: st.SearchStrategy[object] = st.dictionaries(texts, strict_json, max_size=3) | st.just([])
addresses = st.dictionaries(
    st.sampled_from(["first_name", "company", "address1", "city", "postal_code", "unknown"]), texts, max_size=4
)
lines = st.fixed_dictionaries(
    {"quantity": st.integers(0, 10**6) | st.integers(0, 99).map(str)},
    optional={
        "id": texts | st.integers(-(10**20), 10**20),
        "code": texts,
        "price": numbers,
        "weight": numbers,
        "metadata": boxes,
        "sku": strict_json,
    }
    | {"variation_list": st.dictionaries(texts, texts | st.integers(0, 99), max_size=2)},
)
documents = st.fixed_dictionaries(
    {"id": texts.filter(str.strip) | st.integers(-(10**20), 10**20)},
    optional={
        "email": texts | st.none(),
        "source_id": texts | st.integers(-(10**20), 10**20) | st.none(),
        "order_total": numbers | st.none(),
        "folder_id": st.integers(0, 999) | st.just("") | st.none(),
        "date_added": moments | st.none(),
        "shipping": addresses | st.just([]),
        "order_metadata": boxes,
        "order_items": st.lists(lines, max_size=3),
        "order_notes": st.lists(st.fixed_dictionaries({"content": texts, "date_added": moments}), max_size=2),
        "unknown": strict_json,
    },
)


@pytest.mark.slow
@given(documents, st.sampled_from([UTC, timezone(timedelta(hours=-8)), ZoneInfo("America/New_York")]))
def test_reading_what_was_written_gives_the_same_order(document: dict[str, object], zone: timezone | ZoneInfo) -> None:
    (order,) = read_orders(document, timezone=zone)
    assert read_orders(write_order(order, timezone=zone), timezone=zone) == (order,)
    text = write_order_text(order, timezone=zone)
    assert read_order_text(text, location="again", timezone=zone) == (order,)


def places_in(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [deep for key, entry in value.items() for deep in places_in(entry, (*path, key))]
    elif isinstance(value, list):
        found += [deep for index, entry in enumerate(value) for deep in places_in(entry, (*path, index))]
    return found


def replaced(value: object, path: tuple[str | int, ...], new: object) -> object:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: replaced(entry, rest, new) if key == head else entry for key, entry in value.items()}
    assert isinstance(value, list)
    return [replaced(entry, rest, new) if index == head else entry for index, entry in enumerate(value)]


@pytest.mark.slow
@settings(max_examples=400)
@given(st.sampled_from(places_in(DOCUMENT)), json_values)
def test_any_value_anywhere_is_read_or_refused_as_input(path: tuple[str | int, ...], new: object) -> None:
    try:
        read: tuple[Order, ...] = read_orders(replaced(DOCUMENT, path, new))
    except ValidationError as error:
        read = ()
        rejection: ValidationError | None = error
    else:
        rejection = None
    assert rejection is None or (rejection.hint and "$" in rejection.message)
    for order in read:
        assert read_orders(write_order(order)) == (order,)


@given(st.text() | st.binary() | json_values.map(lambda value: json.dumps(value, default=str)))
def test_any_text_is_read_or_refused_as_input(text: str | bytes) -> None:
    try:
        told = repr(read_order_text(text, location="any"))
    except ValidationError as error:
        told = str(error)
    assert told.startswith("any: ") or told == "()"


@given(documents, st.integers(0, 99) | st.none())
def test_a_stored_order_is_read_without_checks_as_with_them(document: dict[str, object], folder: int | None) -> None:
    text = write_order_text(evolve(read_one(document), folder_id=None))
    order = read_as_written(text, folder)
    assert order is not None or "\\ud" in text
    assert order in (None, evolve(checked(text), folder_id=folder))
    assert read_stored_order(text, location="stored", folder_id=folder) == evolve(checked(text), folder_id=folder)


@settings(max_examples=400)
@given(st.sampled_from(places_in(json.loads(write_order_text(read_one(DOCUMENT))))), json_values)
def test_a_damaged_stored_order_is_left_to_the_reader_that_checks(path: tuple[str | int, ...], new: object) -> None:
    """Any value anywhere is read as the checked reader reads it, or not at all."""
    text = json.dumps(replaced(json.loads(write_order_text(read_one(DOCUMENT))), path, new), default=str)
    order = read_as_written(text)
    try:
        found = evolve(checked(text), folder_id=None)
    except ValidationError:
        assert order is None
    else:
        assert order in (None, found)


def checked(text: str) -> Order:
    """The order in a stored text, by the reader that checks everything."""
    context = ParseContext(UTC, strict=False)
    order = read_record(ORDER, parse_json(text, location="stored"), "$", context)
    context.raise_errors("stored")
    assert isinstance(order, Order)
    return order
