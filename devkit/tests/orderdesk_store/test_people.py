"""What people and services do behind the API: by method, and by control call from another process."""

from __future__ import annotations

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import NotFoundError, ValidationError
from tests.support.simulated_store import Script, Store


def test_an_order_is_found_by_id_or_number_and_nothing_else(store: Store) -> None:
    assert store.simulator.actual_status("58101") == store.simulator.actual_status("1042") == "New"
    with pytest.raises(NotFoundError):
        store.simulator.actual_status("9")
    with pytest.raises(NotFoundError):
        store.simulator.move_order("1042", "Nowhere")


def test_orders_are_imported_once() -> None:
    simulator = OrderDeskSimulator(VirtualClock())
    assert simulator.import_orders(SAMPLE_ORDERS) == ["58101", "58102", "58103", "58104"]
    with pytest.raises(ValidationError, match="used"):
        simulator.import_orders(SAMPLE_ORDERS)


def test_an_order_is_given_as_at_any_simulator(store: Store) -> None:
    store.control("POST", "orders", {"remote_id": "2001", "lines": [{"code": "MUG", "quantity": 2}]})
    (order,) = store.ok("GET", "orders", source_id="2001")["orders"]
    assert (order["quantity_total"], order["order_items"][0]["code"]) == (2, "MUG")
    assert store.control("GET", "orders/2001")["actual_status"] == "New"


def test_a_submitted_order_says_where_it_is(store: Store) -> None:
    store.control("POST", "submit", {"order": "1042", "fulfillment_name": "Amazon MCF", "fulfillment_id": "MCF-1042"})
    store.control("POST", "method", {"order": "1042", "code": "CANVAS-12X16", "fulfillment_method": "MWW On Demand"})
    order = store.ok("GET", "orders/58101")["order"]
    assert (order["fulfillment_name"], order["fulfillment_id"]) == ("Amazon MCF", "MCF-1042")
    assert [item["fulfillment_method"] for item in order["order_items"]] == ["", "MWW On Demand"]
    assert store.control("GET", "history/58101")["history"][0]["note"] == "Order Submitted to Amazon MCF"
    with pytest.raises(NotFoundError):
        store.simulator.set_fulfillment_method("1042", "NONE", "x")


def test_tracking_comes_in_beside_the_api(store: Store) -> None:
    for _ in range(2):
        answer = store.control("POST", "tracking", {"order": "58101", "shipment": {"tracking_number": "1Z9"}})
        assert answer == {"shipments": 1}
    (row,) = store.ok("GET", "orders/58101")["order"]["order_shipments"]
    assert (row["tracking_number"], row["date_shipped"], row["store_id"]) == ("1Z9", "2026-01-05", "1200")


def test_somebody_else_edits(store: Store) -> None:
    store.control(
        "POST", "edit", {"order": "58101", "changes": {"shipping": {"city": "Salem"}, "email": "x@y.example"}}
    )
    order = store.ok("GET", "orders/58101")["order"]
    assert (order["shipping"]["city"], order["shipping"]["state"], order["email"]) == ("Salem", "OR", "x@y.example")


def test_a_move_by_a_person_runs_rules_and_is_posted(store: Store, script: Script) -> None:
    store.control("POST", "rules", {"url": script.url, "folder": "Canceled", "name": "Tell"})
    assert store.control("POST", "move", {"order": "1042", "folder": "Canceled", "by": "nils"}) == {
        "folder": "Canceled"
    }
    assert len(script.posts) == 1
    assert store.simulator.history("58101")[0]["source_name"] == "nils"
    assert store.control("POST", "redeliver", {"order": "1042", "times": 4}) == {"answers": [200] * 4}
    (appointment,) = store.control("GET", "appointments")["appointments"]
    assert (appointment["order"], appointment["state"], appointment["answers"]) == ("58101", "done", [200] * 5)
    assert store.control("POST", "deliver", {}) == {"posts": 0}


def test_a_button_runs_a_rule_wherever_the_order_is(store: Store, script: Script) -> None:
    store.simulator.add_rule(script.url, folder="Closed", name="Cancel now")
    store.control("POST", "run", {"order": "1042", "rule": "Cancel now"})
    assert (script.order()["id"], store.simulator.actual_status("1042")) == ("58101", "New")
    with pytest.raises(NotFoundError):
        store.simulator.run_rule("1042", "Other")


def test_folders_and_histories_change_over_http(store: Store) -> None:
    folders = store.control("POST", "folders", {"add": "Review", "rename": "Canceled", "to": "Dead", "delete": "New"})
    assert list(folders["folders"].values()) == ["Prepared", "Closed", "Dead", "Review"]
    assert store.control("POST", "history", {"order": "58101", "count": 300}) == {"entries": 250}


def test_what_a_client_did_is_told_over_http(store: Store) -> None:
    store.call("GET", "orders")
    store.ok("DELETE", "orders/58102")
    (first, second) = store.control("GET", "requests")["requests"]
    assert (first["path"], second["method"], second["status"]) == ("/api/v2/orders", "DELETE", 200)
    assert store.control("GET", "misuses")["misuses"] == [
        {"order": None, "what": "a list without a start date"},
        {"order": "58102", "what": "an order deleted, with all that is known of it"},
    ]


def test_orders_are_imported_over_http(store: Store) -> None:
    store.ok("DELETE", "orders/58104")
    order = {"id": 60001, "source_id": "3001", "shipping": {"company": "Kiosk"}, "order_items": [{"code": "A"}]}
    assert store.control("POST", "import", [order]) == {"orders": ["60001"]}
    assert store.simulator.actual_status("3001") == "New"


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("move", {"order": "9", "folder": "Canceled"}, 404),
        ("move", {"order": "1042"}, 400),
        ("move", {"order": "1042", "folder": "Canceled", "color": "red"}, 400),
        ("edit", {"order": "1042", "changes": []}, 400),
        ("edit", {"order": "1042", "changes": {"order_total": 1}}, 400),
        ("edit", {"order": "1042", "changes": {"order_items": []}}, 400),
        ("import", [{"id": "abc"}], 400),
        ("import", "orders", 400),
        ("run", {"order": "1042", "rule": "Other"}, 404),
        ("folders", {"rename": "New"}, 400),
        ("rules", {"url": "https://example.com"}, 400),
        ("unknown", {}, 404),
    ],
)
def test_a_control_call_that_is_wrong_says_why(store: Store, call: str, body: object, status: int) -> None:
    reply = store.client.post(f"{store.served.url}/_simulator/{call}", json=body)
    assert reply.status_code == status
    assert reply.json()["error"]


def test_control_calls_of_every_simulator_work_here_too(store: Store) -> None:
    assert store.control("POST", "clock", {"advance_seconds": 60})["now"] == "2026-01-05T09:01:00+00:00"
    assert store.control("POST", "options", {"set": {"numbers": "texts"}})["options"]["numbers"] == "texts"
    store.control("POST", "faults", {"kind": "server_error_html", "path": "/test"})
    assert store.call("GET", "test").status_code == 503
    assert store.ok("GET", "test")["current_date_time"] == "2026-01-05 09:01:00"
