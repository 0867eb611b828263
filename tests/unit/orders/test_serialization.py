"""Reading orders: what hosts really send is taken, what is wrong is told with its place, nothing is lost on the way."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Address, ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text, read_orders, write_order, write_order_text

# What the official sample looks like, with other data: texts and numbers mixed, [] for {}, null.
DOCUMENT: dict[str, object] = {
    "id": "26211",
    "email": "ada@example.com",
    "quantity_total": 1,
    "product_total": 10,
    "shipping_total": 11.17,
    "order_total": "21.17",
    "customer_id": 5487542,
    "email_count": "3",
    "source_name": "Order Desk",
    "source_id": "412218073",
    "fulfillment_name": "",
    "fulfillment_id": None,
    "folder_id": "1",
    "date_added": "2014-10-08 12:10:00",
    "date_updated": "0000-00-00 00:00:00",
    "shipping": {"first_name": "Ada", "postal_code": 90210, "residential": True},
    "customer": [],
    "checkout_data": [],
    "order_metadata": {"ours": {"nested": [1, None]}},
    "discount_list": [{"name": "Ten", "code": "TEN", "amount": "1.70"}],
    "order_notes": [{"date_added": "", "username": "kim", "content": "Call first"}],
    "order_items": [
        {
            "id": 1,
            "name": "Mug",
            "price": "10",
            "quantity": "2",
            "weight": 1,
            "code": "MUG",
            "variation_list": {"Size": 11},
        },
        {"id": "2", "name": "Cap", "price": 5, "quantity": 1.0, "code": "CAP", "metadata": [], "sku": "x"},
    ],
    "order_shipments": [{"id": "7", "weight": "0", "date_shipped": "2014-10-09", "store_id": "42"}],
    "tag_color": None,
}


def read_one(document: object) -> Order:
    (order,) = read_orders(document)
    return order


def changed(**keys: object) -> dict[str, object]:
    return copy.deepcopy(DOCUMENT) | keys


def with_line(**keys: object) -> dict[str, object]:
    return changed(order_items=[{"quantity": 1} | keys])


def fault_of(document: object) -> str:
    with pytest.raises(ValidationError) as caught:
        read_orders(document, location="orders.json")
    return str(caught.value)


def test_the_official_mixture_of_texts_and_numbers_is_read_exactly() -> None:
    order = read_one(DOCUMENT)
    assert (order.id, order.number, order.customer_id, order.folder_id) == ("26211", "412218073", "5487542", 1)
    assert str(order.shipping_total) == "11.17"
    assert order.order_total == Decimal("21.17")
    assert order.fulfillment_id == ""
    assert (order.added_at, order.updated_at) == (datetime(2014, 10, 8, 12, 10, tzinfo=UTC), None)
    assert order.shipping == Address(first_name="Ada", postal_code="90210", extra={"residential": True})
    assert order.customer == Address()
    assert [(line.id, line.quantity, line.price) for line in order.lines] == [
        ("1", 2, Decimal(10)),
        ("2", 1, Decimal(5)),
    ]
    assert order.lines[0].variations == {"Size": "11"}
    assert order.shipments[0].shipped_on == date(2014, 10, 9)
    assert order.notes[0].added_at is None
    assert order.discounts[0].amount == Decimal("1.7")


def test_unknown_keys_stay_as_they_were_at_every_level() -> None:
    order = read_one(DOCUMENT)
    assert order.extra == {"email_count": "3", "tag_color": None}
    assert order.metadata == {"ours": {"nested": [1, None]}}
    assert order.lines[1].extra == {"sku": "x"}
    assert order.shipments[0].extra == {"store_id": "42"}
    written = write_order(order)
    assert written["email_count"] == "3"
    assert "tag_color" in written
    assert read_one(written) == order


def test_a_key_named_like_one_of_our_fields_is_still_unknown() -> None:
    order = read_one(changed(lines=1, number="7", extra={"a": 1}))
    assert order.number == "412218073"
    assert {"lines": 1, "number": "7", "extra": {"a": 1}}.items() <= order.extra.items()


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_source_id_takes_the_own_id(blank: str | None) -> None:
    assert read_one(changed(source_id=blank)).number == "26211"


def test_orders_come_bare_listed_or_in_api_replies() -> None:
    (order,) = read_orders(DOCUMENT)
    second = changed(id="2")
    single = {"status": "success", "execution_time": "0.02 seconds", "order": DOCUMENT}
    several = {"status": "success", "total_records": 2, "records_returned": 2, "orders": [DOCUMENT, second]}
    assert read_orders([]) == ()
    assert read_orders(single) == (order,)
    assert [each.id for each in read_orders([DOCUMENT, second])] == ["26211", "2"]
    assert [each.id for each in read_orders(several)] == ["26211", "2"]


def test_an_api_error_reply_is_quoted() -> None:
    said = fault_of({"status": "error", "message": "Invalid API key", "errors": ["key"]})
    assert said.startswith("orders.json: Order Desk answered with an error: Invalid API key; ['key']")
    assert "no message" in fault_of({"status": "ERROR"})


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (5, "$: 5 is not an order"),
        ({"status": "success", "orders": {}}, "$.orders: {} is not a list"),
        ({"status": "success", "message": "hello"}, "$.id: is missing"),
        (changed(id="  "), "$.id: '  ' is not an id"),
        (changed(id=True), "$.id: True is not a text or a whole number"),
        (changed(email=5), "$.email: 5 is not a text"),
        (changed(order_total=True), "$.order_total: True is not a number"),
        (changed(order_total="1,000.00"), "$.order_total: '1,000.00' is not a number"),
        (changed(order_total="NaN"), "$.order_total: 'NaN' is not a number"),
        (changed(order_total=float("inf")), "$.order_total: inf is not a number"),
        (changed(order_total=Decimal("1e999999")), "$.order_total: 1E+999999 is not a number"),
        (changed(folder_id="1.5"), "$.folder_id: '1.5' is not a whole number"),
        (changed(shipping=["x"]), "$.shipping: ['x'] is not an object"),
        (changed(order_items={}), "$.order_items: {} is not a list"),
        (changed(order_items=[[]]), "$.order_items[0]: [] is not an object"),
        (with_line(quantity=-1), "$.order_items[0].quantity: -1 is not a quantity"),
        (with_line(quantity=1.5), "$.order_items[0].quantity: 1.5 is not a whole number"),
        (with_line(quantity="2.5"), "$.order_items[0].quantity: '2.5' is not a whole number"),
        (with_line(quantity=False), "$.order_items[0].quantity: False is not a number"),
        (with_line(quantity=""), "$.order_items[0].quantity: '' is not a quantity"),
        (with_line(quantity=None), "$.order_items[0].quantity: is missing"),
        (with_line(variation_list={"Size": []}), "$.order_items[0].variation_list.Size: [] is not a text"),
        (with_line(variation_list={"Mug size": 1.5}), "$.order_items[0].variation_list['Mug size']: 1.5 is not a text"),
        (changed(date_added="08.10.2014"), "$.date_added: '08.10.2014' is not a time"),
        (changed(date_added="2014-13-08 12:10:00"), "$.date_added: '2014-13-08 12:10:00' is not a time"),
        (changed(date_added=1412770200), "$.date_added: 1412770200 is not a time"),
        (changed(source_name="\ud800"), "$.source_name: '\\ud800' is not a whole text"),
        (changed(checkout_data={1: 2}), "$.checkout_data: 1 is not a key"),
        pytest.param(
            changed(customer_id=10**5000),
            "$.customer_id: 'a longer number' is not a text or a whole number",
            id="long id",
        ),
        pytest.param(changed(email=10**5000), "$.email: a very long number is not a text", id="long number"),
    ],
)
def test_a_wrong_shape_is_refused_with_its_path(document: object, fault: str) -> None:
    assert f"orders.json: {fault}" in fault_of(document)


def test_all_faults_are_told_at_once() -> None:
    bad = [DOCUMENT, changed(email=1, order_items=[{"quantity": 1}, {"quantity": -3, "price": "?"}])]
    said = fault_of({"status": "success", "orders": bad})
    for path in ("$.orders[1].email:", "$.orders[1].order_items[1].quantity:", "$.orders[1].order_items[1].price:"):
        assert path in said
    assert len(said.splitlines()) == 3


def test_twenty_faults_are_told_and_the_rest_counted() -> None:
    said = fault_of([changed(email=1)] * 23)
    assert "$[19].email" in said
    assert "$[20].email" not in said
    assert "and 3 more" in said


def test_times_are_read_in_the_zone_of_the_host_unless_they_carry_one() -> None:
    new_york = ZoneInfo("America/New_York")
    (local,) = read_orders(changed(date_updated="2014-10-08T12:10:00+02:00"), timezone=new_york)
    assert local.added_at == datetime(2014, 10, 8, 16, 10, tzinfo=UTC)
    assert local.updated_at == datetime(2014, 10, 8, 10, 10, tzinfo=UTC)
    assert write_order(local, timezone=new_york)["date_added"] == "2014-10-08 12:10:00"


def test_the_hour_that_comes_twice_survives_writing() -> None:
    new_york = ZoneInfo("America/New_York")
    for hour in (5, 6):
        order = Order(id="1", number="1", added_at=datetime(2026, 11, 1, hour, 30, tzinfo=UTC))
        (again,) = read_orders(write_order(order, timezone=new_york), timezone=new_york)
        assert again == order


def test_written_orders_have_the_official_types() -> None:
    written = write_order(read_one(DOCUMENT))
    assert written["order_total"] == "21.17"
    assert written["source_id"] == "412218073"
    assert written["date_updated"] is None
    assert json.loads(write_order_text(read_one(DOCUMENT)))["order_items"][0]["quantity"] == 2


def test_fractions_in_unknown_keys_keep_every_digit_through_text() -> None:
    text = '{"id": "1", "exact": 0.10000000000000000000000000001, "deep": [1.10, -2e-7, 12345678901234567890]}'
    (order,) = read_order_text(text, location="orders.json")
    assert order.extra["exact"] == Decimal("0.10000000000000000000000000001")
    assert read_order_text(write_order_text(order), location="again") == (order,)


@pytest.mark.parametrize("odd", [{1}, float("nan"), Decimal("Infinity"), {1: 2}, pytest.param(10**5000, id="long")])
def test_what_json_cannot_say_is_not_written(odd: object) -> None:
    with pytest.raises(ValidationError, match=r"cannot be written as JSON|too long"):
        write_order_text(Order(id="1", number="1", extra={"odd": odd}))


def test_a_document_within_itself_is_not_written() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValidationError, match="nested too deeply"):
        write_order_text(Order(id="1", number="1", extra={"endless": endless}))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "orders.json: line 1, column 1: not JSON"),
        ('{"id": "1",\n "email" "x"}', "orders.json: line 2, column 10: not JSON"),
        (
            '[{"id": "1", "order_items": [{"quantity": 1, "quantity": 2}]}]',
            "$[0].order_items[0].quantity: the key is given",
        ),
        ('{"id": "1", "odd key": 1, "odd key": 1}', "$['odd key']: the key is given twice"),
        ('{"id": "1", "checkout_data": {"a": [NaN]}}', "$.checkout_data.a[0]: NaN is not a number"),
        ('{"id": "1", "x": -Infinity}', "$.x: -Infinity is not a number"),
        ('{"id": "1", "x": "\\ud800"}', "$.x: the text holds half a character"),
        ('{"id": "1", "x": {"\\udfff": 1}}', "$.x: a key holds half a character"),
        ('{"id": "1", "x": 1e99999999999999999999}', "orders.json: a number is too long"),
        ('{"id": "1", "x": ' + "9" * 5000 + "}", "orders.json: a number is too long"),
        ("[" * 100_000, "orders.json: lists and objects are nested too deeply"),
        (b'{"id": "\xff"}', "orders.json: byte 8 is not UTF-8"),
    ],
)
def test_text_that_is_no_clean_json_is_refused_with_its_place(text: str | bytes, fault: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_order_text(text, location="orders.json")
    assert fault in str(caught.value)


def test_a_byte_order_mark_and_escaped_pairs_are_fine() -> None:
    text = '\ufeff{"id": "1", "email": "\\ud83d\\ude00@example.com"}'
    assert read_order_text(text.encode(), location="p")[0].email == "\U0001f600@example.com"
    assert read_order_text(text, location="p")[0].email == "\U0001f600@example.com"


def test_a_line_is_found_by_its_id_alone() -> None:
    items: list[object] = [
        {"id": "1", "code": "2", "quantity": 1},
        {"id": "2", "code": "A", "quantity": 1},
        {"id": "3", "code": "A", "quantity": 1},
    ]
    order = read_one(changed(order_items=items))
    assert order.line("2").id == "2"
    assert order.line("1").code == "2"
    with pytest.raises(NotFoundError, match=r"no line has the id 'A'.*1 \(2\), 2 \(A\), 3 \(A\)"):
        order.line("A")


def test_a_placement_keeps_its_moments_in_utc_and_refuses_naive_ones() -> None:
    remote_order = RemoteOrder(
        "mww-main", "M-1", datetime(2026, 1, 5, 4, tzinfo=timezone(timedelta(hours=-5))), ConnectionRole.FULFILLMENT
    )
    assert remote_order.submitted_at.isoformat() == "2026-01-05T09:00:00+00:00"
    assert (remote_order.status, remote_order.status_at) == (None, None)
    with pytest.raises(ValueError, match="no time zone"):
        RemoteOrder("mww-main", "M-1", datetime(2026, 1, 5, 4), ConnectionRole.CART)  # noqa: DTZ001 - a naive time is the point


def test_the_sample_orders_read() -> None:
    orders = read_order_text(SAMPLE_ORDERS, location="samples")
    assert [order.number for order in orders] == ["1042", "1043", "1044", "1045"]
    assert {len(order.lines) for order in orders} == {1, 2, 3}
    for order in orders:
        assert order.shipping.country == "US"
        assert sum(line.price * line.quantity for line in order.lines) == order.product_total
        assert sum(line.quantity for line in order.lines) == order.quantity_total
        assert read_order_text(write_order_text(order), location="again") == (order,)


def test_orders_load_neither_sqlite_nor_httpx() -> None:
    program = (
        "import sys, orderdesk_sdk.orders.order, orderdesk_sdk.orders.serialization\n"
        "assert not {'httpx', 'sqlite3', 'orderdesk_sdk.cases.ledger'} & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        (Address(first_name="Ada", last_name="Byron", company="Engines"), "Ada Byron"),
        (Address(last_name="Byron"), "Byron"),
        (Address(company="Engines"), "Engines"),
        (Address(), ""),
    ],
)
def test_a_parcel_goes_to_the_person_else_to_the_company(address: Address, recipient: str) -> None:
    assert address.recipient == recipient
