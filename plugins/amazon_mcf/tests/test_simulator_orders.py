"""The simulator of Amazon MCF: creating, holding, updating, reading and listing orders, and their life by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator, example_address, example_order
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.errors import NotFoundError

Renew = Callable[[], httpx.Client]
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
SOON = Durations()


def error_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def quantities(client: httpx.Client, remote_id: str = "A-1") -> list[tuple[int, int, int]]:
    """Per line: ordered, canceled, unfulfillable."""
    items = client.get(f"{ORDERS}/{remote_id}").json()["payload"]["fulfillmentOrderItems"]
    return [(item["quantity"], item["cancelledQuantity"], item["unfulfillableQuantity"]) for item in items]


def test_a_created_order_lives_by_the_clock_until_it_is_complete(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, renew: Renew
) -> None:
    created = client.post(ORDERS, json=example_order("A-1"))
    assert (created.status_code, created.json()) == (200, {})
    words = [amazon.actual_status("A-1")]
    for duration in (SOON.new, SOON.received, SOON.planning, SOON.processing):
        clock.advance(duration - seconds(1))
        assert amazon.actual_status("A-1") == words[-1]
        clock.advance(seconds(1))
        words.append(amazon.actual_status("A-1"))
    assert words == ["New", "Received", "Planning", "Processing", "Complete"]
    payload = client.get(f"{ORDERS}/A-1", headers=renew().headers).json()["payload"]
    assert payload["fulfillmentOrder"]["fulfillmentOrderStatus"] == "Complete"
    assert payload["fulfillmentShipments"][0]["fulfillmentShipmentStatus"] == "SHIPPED"
    assert quantities(client) == [(4, 0, 0)]


def test_one_long_step_of_the_clock_is_told_at_the_times_things_happened(
    clock: VirtualClock, amazon: McfSimulator
) -> None:
    amazon.add_order("A-1", lines=[("MUG", 2)], status="Planning")
    amazon.add_order("B-1", lines=[("MUG", 2)], status="New")
    start = clock.now()
    clock.advance(hours(48))
    told = [(record.at - start, record.remote_id, record.effect) for record in amazon.log[2:]]
    assert told == [
        (minutes(1), "B-1", "New -> Received"),
        (minutes(11), "B-1", "Received -> Planning"),
        (minutes(30), "A-1", "Planning -> Processing"),
        (minutes(41), "B-1", "Planning -> Processing"),
        (minutes(390), "A-1", "Processing -> Complete"),
        (minutes(401), "B-1", "Processing -> Complete"),
    ]


def test_what_was_created_is_what_is_read(client: httpx.Client) -> None:
    line = {"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 4, "giftMessage": "Hi"}
    client.post(
        ORDERS, json=example_order("A-1", items=[line], marketplaceId="A1PA6795UKMFR9", fulfillmentPolicy="FillAll")
    )
    payload = client.get(f"{ORDERS}/A-1").json()["payload"]
    order, (item,) = payload["fulfillmentOrder"], payload["fulfillmentOrderItems"]
    expected = example_order(
        "A-1", marketplaceId="A1PA6795UKMFR9", fulfillmentPolicy="FillAll", fulfillmentAction="Ship"
    )
    del expected["items"]
    assert expected.items() <= order.items()
    assert (order["receivedDate"], order["fulfillmentOrderStatus"]) == ("2026-01-05T09:00:00Z", "New")
    assert line.items() <= item.items()
    assert (payload["fulfillmentShipments"], payload["returnItems"], payload["returnAuthorizations"]) == ([], [], [])


@pytest.mark.parametrize("status", [None, "Cancelled", "Invalid", "Unfulfillable"])
def test_an_id_is_burned_for_ever_whatever_became_of_its_order(client: httpx.Client, status: str | None) -> None:
    client.post(ORDERS, json=example_order("A-1"))
    if status:
        assert client.put(f"{ORDERS}/A-1/status", json={"fulfillmentOrderStatus": status}).status_code == 200
    response = client.post(ORDERS, json=example_order("A-1"))
    assert error_of(response) == (400, "InvalidInput")
    assert response.json()["errors"][0]["message"].startswith("sellerFulfillmentOrderId:")


LINE: dict[str, object] = {"sellerSku": "MUG", "sellerFulfillmentOrderItemId": "1", "quantity": 4}


def many(count: int, quantity: int) -> list[dict[str, object]]:
    return [LINE | {"sellerFulfillmentOrderItemId": str(index), "quantity": quantity} for index in range(count)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sellerFulfillmentOrderId": None}, "sellerFulfillmentOrderId"),
        ({"sellerFulfillmentOrderId": ""}, "sellerFulfillmentOrderId"),
        ({"sellerFulfillmentOrderId": "x" * 41}, "sellerFulfillmentOrderId"),
        ({"sellerFulfillmentOrderId": 7}, "sellerFulfillmentOrderId"),
        ({"displayableOrderId": "x" * 41}, "displayableOrderId"),
        ({"displayableOrderComment": "x" * 751}, "displayableOrderComment"),
        ({"displayableOrderDate": "yesterday"}, "displayableOrderDate"),
        ({"displayableOrderDate": "2026-01-05T08:00:00"}, "displayableOrderDate"),
        ({"shippingSpeedCategory": "Fast"}, "shippingSpeedCategory"),
        ({"shippingSpeedCategory": "ScheduledDelivery", "fulfillmentAction": "Hold"}, "fulfillmentAction"),
        ({"fulfillmentAction": "Wait"}, "fulfillmentAction"),
        ({"fulfillmentPolicy": "Some"}, "fulfillmentPolicy"),
        ({"notificationEmails": ["x" * 65]}, "notificationEmails"),
        ({"destinationAddress": None}, "destinationAddress"),
        ({"destinationAddress": "here"}, "destinationAddress"),
        ({"destinationAddress": {**example_address(), "city": None}}, "destinationAddress.city"),
        ({"destinationAddress": {**example_address(), "postalCode": None}}, "destinationAddress.postalCode"),
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": ["MUG"]}, "items"),
        ({"items": many(101, 1)}, "items"),
        ({"items": many(1, 251)}, "items"),
        ({"items": [LINE, LINE]}, "items[1].sellerFulfillmentOrderItemId"),
        ({"items": [LINE | {"quantity": "4"}]}, "items[0].quantity"),
        ({"items": [LINE | {"quantity": True}]}, "items[0].quantity"),
        ({"items": [LINE | {"quantity": 0}]}, "items[0].quantity"),
        ({"items": [LINE | {"sellerSku": "x" * 51}]}, "items[0].sellerSku"),
        ({"items": [LINE | {"sellerFulfillmentOrderItemId": None}]}, "items[0].sellerFulfillmentOrderItemId"),
        ({"items": [LINE | {"giftMessage": "x" * 513}]}, "items[0].giftMessage"),
        ({"items": [LINE | {"perUnitPrice": {"value": "1"}}]}, "items[0].perUnitPrice.currencyCode"),
    ],
)
def test_a_mistake_in_a_new_order_is_named_by_its_field_and_nothing_is_created(
    amazon: McfSimulator, client: httpx.Client, changed: dict[str, object], field: str
) -> None:
    response = client.post(ORDERS, json=example_order("A-1") | changed)
    assert error_of(response) == (400, "InvalidInput")
    assert [error["message"].partition(":")[0] for error in response.json()["errors"]] == [field]
    with pytest.raises(NotFoundError):
        amazon.actual_status("A-1")


def test_all_mistakes_are_told_at_once_and_a_body_must_be_an_object(client: httpx.Client) -> None:
    told = client.post(ORDERS, json={}).json()["errors"]
    assert {error["message"].partition(":")[0] for error in told} == set(example_order("A-1"))
    assert error_of(client.post(ORDERS, json=[])) == (400, "InvalidInput")


def test_the_largest_orders_and_a_japanese_one_without_a_city_are_accepted(client: httpx.Client) -> None:
    address = {"name": "A", "addressLine1": "B", "postalCode": "100-0001", "countryCode": "JP"}
    assert client.post(ORDERS, json=example_order("A" * 40, items=many(100, 2))).status_code == 200
    assert client.post(ORDERS, json=example_order("B", items=many(2, 125))).status_code == 200
    assert client.post(ORDERS, json=example_order("J", destinationAddress=address)).status_code == 200


def test_a_held_order_waits_until_it_is_released(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client, renew: Renew
) -> None:
    client.post(ORDERS, json=example_order("A-1", fulfillmentAction="Hold"))
    clock.advance(timedelta(days=13))
    assert amazon.actual_status("A-1") == "Received"
    renew()
    assert client.put(f"{ORDERS}/A-1", json={"displayableOrderComment": "Soon"}).json() == {}
    released = client.put(f"{ORDERS}/A-1", json={"fulfillmentAction": "Ship"})
    assert (released.status_code, released.json()) == (200, {})
    order = client.get(f"{ORDERS}/A-1").json()["payload"]["fulfillmentOrder"]
    assert (order["fulfillmentAction"], order["displayableOrderComment"]) == ("Ship", "Soon")
    clock.advance(SOON.received)
    assert amazon.actual_status("A-1") == "Planning"


def test_a_held_order_is_cancelled_by_amazon_after_14_days(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    client.post(ORDERS, json=example_order("A-1", fulfillmentAction="Hold"))
    clock.advance(timedelta(days=14))
    assert amazon.actual_status("A-1") == "Cancelled"


def test_an_update_is_for_held_orders_and_neither_address_nor_lines_can_change(
    amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("ships", lines=[("MUG", 2)])
    amazon.add_order("held", lines=[("MUG", 2)], held=True)
    assert error_of(client.put(f"{ORDERS}/ships", json={"fulfillmentAction": "Ship"})) == (400, "InvalidInput")
    for field in ("destinationAddress", "items"):
        told = client.put(f"{ORDERS}/held", json={field: {}}).json()["errors"][0]["message"]
        assert told.startswith(f"{field}:")


def test_a_list_is_paged_and_starts_at_the_last_change(
    clock: VirtualClock, amazon: McfSimulator, client: httpx.Client
) -> None:
    amazon.add_order("old", lines=[("MUG", 1)], status="Complete")
    clock.advance(minutes(10))
    for number in range(5):
        amazon.add_order(f"A-{number}", lines=[("MUG", 1)], status="Complete")
    since = {"queryStartDate": clock.now().isoformat()}
    pages, query = [], since
    while query:
        payload = client.get(ORDERS, params=query).json()["payload"]
        pages.append([order["sellerFulfillmentOrderId"] for order in payload["fulfillmentOrders"]])
        query = {"nextToken": payload["nextToken"]} if "nextToken" in payload else {}
    assert pages == [["A-0", "A-1"], ["A-2", "A-3"], ["A-4"]]
    first = client.get(ORDERS).json()["payload"]["fulfillmentOrders"]
    assert [order["sellerFulfillmentOrderId"] for order in first] == ["old", "A-0"]


@pytest.mark.parametrize("query", [{"queryStartDate": "monday"}, {"nextToken": "x"}, {"nextToken": "WzEsIDJd"}])
def test_a_date_or_token_that_is_none_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    assert error_of(client.get(ORDERS, params=query)) == (400, "InvalidInput")


def test_durations_are_selectable(clock: VirtualClock) -> None:
    amazon = McfSimulator(clock, durations=Durations(received=seconds(1), planning=seconds(2)))
    amazon.add_order("A-1", lines=[("MUG", 2)])
    clock.advance(seconds(3))
    assert amazon.actual_status("A-1") == "Processing"
