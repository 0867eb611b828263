"""What the simulated store tells: itself, one order, and the orders that a search finds."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_devkit.simulators.orderdesk.access import API_KEY
from tests.support.simulated_store import Store


def test_a_client_with_the_wrong_key_is_not_let_in(store: Store) -> None:
    with httpx.Client(trust_env=False) as stranger:
        reply = stranger.get(f"{store.served.url}/api/v2/test", headers={"ORDERDESK-STORE-ID": "1200"})
    assert reply.status_code == 401
    assert reply.json()["status"] == "error"


def test_the_connection_is_tested_in_utc(store: Store) -> None:
    assert store.ok("GET", "test") == {
        "status": "success",
        "message": "Connection Successful",
        "current_date_time": "2026-01-05 09:00:00",
    }


@pytest.mark.parametrize(("choice", "told"), [("shown", True), ("hidden", False)])
def test_the_store_tells_its_secrets(store: Store, choice: str, told: bool) -> None:
    store.simulator.set_option("store_secrets", choice)
    found = store.ok("GET", "store")["store"]
    assert found["folders"] == {"21654": "New", "21655": "Prepared", "21656": "Closed", "21657": "Canceled"}
    assert found["settings"]["timezone"] == "America/Los_Angeles"
    assert (found["settings"].get("api_key") == API_KEY) is told
    assert ("smtp_password" in found["settings"]) is told


def test_an_order_has_the_shape_of_the_reference(store: Store) -> None:
    order = store.ok("GET", "orders/58101")["order"]
    assert (order["id"], order["source_id"], order["folder_id"]) == ("58101", "1042", 21654)
    assert order["email_count"] == "0"
    assert order["order_total"] == 74.41
    assert (order["order_items"][0]["id"], order["order_items"][0]["price"]) == ("301", "16")
    assert order["order_items"][0]["quantity"] == 2
    assert order["order_metadata"] == []
    assert order["order_items"][1]["metadata"] == []
    assert order["checkout_data"] == {"Gift message": "Happy birthday, Ida!"}
    assert "order_history" not in order
    shipment = store.ok("GET", "orders/58104")["order"]["order_shipments"][0]
    assert (shipment["order_items"], shipment["print_status"], shipment["date_shipped"]) == ("", "0", "2026-01-04")


def test_an_unknown_order_and_an_unknown_call_are_not_found(store: Store) -> None:
    assert store.call("GET", "orders/1").status_code == 404
    assert store.call("GET", "reports").status_code == 404
    assert store.call("GET", "orders/58101/label").status_code == 404


@pytest.mark.parametrize(("choice", "empty"), [("list", []), ("object", {})])
def test_an_empty_object_is_a_list_or_not(store: Store, choice: str, empty: object) -> None:
    store.simulator.set_option("empty_objects", choice)
    order = store.ok("GET", "orders/58101")["order"]
    assert order["order_metadata"] == order["return_address"] == order["order_items"][1]["metadata"] == empty


@pytest.mark.parametrize(
    ("choice", "price", "quantity", "folder"),
    [("mixed", "16", 2, 21654), ("texts", "16", "2", "21654"), ("numbers", 16, 2, 21654)],
)
def test_numbers_come_as_texts_too(store: Store, choice: str, price: object, quantity: object, folder: object) -> None:
    store.simulator.set_option("numbers", choice)
    order = store.ok("GET", "orders/58101")["order"]
    item = order["order_items"][0]
    assert (item["price"], item["quantity"], order["folder_id"]) == (price, quantity, folder)
