"""Items, shipments and history of an order."""

from __future__ import annotations

import pytest

from tests.support.simulated_store import Store


def test_items_are_listed_read_added_changed_and_deleted(store: Store) -> None:
    items = store.ok("GET", "orders/58101/order-items")
    assert (items["total_records"], items["order_items"][0]["fulfillment_method"]) == (2, "")
    assert store.ok("GET", "orders/58101/order-items/302")["order_item"]["code"] == "CANVAS-12X16"
    assert store.call("GET", "orders/58101/order-items/9").status_code == 404
    reply = store.call("POST", "orders/58101/order-items", {"name": "Card", "price": "2.50", "quantity": 4})
    assert (reply.status_code, reply.json()["message"]) == (201, "Order Item Added")
    order = store.ok("GET", "orders/58101")["order"]
    assert (order["quantity_total"], order["product_total"]) == (7, 74)
    card = order["order_items"][-1]["id"]
    store.ok("PUT", f"orders/58101/order-items/{card}", {"quantity": 1})
    assert store.ok("GET", "orders/58101")["order"]["product_total"] == 66.5
    assert store.ok("DELETE", f"orders/58101/order-items/{card}")["message"] == f"Order Item {card} Deleted"
    assert store.ok("GET", "orders/58101")["order"]["product_total"] == 64


def test_a_put_may_come_as_a_post_that_says_so(store: Store) -> None:
    url = f"{store.served.url}/api/v2/orders/58101/order-items/301"
    reply = store.client.post(url, json={"quantity": 5}, headers={"X-HTTP-Method-Override": "PUT"})
    assert reply.json()["message"] == "Order Item Updated"
    assert store.ok("GET", "orders/58101/order-items/301")["order_item"]["quantity"] == 5


def test_shipments_are_listed_read_changed_and_deleted(store: Store) -> None:
    (row,) = store.ok("GET", "orders/58104/shipments")["shipments"]
    assert all(isinstance(value, str) for value in row.values())
    assert store.ok("GET", f"orders/58104/shipments/{row['id']}")["shipment"] == row
    store.ok("PUT", f"orders/58104/shipments/{row['id']}", {"cost": 4, "id": "9"})
    (changed,) = store.ok("GET", "orders/58104/shipments")["shipments"]
    assert changed == {**row, "cost": "4"}
    assert store.ok("DELETE", f"orders/58104/shipments/{row['id']}")["message"] == f"Shipment {row['id']} Deleted"
    assert store.ok("GET", "orders/58104/shipments")["total_records"] == 0


@pytest.mark.parametrize(("choice", "status"), [("4xx", 400), ("200", 200)])
def test_a_shipment_that_is_there_is_not_added(store: Store, choice: str, status: int) -> None:
    store.simulator.set_option("refused_as", choice)
    body = {"tracking_number": "1Z1", "carrier_code": "UPS"}
    assert store.ok("POST", "orders/58101/shipments", body)["message"] == "Shipment Added"
    reply = store.call("POST", "orders/58101/shipments", body)
    assert (reply.status_code, reply.json()["status"], reply.json()["message"]) == (
        status,
        "error",
        "Shipment Not Added",
    )
    for _ in range(2):
        store.ok("POST", "orders/58101/shipments", {})
    numbers = [row["tracking_number"] for row in store.ok("GET", "orders/58101/shipments")["shipments"]]
    assert numbers == ["1Z1", "n/a", "n/a"]


def test_many_shipments_come_as_a_bare_array(store: Store) -> None:
    rows = [{"order_id": number, "tracking_number": f"T{number}"} for number in ("58101", "58102", "7")]
    assert store.ok("POST", "batch-shipments", rows)["message"] == "2 Shipments Added"
    assert store.call("POST", "batch-shipments", {"shipments": rows}).status_code == 400
    assert store.ok("GET", "orders/58102/shipments")["shipments"][0]["tracking_number"] == "T58102"


def test_a_note_is_proved_by_its_reply(store: Store) -> None:
    store.ok("POST", "orders/58101/order-history", {"note": "first"})
    reply = store.ok("POST", "orders/58101/order-history", {"note": "second", "source_name": "orderdesk_sdk"})
    assert reply["total_records"] == 2
    assert reply["order"]["order_history"] == [
        {"source_name": "API", "note": "first", "date_added": "2026-01-05 09:00:00"},
        {"source_name": "orderdesk_sdk", "note": "second", "date_added": "2026-01-05 09:00:00"},
    ]
    assert store.call("POST", "orders/58101/order-history", {}).status_code == 400
    assert store.call("POST", "orders/58101/order-history", ["note"]).status_code == 400


@pytest.mark.parametrize(("choice", "status"), [("4xx", 422), ("200", 200)])
def test_a_full_history_takes_no_more(store: Store, choice: str, status: int) -> None:
    store.simulator.set_option("history_full", choice)
    store.simulator.fill_history("58101", 249)
    store.ok("POST", "orders/58101/order-history", {"note": "the last one"})
    reply = store.call("POST", "orders/58101/order-history", {"note": "one more"})
    assert (reply.status_code, reply.json()["status"]) == (status, "error")
    history = store.simulator.history("58101")
    assert (len(history), history[-1]["note"]) == (250, "the last one")


@pytest.mark.parametrize("choice", ["cut", "refused"])
def test_a_long_note_is_cut_or_refused(store: Store, choice: str) -> None:
    store.simulator.set_option("history_note_over", choice)
    reply = store.call("POST", "orders/58101/order-history", {"note": "x" * 1_801})
    assert reply.status_code == (200 if choice == "cut" else 422)
    assert [len(entry["note"]) for entry in store.simulator.history("58101")] == ([1_800] if choice == "cut" else [])
