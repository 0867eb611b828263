"""What the conformance suite does not know: ShipBob's rows, its words, and its way to say that it is busy."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret
from orderdesk_shipbob import orderdesk_cancel
from orderdesk_shipbob.api import ORDERS, SHIPMENTS, answer_from_order
from orderdesk_shipbob.settings import ShipBobSettings
from orderdesk_shipbob.simulator import CHANNEL, TOKEN, ShipBobSimulator

integration = "shipbob"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def harness(open_harness: HarnessOpener) -> SimulatedHarness:
    return open_harness({"api_version": "2026-07"})


def answered(*responses: object) -> Answer:
    """What the cancel flow ends with where ShipBob answers 200 with these documents."""
    service = Service(
        "s", ShipBobSettings(token=Secret("t"), channel_id="1"), "https://x", NOW, "a", ConnectionRole.FULFILLMENT
    )
    flow = orderdesk_cancel(
        CancelRequest(Order("1", "1042"), RemoteOrder("s", "7", NOW, ConnectionRole.FULFILLMENT), "w"), service
    )
    next(flow)
    *earlier, last = (httpx.Response(200, json=response) for response in responses)
    for response in earlier:
        flow.send(response)
    with pytest.raises(StopIteration) as ended:
        flow.send(last)
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


def order(status: str, *shipments: str) -> dict[str, object]:
    return {"status": status, "shipments": [{"id": n, "status": word} for n, word in enumerate(shipments)]}


def rows(status: str, *stopped: object) -> dict[str, object]:
    return {"status": status, "canceled_shipment_results": [{"shipment_id": 1, "is_success": one} for one in stopped]}


def test_the_cancel_names_the_channel_and_has_no_body(simulator: ShipBobSimulator, harness: SimulatedHarness) -> None:
    simulator.add_order("1042")
    assert harness.cancel().state is State.CANCELED
    (sent,) = harness.recorder.requests
    assert (sent.method, sent.path, sent.body) == ("POST", "/2026-07/order/1042:cancel", b"")
    assert sent.headers["shipbob_channel_id"] == CHANNEL


def test_the_order_number_of_a_shop_is_not_taken_for_shipbobs_id(harness: SimulatedHarness) -> None:
    with pytest.raises(ValidationError, match="not the order number of your shop"):
        harness.desk.orders.register("1042", connection="shipbob", by="Ann", remote_id="#1042")


def test_nobody_who_receives_a_parcel_is_kept_as_evidence(
    simulator: ShipBobSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order("1042", age=hours(1))
    harness.cancel()
    kept = [step.exchange.body for step in harness.receipt.history if step.exchange is not None]
    assert len(kept) == 2
    assert "Understudy" not in str(kept)


def test_a_read_that_is_turned_away_after_a_cancel_does_not_say_that_nothing_was_done(
    simulator: ShipBobSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("split", "two")
    simulator.add_order("1042")
    simulator.faults.add(Fault.EXPIRED_TOKEN, method="GET")
    assert harness.cancel().state is State.UNKNOWN
    assert harness.follow_up().state is State.ACTION_REQUIRED, "only they can decide while a shipment is still there"
    harness.wait_for(harness.clock.now() + hours(4))
    assert (
        harness.desk.cancellations.get_case(harness.desk.cases.poll(harness.case.id).id).state
        is State.PARTIALLY_CANCELED
    )


@pytest.mark.parametrize("again", ["fails", "succeeds"])
def test_what_was_canceled_before_is_canceled_whatever_is_said_of_a_second_time(
    simulator: ShipBobSimulator, harness: SimulatedHarness, again: str
) -> None:
    simulator.add_order("1042")
    base = harness.desk.connections.get("shipbob").service(NOW).base_url
    headers = {"authorization": f"Bearer {TOKEN}", "shipbob_channel_id": CHANNEL}
    httpx.post(f"{base}/2026-01/order/1042:cancel", headers=headers).raise_for_status()
    simulator.set_option("again", again)
    assert harness.cancel().state is State.CANCELED


def test_a_422_did_nothing_and_is_read_back_until_the_order_tells(
    simulator: ShipBobSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("too_late", "422")
    simulator.add_order("1042", age=hours(1))
    assert harness.cancel().state is State.PENDING
    case = harness.follow_up()
    assert (case.state, case.rejection, simulator.actual_status("1042")) == (
        State.REJECTED,
        Rejection.SHIPPED,
        "Fulfilled",
    )


@pytest.mark.parametrize(
    "response", [rows("Success", True, False), rows("Success"), rows("Success", 1), rows("OK", True)]
)
def test_a_success_with_a_row_that_is_none_is_unclear(response: object) -> None:
    assert answered(response).outcome is Outcome.UNKNOWN


def test_a_row_that_the_order_does_not_bear_out_is_unclear() -> None:
    assert answered(rows("PartialSuccess", True, False), order("Processing", "Processing")).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (order("Cancelled", "Cancelled", "Cancelled"), Outcome.CANCELED),
        ({"status": "Cancelled", "shipments": None}, Outcome.CANCELED),
        (order("Cancelled", "Cancelled", "Processing"), Outcome.UNKNOWN),
        (order("Processing", "Cancelled"), Outcome.PENDING),
        (order("Fulfilled", "Completed", "Completed"), Outcome.REJECTED),
        (order("Fulfilled", "Cancelled", "Completed"), Outcome.PARTIALLY_CANCELED),
        (order("PartiallyFulfilled", "Completed", "Processing"), Outcome.PENDING),
        (order("Exception", "On Hold"), Outcome.PENDING),
        (order("ImportReview"), Outcome.PENDING),
        (order("Processing", "CleanSweeped"), Outcome.UNKNOWN),
        (order("None", "Processing"), Outcome.UNKNOWN),
    ],
)
def test_an_order_is_what_all_its_shipments_say(said: object, outcome: Outcome) -> None:
    assert answer_from_order(httpx.Response(200, json=said)).outcome is outcome


@pytest.mark.parametrize("word", sorted(ORDERS))
@pytest.mark.parametrize("shipment", sorted(SHIPMENTS - {"canceled"}))
def test_an_order_with_a_shipment_that_is_not_canceled_never_is(word: str, shipment: str) -> None:
    response = httpx.Response(200, json=order(word, "Cancelled", shipment))
    assert answer_from_order(response).outcome is not Outcome.CANCELED


@pytest.mark.parametrize("body", ["<html></html>", "{}", ""])
def test_a_404_refuses_nothing_and_names_what_may_be_wrong(harness: SimulatedHarness, body: str) -> None:
    harness.recorder.override = lambda _: (404, body)
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert "base_url" in str(case.hint)


def test_a_404_on_the_cancel_alone_is_read_back_and_asked_again(
    simulator: ShipBobSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order("1042")
    harness.recorder.override = lambda seen: (404, "") if seen.method == "POST" else None
    assert harness.cancel().state is State.PENDING
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize(
    "stated",
    [
        {"order_id": 9999},
        {"order_id": 1042, "id": 9999},
        {"order_id": 1042, "order": {"id": 9999}},
        {},
        {"order_id": 1042, "shipments": [{"order_id": 9999}]},
    ],
)
def test_a_reply_about_another_order_cancels_nothing(harness: SimulatedHarness, stated: dict[str, object]) -> None:
    harness.recorder.override = lambda _: (200, json.dumps({**rows("Success", True), **stated}))
    assert harness.cancel().state is State.UNKNOWN
