"""What the conformance suite does not know: ShipBob's rows, its words, and its way to say that it is busy."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
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
def stage(open_stage: StageOpener) -> SimulatedStage:
    return open_stage({"api_version": "2026-07"})


def answered(*replies: object) -> Answer:
    """What the cancel flow ends with where ShipBob answers 200 with these documents."""
    service = Service("s", ShipBobSettings(token=Secret("t"), channel_id="1"), "https://x", NOW, "a", Role.FULFILLMENT)
    flow = orderdesk_cancel(CancelRequest(Order("1", "1042"), Placement("s", "7", NOW, Role.FULFILLMENT), "w"), service)
    next(flow)
    *earlier, last = (httpx.Response(200, json=reply) for reply in replies)
    for reply in earlier:
        flow.send(reply)
    with pytest.raises(StopIteration) as ended:
        flow.send(last)
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


def order(status: str, *shipments: str) -> dict[str, object]:
    return {"status": status, "shipments": [{"id": n, "status": word} for n, word in enumerate(shipments)]}


def rows(status: str, *stopped: object) -> dict[str, object]:
    return {"status": status, "canceled_shipment_results": [{"shipment_id": 1, "is_success": one} for one in stopped]}


def test_the_cancel_names_the_channel_and_has_no_body(simulator: ShipBobSimulator, stage: SimulatedStage) -> None:
    simulator.add_order("1042")
    assert stage.cancel().state is State.CANCELED
    (sent,) = stage.tap.requests
    assert (sent.method, sent.path, sent.body) == ("POST", "/2026-07/order/1042:cancel", b"")
    assert sent.headers["shipbob_channel_id"] == CHANNEL


def test_the_order_number_of_a_shop_is_not_taken_for_shipbobs_id(stage: SimulatedStage) -> None:
    with pytest.raises(InputError, match="not the order number of your shop"):
        stage.desk.place("1042", at="shipbob", by="Ann", remote_id="#1042")


def test_nobody_who_receives_a_parcel_is_kept_as_evidence(simulator: ShipBobSimulator, stage: SimulatedStage) -> None:
    simulator.add_order("1042", age=hours(1))
    stage.cancel()
    kept = [step.exchange.body for step in stage.receipt.steps if step.exchange is not None]
    assert len(kept) == 2
    assert "Understudy" not in str(kept)


def test_a_read_that_is_turned_away_after_a_cancel_does_not_say_that_nothing_was_done(
    simulator: ShipBobSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("split", "two")
    simulator.add_order("1042")
    simulator.faults.add(Fault.EXPIRED_TOKEN, method="GET")
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON, "only they can decide while a shipment is still there"
    stage.wait_for(stage.clock.now() + hours(4))
    assert stage.desk.case(stage.desk.check(stage.case.id).id).state is State.PARTLY_CANCELED


@pytest.mark.parametrize("again", ["fails", "succeeds"])
def test_what_was_canceled_before_is_canceled_whatever_is_said_of_a_second_time(
    simulator: ShipBobSimulator, stage: SimulatedStage, again: str
) -> None:
    simulator.add_order("1042")
    base = stage.desk.connections.get("shipbob").service(NOW).base_url
    headers = {"authorization": f"Bearer {TOKEN}", "shipbob_channel_id": CHANNEL}
    httpx.post(f"{base}/2026-01/order/1042:cancel", headers=headers).raise_for_status()
    simulator.set_switch("again", again)
    assert stage.cancel().state is State.CANCELED


def test_a_422_did_nothing_and_is_read_back_until_the_order_tells(
    simulator: ShipBobSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("too_late", "422")
    simulator.add_order("1042", age=hours(1))
    assert stage.cancel().state is State.REQUESTED
    case = stage.follow()
    assert (case.state, case.refusal, simulator.truth("1042")) == (State.REFUSED, Refusal.SHIPPED, "Fulfilled")


@pytest.mark.parametrize("reply", [rows("Success", True, False), rows("Success"), rows("Success", 1), rows("OK", True)])
def test_a_success_with_a_row_that_is_none_is_unclear(reply: object) -> None:
    assert answered(reply).outcome is Outcome.UNCLEAR


def test_a_row_that_the_order_does_not_bear_out_is_unclear() -> None:
    assert answered(rows("PartialSuccess", True, False), order("Processing", "Processing")).outcome is Outcome.UNCLEAR


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (order("Cancelled", "Cancelled", "Cancelled"), Outcome.CANCELED),
        ({"status": "Cancelled", "shipments": None}, Outcome.CANCELED),
        (order("Cancelled", "Cancelled", "Processing"), Outcome.UNCLEAR),
        (order("Processing", "Cancelled"), Outcome.PENDING),
        (order("Fulfilled", "Completed", "Completed"), Outcome.REFUSED),
        (order("Fulfilled", "Cancelled", "Completed"), Outcome.PARTLY_CANCELED),
        (order("PartiallyFulfilled", "Completed", "Processing"), Outcome.PENDING),
        (order("Exception", "On Hold"), Outcome.PENDING),
        (order("ImportReview"), Outcome.PENDING),
        (order("Processing", "CleanSweeped"), Outcome.UNCLEAR),
        (order("None", "Processing"), Outcome.UNCLEAR),
    ],
)
def test_an_order_is_what_all_its_shipments_say(said: object, outcome: Outcome) -> None:
    assert answer_from_order(httpx.Response(200, json=said)).outcome is outcome


@pytest.mark.parametrize("word", sorted(ORDERS))
@pytest.mark.parametrize("shipment", sorted(SHIPMENTS - {"canceled"}))
def test_an_order_with_a_shipment_that_is_not_canceled_never_is(word: str, shipment: str) -> None:
    reply = httpx.Response(200, json=order(word, "Cancelled", shipment))
    assert answer_from_order(reply).outcome is not Outcome.CANCELED


@pytest.mark.parametrize("body", ["<html></html>", "{}", ""])
def test_a_404_refuses_nothing_and_names_what_may_be_wrong(stage: SimulatedStage, body: str) -> None:
    stage.tap.instead = lambda _: (404, body)
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert "base_url" in str(case.remedy)


def test_a_404_on_the_cancel_alone_is_read_back_and_asked_again(
    simulator: ShipBobSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042")
    stage.tap.instead = lambda seen: (404, "") if seen.method == "POST" else None
    assert stage.cancel().state is State.REQUESTED
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


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
def test_a_reply_about_another_order_cancels_nothing(stage: SimulatedStage, stated: dict[str, object]) -> None:
    stage.tap.instead = lambda _: (200, json.dumps({**rows("Success", True), **stated}))
    assert stage.cancel().state is State.UNCLEAR
