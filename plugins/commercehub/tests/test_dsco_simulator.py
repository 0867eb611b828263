"""The simulated Dsco by itself: what it refuses, its log in pages, and that it says what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from orderdesk_commercehub.simulator import CLIENT_ID, CLIENT_SECRET, DscoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError

ORDER = "1042"


@pytest.fixture
def simulator(clock: VirtualClock) -> DscoSimulator:
    simulator = DscoSimulator(clock, page_size=2)
    simulator.add_order(ORDER, lines=[("MUG", 3), ("CAP", 1)])
    return simulator


@pytest.fixture
def client(simulator: DscoSimulator) -> Iterator[httpx.Client]:
    headers = {"authorization": f"bearer {simulator.issue_token()}"}
    with serve(simulator.app) as served, httpx.Client(base_url=served.url, headers=headers, trust_env=False) as made:
        yield made


def cancel(client: httpx.Client, *lines: Mapping[str, object], po: str = ORDER) -> httpx.Response:
    return client.post("/order/item/cancel", json={"id": po, "type": "PO_NUMBER", "lineItems": list(lines)})


def line(sku: str = "MUG", count: int = 1, code: str = "CXSS") -> Mapping[str, object]:
    return {"sku": sku, "cancelledQuantity": count, "cancelCode": code}


def order(client: httpx.Client, po: str = ORDER) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/order/", params={"orderKey": "poNumber", "value": po}).json()
    return found


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["messages"][0]["code"]
    return code


def test_every_answer_says_that_it_is_simulated(client: httpx.Client) -> None:
    for response in (
        client.get("/hello"),
        client.get("/order/"),
        client.post("/oauth2/token"),
        client.get("/elsewhere"),
    ):
        assert "simulator" in response.headers["server"]


def test_a_token_is_good_for_an_hour_and_may_be_ended(
    simulator: DscoSimulator, clock: VirtualClock, client: httpx.Client
) -> None:
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    bought = client.post("/oauth2/token", data=form).json()
    assert (bought["token_type"], bought["expires_in"]) == ("Bearer", 3600)
    own = {"authorization": f"Bearer {bought['access_token']}"}
    assert client.get("/hello", headers=own).json() == {"hello": "World!"}
    clock.advance(hours(1))
    assert client.get("/hello", headers=own).status_code == 401
    client.headers["authorization"] = f"bearer {simulator.issue_token()}"
    simulator.faults.add(Fault.EXPIRED_TOKEN, path="/hello")
    assert [client.get("/hello").status_code, client.get("/hello").status_code] == [401, 401]
    client.headers["authorization"] = f"bearer {simulator.issue_token()}"
    simulator.expire_tokens()
    assert client.get("/hello").status_code == 401


def test_what_a_cancel_may_be_refused_for(client: httpx.Client) -> None:
    assert code_of(cancel(client, line(count=4))) == "SIM_OVER_QUANTITY"
    assert code_of(cancel(client, line(count=2), line(count=2))) == "SIM_OVER_QUANTITY"
    assert code_of(cancel(client, line(sku="HAT"))) == "SIM_NO_SUCH_ITEM"
    assert code_of(cancel(client, line(code="CXRF"))) == "SIM_CODE_NOT_ALLOWED"
    assert code_of(cancel(client, line(), po="ORDER-2")) == "SIM_NO_SUCH_ORDER"
    for bad in (cancel(client), cancel(client, {"sku": "MUG"}), cancel(client, line(count=-1))):
        assert (bad.status_code, code_of(bad)) == (400, "SIM_INVALID")
    assert [item["cancelledQuantity"] for item in order(client)["lineItems"]] == [None, None]


def test_an_order_is_cancelled_only_when_all_of_it_is(simulator: DscoSimulator, client: httpx.Client) -> None:
    assert cancel(client, line(count=2)).json()["status"] == "success"
    assert (order(client)["dscoStatus"], order(client)["dscoLifecycle"]) == ("shipment_pending", "acknowledged")
    cancel(client, line(), line("CAP"))
    assert (order(client)["dscoStatus"], order(client)["dscoLifecycle"]) == ("cancelled", "completed")
    assert simulator.actual_status(ORDER) == "cancelled"


def test_the_log_comes_in_pages_whose_scroll_id_expires(clock: VirtualClock, client: httpx.Client) -> None:
    first = clock.now().isoformat()
    for _ in range(3):
        cancel(client, line())
        clock.advance(minutes(1))
    span = {"startDate": first, "endDate": clock.now().isoformat()}
    page = client.get("/order/log", params=span).json()
    rest = client.get("/order/log", params={"scrollId": page["scrollId"]}).json()
    assert [entry["requestId"] for entry in page["logs"] + rest["logs"]] == ["request-1", "request-2", "request-3"]
    assert "scrollId" not in rest
    late = client.get("/order/log", params=span).json()["scrollId"]
    clock.advance(minutes(5))
    assert client.get("/order/log", params={"scrollId": late}).status_code == 404
    assert client.get("/order/log").status_code == 400
    assert client.get("/order/log", params={"startDate": "soon", "endDate": "late"}).status_code == 400


def test_what_is_submitted_is_first_not_there_then_pending_then_done(
    simulator: DscoSimulator, client: httpx.Client
) -> None:
    simulator.set_option("cancel", "submitted")
    number = cancel(client, line(count=3), line("CAP")).json()["requestId"]
    looks = [client.get("/order/log", params={"requestId": number}).json() for _ in range(3)]
    assert [(look["status"], [entry["status"] for entry in look["logs"]]) for look in looks] == [
        ("PROCESSING", []),
        ("PROCESSING", ["pending"]),
        ("COMPLETED", ["success"]),
    ]
    assert order(client)["dscoStatus"] == "cancelled"


def test_reads_lag_as_often_as_chosen(simulator: DscoSimulator, client: httpx.Client) -> None:
    simulator.set_option("read_lag", "3")
    cancel(client, line(count=3), line("CAP"))
    assert simulator.actual_status(ORDER) == "cancelled"
    assert [order(client)["dscoStatus"] for _ in range(4)] == ["shipment_pending"] * 3 + ["cancelled"]


def test_the_retailers_own_wish_to_cancel_is_told(simulator: DscoSimulator, client: httpx.Client) -> None:
    simulator.add_order("ORDER-2", lines=[("MUG", 1)], cancel_requested=True)
    assert (order(client, "ORDER-2")["cancelRequested"], order(client)["cancelRequested"]) == (True, False)


def test_a_number_is_used_once_and_an_unknown_one_is_told(simulator: DscoSimulator) -> None:
    with pytest.raises(ValidationError, match="is used"):
        simulator.add_order(ORDER, lines=[])
    with pytest.raises(NotFoundError, match="no such order"):
        simulator.actual_status("ORDER-2")


def read(client: httpx.Client, value: str, key: str = "poNumber", **more: str) -> Any:
    return client.get("/order/", params={"orderKey": key, "value": value, **more}).json()


def test_all_suborders_come_as_an_array_where_that_is_asked_for_and_the_first_alone_else(
    simulator: DscoSimulator, client: httpx.Client
) -> None:
    assert [one["poNumber"] for one in read(client, ORDER, returnMultiple="true")] == [ORDER]
    simulator.split(ORDER, 2)
    parts = read(client, ORDER, returnMultiple="true")
    assert [[item["sku"] for item in part["lineItems"]] for part in parts] == [["MUG"], ["CAP"]]
    assert {part["poNumber"] for part in parts} == {ORDER}
    assert read(client, ORDER)["dscoOrderId"] == parts[0]["dscoOrderId"]
    second = parts[1]["dscoOrderId"]
    assert read(client, second, "dscoOrderId") == parts[1]
    assert read(client, second, "dscoOrderId", returnMultiple="true") == [parts[1]]


def test_a_cancel_reaches_the_parts_that_its_number_is_of(simulator: DscoSimulator, client: httpx.Client) -> None:
    simulator.split(ORDER, 2)
    second = read(client, ORDER, returnMultiple="true")[1]["dscoOrderId"]
    own = {"id": second, "type": "DSCO_ORDER_ID"}
    assert code_of(client.post("/order/item/cancel", json={**own, "lineItems": [line()]})) == "SIM_NO_SUCH_ITEM"
    done = client.post("/order/item/cancel", json={**own, "lineItems": [line("CAP")]}).json()
    assert (done["status"], simulator.order(ORDER).items[1].canceled) == ("success", 1)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[1]", b'[{"id": "1042"}]'])
def test_a_batch_that_is_none_is_refused_whole(client: httpx.Client, body: bytes) -> None:
    response = client.post("/order/item/cancel/batch/small", content=body)
    assert (response.status_code, code_of(response)) == (400, "SIM_INVALID")


def test_each_cancel_of_a_batch_is_decided_by_itself(simulator: DscoSimulator, client: httpx.Client) -> None:
    simulator.add_order("ORDER-2", lines=[("MUG", 1)])
    wanted = [(ORDER, line(count=3)), ("ORDER-2", line(count=2)), ("none", line())]
    body = [{"id": po, "type": "PO_NUMBER", "lineItems": [one]} for po, one in wanted]
    made = client.post("/order/item/cancel/batch/small", json=body)
    assert (made.status_code, made.json()["status"]) == (202, "pending")
    number = made.json()["requestId"]
    page = [client.get("/order/log", params={"requestId": number}).json() for _ in range(3)][-1]
    rest = client.get("/order/log", params={"scrollId": page["scrollId"]}).json()
    told = {entry["payload"]["id"]: entry["status"] for entry in page["logs"] + rest["logs"]}
    assert told == {ORDER: "success", "ORDER-2": "failure", "none": "failure"}
    assert [simulator.order(po).items[0].canceled for po in (ORDER, "ORDER-2")] == [3, 0]


def test_a_control_call_lets_the_retailer_ask_to_cancel(simulator: DscoSimulator, client: httpx.Client) -> None:
    asked = client.post("/_simulator/ask-to-cancel", json={"order": ORDER})
    wrong = client.post("/_simulator/ask-to-cancel", json={"order": ORDER, "lines": [1]})
    assert (asked.json(), wrong.status_code) == ({"order": ORDER}, 400)
    assert simulator.order(ORDER).cancel_requested
    assert client.post("/_simulator/ask", json={}).status_code == httpx.codes.NOT_FOUND
