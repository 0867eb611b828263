"""The simulator of MWW: its documented API, both readings of the window, and every fate of a cancel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_mww.simulator import Durations, MwwSimulator, State, example_order
from orderdesk_mww.simulator.service import API_KEY, JSON_API
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.errors import NotFoundError, ValidationError

integration = "mww"
HEADERS = {"authorization": f"auth-key={API_KEY}", "content-type": JSON_API, "accept": f"{JSON_API}; version=1"}


@pytest.fixture
def client(simulator: MwwSimulator) -> Iterator[httpx.Client]:
    with (
        serve(simulator.app) as served,
        httpx.Client(base_url=f"{served.url}/api", headers=HEADERS, trust_env=False) as made,
    ):
        yield made


def ask(client: httpx.Client, name: str, slash: str = "") -> httpx.Response:
    body = {"data": {"type": "orders", "id": name, "attributes": {"request": "cancel"}}}
    return client.patch(f"/orders/{name}{slash}", json=body)


def state(client: httpx.Client, name: str = "A") -> str:
    return str(client.get(f"/orders/{name}").json()["data"]["attributes"]["state"])


def detail(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    assert (error["status"], type(error["code"])) == (str(response.status_code), int)
    return str(error["detail"])


def test_an_order_is_created_and_read_by_either_name(client: httpx.Client) -> None:
    made = client.post("/orders", json=example_order("A"))
    assert made.status_code == 201
    assert made.headers["content-type"] == JSON_API
    data = made.json()["data"]
    assert len(data["id"]) == 18
    assert int(data["id"]) > 2**53
    assert (data["attributes"]["state"], data["attributes"]["vendor-po"]) == ("received", "A")
    assert client.get("/orders/A").json() == client.get(f"/orders/{data['id']}").json() == made.json()
    (line,) = client.get("/orders/A/line-items").json()["data"]
    assert (line["attributes"]["product-code"], line["attributes"]["quantity"]) == ("PILLOW", 2)


def test_a_vendor_po_is_used_once(client: httpx.Client) -> None:
    client.post("/orders", json=example_order("A"))
    again = client.post("/orders", json=example_order("A"))
    assert (again.status_code, detail(again)) == (422, "Vendor Po must be unique")
    assert client.post("/orders", json=example_order("B", **{"vendor-po": 7})).json()["data"]["id"].endswith("2")


def _with(part: str, **changed: object) -> dict[str, Any]:
    document: dict[str, Any] = example_order("A")
    (entry,) = [one for one in document["included"] if one["type"] == part]
    entry["attributes"] |= {name.replace("_", "-"): value for name, value in changed.items()}
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "Invalid Order Format"),
        ({"data": {"type": "orders", "attributes": {}}}, "Invalid Order Format"),
        (example_order("A", **{"test-order": "maybe"}), "SIM: test-order"),
        ({**example_order("A"), "included": []}, "Shipping address is required"),
        ({**example_order("A"), "included": example_order("A")["included"][:1]}, "SIM: an order has"),  # type: ignore[index]
        (_with("shipping-address", city=" "), "Incomplete Shipping Address"),
        (_with("line-items", line_number=10_000), "Line Item Line Number not valid"),
        (_with("line-items", quantity=0), "Line Item Quantity not valid"),
        (_with("line-items", product_code=""), "Product code not valid."),
        (_with("line-items", designs={"image-remote-url": "x"}), "Invalid Order Format"),
        (_with("line-items", designs=[{}]), "SIM: a design"),
    ],
)
def test_a_new_order_with_a_mistake_is_refused(client: httpx.Client, document: object, said: str) -> None:
    response = client.post("/orders", json=document)
    assert response.status_code == 422
    assert detail(response).startswith(said)


def test_a_test_order_is_repeated_as_such(client: httpx.Client) -> None:
    made = client.post("/orders", json=example_order("A", **{"test-order": "test"}))
    assert made.json()["data"]["attributes"]["test-order"] == "test"


def test_the_list_has_pages(client: httpx.Client, simulator: MwwSimulator) -> None:
    for number in range(12):
        simulator.add_order(f"N{number}", lines=(("SOCKS", 1),))
    first = client.get("/orders").json()
    assert (len(first["data"]), first["meta"]["page"]["total"], "included" in first) == (10, 12, False)
    second = client.get("/orders", params={"page[offset]": "10", "include": "line-items"}).json()
    assert [order["attributes"]["vendor-po"] for order in second["data"]] == ["N10", "N11"]
    assert len(second["included"]) == 2
    assert ("next" in first["links"], "next" in second["links"]) == (True, False)
    assert client.get("/orders", params={"page[limit]": "0"}).status_code == 400


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("authorization", "auth-key=wrong", 401), ("content-type", "application/json", 415), ("accept", JSON_API, 406)],
)
def test_every_call_needs_the_three_headers(client: httpx.Client, header: str, value: str, status: int) -> None:
    response = client.get("/orders", headers={header: value})
    assert response.status_code == status
    assert client.get("/orders", headers={"accept": f"{JSON_API};version=1"}).status_code == 200


@pytest.mark.parametrize("path", ["/orders/B", "/elsewhere", "/orders/A/other", "/orders/A/line-items/1"])
def test_what_is_not_there_is_not_found(client: httpx.Client, simulator: MwwSimulator, path: str) -> None:
    simulator.add_order("A", lines=(("SOCKS", 1),))
    assert client.get(path).status_code == 404


def test_until_it_is_taken_in_a_cancel_is_refused_and_then_taken(
    client: httpx.Client, clock: VirtualClock, simulator: MwwSimulator
) -> None:
    simulator.add_order("A", lines=(("SOCKS", 1),))
    early = ask(client, "A")
    assert early.status_code == 422
    assert "simulator's choice" in detail(early)
    clock.advance(hours(1))
    taken = ask(client, "A", slash="/")
    assert (taken.status_code, taken.json()["data"]["attributes"]["state"]) == (200, "received")
    clock.advance(minutes(10) - seconds(1))
    assert state(client) == "received"
    clock.advance(seconds(1))
    assert state(client) == "cancelled"


def test_in_the_other_reading_only_the_first_two_minutes_count(
    client: httpx.Client, clock: VirtualClock, simulator: MwwSimulator
) -> None:
    simulator.set_option("window", "early")
    simulator.add_order("A", lines=(("SOCKS", 1),))
    simulator.add_order("B", lines=(("SOCKS", 1),))
    clock.advance(seconds(119))
    assert ask(client, "A").status_code == 200
    clock.advance(seconds(1))
    assert ask(client, "B").status_code == 422


@pytest.mark.parametrize("gone", [State.PACKED, State.SHIPPED, State.CANCELLED])
def test_what_is_packed_shipped_or_cancelled_cannot_be_canceled(
    client: httpx.Client, simulator: MwwSimulator, gone: State
) -> None:
    simulator.add_order("A", lines=(("SOCKS", 1),), state=gone)
    assert ask(client, "A").status_code == 422
    assert state(client) == gone


def test_a_cancel_may_end_after_some_looks(clock: VirtualClock) -> None:
    simulator = MwwSimulator(clock, durations=Durations(ingestion=minutes(0), reads=3))
    simulator.add_order("A", lines=(("SOCKS", 1),))
    with (
        serve(simulator.app) as served,
        httpx.Client(base_url=f"{served.url}/api", headers=HEADERS, trust_env=False) as client,
    ):
        state(client)
        ask(client, "A")
        ask(client, "A")
        assert [state(client) for _ in range(4)] == ["received", "received", "cancelled", "cancelled"]


def test_a_cancel_that_was_taken_may_ship_anyway(
    client: httpx.Client, clock: VirtualClock, simulator: MwwSimulator
) -> None:
    simulator.set_option("fate", "ships anyway", remote_id="A")
    simulator.add_order("A", lines=(("SOCKS", 1),))
    clock.advance(hours(2))
    assert ask(client, "A").status_code == 200
    clock.advance(hours(4))
    assert state(client) == "packed"
    clock.advance(hours(2))
    assert state(client) == "shipped"
    (line,) = client.get("/orders/A/line-items").json()["data"]
    assert line["attributes"]["tracking-numbers"] != []
    assert [record.effect for record in simulator.log if record.operation == "life cycle"] == [
        "received -> packed",
        "packed -> shipped",
    ]


def test_an_order_not_yet_in_may_be_unknown(client: httpx.Client, clock: VirtualClock, simulator: MwwSimulator) -> None:
    simulator.set_option("before_ingestion", "unknown")
    simulator.add_order("A", lines=(("SOCKS", 1),))
    assert (client.get("/orders/A").status_code, ask(client, "A").status_code) == (404, 404)
    clock.advance(hours(1))
    assert (client.get("/orders/A").status_code, ask(client, "A").status_code) == (200, 200)


@pytest.mark.parametrize("body", [{}, {"data": {"type": "orders", "id": "B", "attributes": {"request": "cancel"}}}])
def test_a_cancel_of_another_shape_is_refused(client: httpx.Client, simulator: MwwSimulator, body: object) -> None:
    simulator.add_order("A", lines=(("SOCKS", 1),), state=State.RECEIVED)
    assert client.patch("/orders/A", json=body).status_code == 422
    assert client.patch("/orders/A", content=b"{").status_code == 422


def test_a_server_error_is_met_once(client: httpx.Client, simulator: MwwSimulator) -> None:
    simulator.faults.add(Fault.ERROR_WITHOUT_ERRORS)
    assert [client.get("/orders").status_code for _ in range(2)] == [500, 200]


def test_orders_are_added_once_and_asked_for_by_name(simulator: MwwSimulator) -> None:
    simulator.add_order("A", lines=(("SOCKS", 1),))
    with pytest.raises(ValidationError, match="used"):
        simulator.add_order("A", lines=(("SOCKS", 1),))
    with pytest.raises(NotFoundError, match="B"):
        simulator.actual_status("B")
