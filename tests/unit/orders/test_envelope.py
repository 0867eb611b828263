"""Of a document only what is an order is read as one, and what it lacks is told."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import read_orders, read_stored_order

DOCUMENT: dict[str, object] = {
    "id": "26211",
    "source_id": "412218073",
    "date_added": "2014-10-08 12:10:00",
    "order_metadata": [],
    "order_items": [{"id": 1, "name": "Mug", "quantity": "2", "code": "MUG"}],
}


def read_one(document: object) -> Order:
    (order,) = read_orders(document)
    return order


def changed(**keys: object) -> dict[str, object]:
    return copy.deepcopy(DOCUMENT) | keys


@pytest.mark.parametrize(
    "response",
    [
        {"status": "error", "message": "Duplicate order", "id": "7022496"},
        {"status": "Error", "message": "Duplicate order", "id": 7022496, "order_items": []},
        {"status": " ERROR ", "message": "Duplicate order", "order": {"id": "7022496"}},
        {"status": "error", "message": "Duplicate order", "orders": [], "total_records": 0},
    ],
)
def test_an_error_reply_is_no_order_whatever_else_it_has(response: dict[str, object]) -> None:
    with pytest.raises(
        ValidationError, match=r"Order Desk answered with an error.*: Duplicate order - this is an API error"
    ):
        read_orders(response)


def test_an_error_among_orders_is_told_with_its_place() -> None:
    error = {"status": "error", "message": "not found", "id": "5"}
    with pytest.raises(
        ValidationError, match=r"\$\.orders\[1\]: Order Desk answered with an error, about id 5: not found"
    ):
        read_orders({"orders": [DOCUMENT, error]})


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (
            {"id": "4402", "order_id": "58104", "store_id": "1", "tracking_number": "n/a", "order_items": ""},
            "a shipment",
        ),
        ({"id": "9", "tracking_number": "1Z", "date_added": "2026-01-04 20:31:45"}, "a shipment"),
        ({"id": "42286", "name": "Mug", "price": "10", "quantity": 1, "variation_list": []}, "an order item"),
        ({"id": "42286", "name": "Mug", "quantity": 1}, "an order item"),
        ({"id": "77", "name": "Mug", "stock": 4, "code": "MUG"}, "an inventory item"),
        (
            {"status": "success", "execution_time": "0.05 seconds", "message": "1 Orders Moved", "id": "5"},
            "an API response",
        ),
    ],
)
def test_another_object_of_order_desk_is_no_order(document: dict[str, object], what: str) -> None:
    for given in (document, [document], {"orders": [document]}):
        with pytest.raises(ValidationError, match=f"this is not an order but .*{what}"):
            read_orders(given)


def test_a_reply_that_names_an_id_beside_its_order_is_read_for_the_order() -> None:
    assert read_one({"status": "success", "id": "x", "order": DOCUMENT}).id == "26211"
    assert read_orders({"status": "success", "id": "x", "orders": [DOCUMENT]})[0].id == "26211"


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        ({"order": DOCUMENT, "orders": [DOCUMENT]}, r"\$: it has both"),
        ({"status": "success", "order": []}, r"\$\.order: \[\] is not an order"),
        ({"status": "success", "order": None}, r"\$\.order: None is not an order"),
        ({"status": "success", "orders": {"1": DOCUMENT}}, r"\$\.orders: .* is not a list"),
        ({"orders": [DOCUMENT], "total_records": "many"}, r"\$\.total_records: 'many' is not a number"),
        ({"orders": [DOCUMENT, DOCUMENT]}, r"\$\.orders\[1\]\.id: '26211' is the id of \$\.orders\[0\] already"),
        ([DOCUMENT, {**DOCUMENT, "id": 26211}], r"\$\[1\]\.id: '26211' is the id of \$\[0\] already"),
        ({"ID": "1", "id": "1", "Order_Items": []}, r"\$\.Order_Items: is not read; write it as order_items"),
    ],
)
def test_what_would_be_dropped_or_guessed_is_told(response: object, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        read_orders(response)


@pytest.mark.parametrize(
    ("total", "note"),
    [(734, "1 of 734 orders"), ("734", "1 of 734 orders"), (1, None), (0, None), (None, None)],
)
def test_one_page_of_many_says_so(total: object, note: str | None) -> None:
    read = read_orders({"status": "success", "total_records": total, "orders": [DOCUMENT]})
    assert len(read) == 1
    assert str(read.missing_note).startswith(str(note))


@pytest.mark.parametrize(
    "zero", ["", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "0000-00-00 00:00", None]
)
def test_the_date_that_stands_for_none_is_none(zero: str | None) -> None:
    order = read_one(changed(date_added=zero, order_shipments=[{"date_shipped": zero, "date_added": zero}]))
    assert (order.added_at, order.shipments[0].shipped_on, order.shipments[0].added_at) == (None, None, None)


@pytest.mark.parametrize("odd", ["0000-00-01", "0000-00-00 00:00:01", "0000-01-01 00:00:00", "2026-02-30"])
def test_a_date_that_is_none_is_refused(odd: str) -> None:
    with pytest.raises(ValidationError, match=r"\$\.date_added"):
        read_one(changed(date_added=odd))


def test_a_local_time_that_clocks_never_showed_is_refused_in_that_zone_only() -> None:
    document = changed(date_added="2026-03-08 02:30:00")
    with pytest.raises(
        ValidationError, match=r"\$\.date_added: .* is not a time that clocks in America/New_York ever showed"
    ):
        read_orders(document, timezone=ZoneInfo("America/New_York"))
    assert read_one(document).added_at == datetime(2026, 3, 8, 2, 30, tzinfo=UTC)


def test_times_of_a_reply_of_order_desk_are_utc_whatever_the_zone_of_other_documents() -> None:
    new_york = ZoneInfo("America/New_York")
    response = {"status": "success", "order": DOCUMENT}
    assert read_orders(response, timezone=new_york)[0].added_at == datetime(2014, 10, 8, 12, 10, tzinfo=UTC)
    assert read_orders(DOCUMENT, timezone=new_york)[0].added_at == datetime(2014, 10, 8, 16, 10, tzinfo=UTC)


def test_what_an_early_version_stored_is_read_though_it_would_be_refused_today() -> None:
    text = json.dumps({"id": "1", "Order_Items": 5, "status": "error", "stock": 1})
    assert read_stored_order(text, location="stored").extra["Order_Items"] == 5
