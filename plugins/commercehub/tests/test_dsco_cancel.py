"""Cancels in mode dsco: what is sent, and what each answer of Dsco's comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from orderdesk_commercehub.api import UNKNOWN_ORDER
from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

integration = "commercehub"
CANCEL = "/order/item/cancel"
ALL_CANCELED = (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1))
MUGS_CANCELED = (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 0))


def cancels(harness: SimulatedHarness) -> list[dict[str, Any]]:
    return harness.documents(CANCEL)


def test_the_cancel_names_every_line_with_all_that_is_left_of_it(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    simulator.order(ORDER).items[0].canceled = 1
    harness.cancel("out of stock")
    why = {"cancelCode": "CXSS", "cancelledReason": "out of stock"}
    assert cancels(harness) == [
        {
            "id": ORDER,
            "type": "PO_NUMBER",
            "lineItems": [
                {"dscoItemId": "SIM-1-MUG", "lineNumber": 1, "cancelledQuantity": 1, **why},
                {"dscoItemId": "SIM-2-CAP", "lineNumber": 2, "cancelledQuantity": 1, **why},
            ],
        }
    ]
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize(
    ("key", "number", "kind"),
    [("dscoOrderId", "1000001", "DSCO_ORDER_ID"), ("supplierOrderNumber", "S-1", "SUPPLIER_ORDER_NUMBER")],
)
def test_orders_may_be_known_by_another_number(open_harness: HarnessOpener, key: str, number: str, kind: str) -> None:
    stage = open_harness({"order_key": key}, order=number)
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED
    assert [(body["id"], body["type"]) for body in cancels(stage)] == [(number, kind)]
    assert stage.recorder.requests[1].query == f"orderKey={key}&value={number}&returnMultiple=true"


@pytest.mark.parametrize("polls", [1, 2, 4])
def test_what_was_only_submitted_is_followed_in_the_log_until_it_is_done(
    open_harness: HarnessOpener, polls: int
) -> None:
    dsco = DscoSimulator(VirtualClock(), polls=polls)
    dsco.add_order(ORDER, lines=LINES)
    dsco.set_option("cancel", "submitted")
    stage = open_harness(before=dsco)
    assert (stage.cancel().state, dsco.actual_status(ORDER)) == (State.ACKNOWLEDGED, "shipment_pending")
    stage.wait_for(stage.clock.now() + minutes(1))
    assert stage.run_due().state is State.ACKNOWLEDGED
    looks = [
        json.loads(response.body) for response in stage.recorder.responses if response.request.path == "/order/log"
    ]
    assert looks == [{"status": "PROCESSING", "logs": []}]
    assert (stage.follow_up().state, dsco.actual_status(ORDER)) == (State.CANCELED, "cancelled")
    assert len(cancels(stage)) == 1


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("string", "SIM_FAILURE: it was chosen to fail"),
        ("object", "SIM_FAILURE: {'text': 'it was chosen to fail'}"),
        ("array", "SIM_FAILURE: ['it was chosen to fail']"),
    ],
)
@pytest.mark.parametrize(("answered", "status"), [("failure", 200), ("submitted to fail", 202)])
def test_a_failure_in_a_2xx_is_refused_whatever_shape_its_words_have(
    harness: SimulatedHarness, simulator: DscoSimulator, shape: str, said: str, answered: str, status: int
) -> None:
    simulator.set_option("cancel", answered)
    simulator.set_option("description", shape)
    harness.cancel()
    case = harness.follow_up()
    assert f"POST {CANCEL} {status}" in harness.calls
    assert (case.state, case.rejection, case.message) == (State.REJECTED, Rejection.NOT_ALLOWED, said)
    assert "portal" in (case.hint or "")


def test_a_code_that_the_retailer_does_not_take_is_refused_by_dsco_too(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock(), codes={"demoretailer": ["CXSO"]})
    dsco.add_order(ORDER, lines=LINES)
    case = open_harness(before=dsco).cancel("out of stock")
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert case.message == "SIM_CODE_NOT_ALLOWED: demoretailer does not take CXSS"


@pytest.mark.parametrize("told", [None, (200, "[]")])
def test_an_unknown_order_is_looked_for_while_reads_may_lag_then_refused_and_nothing_is_sent(
    open_harness: HarnessOpener, told: tuple[int, str] | None
) -> None:
    stage = open_harness(order="another")
    stage.recorder.override = lambda seen: told if seen.path == "/order/" else None
    began = stage.clock.now()
    case = stage.cancel()
    assert (case.state, case.message) == (State.PENDING, UNKNOWN_ORDER)
    case = stage.follow_up()
    assert (case.state, case.rejection, case.message) == (State.REJECTED, Rejection.NOT_ALLOWED, UNKNOWN_ORDER)
    assert stage.clock.now() - began < hours(2)
    assert cancels(stage) == []


def test_an_order_that_comes_after_the_reads_have_caught_up_is_canceled(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    harness.recorder.override = lambda seen: (404, '{"status": "failure", "messages": [{"code": "?"}]}')
    assert harness.cancel().state is State.PENDING
    harness.recorder.override = None
    assert (harness.follow_up().state, simulator.actual_status(ORDER)) == (State.CANCELED, "cancelled")


@pytest.mark.parametrize("body", ["<html>Not Found</html>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("path", ["/order/", CANCEL])
def test_a_404_that_is_none_of_dscos_is_a_matter_of_the_configuration(
    harness: SimulatedHarness, simulator: DscoSimulator, path: str, body: str
) -> None:
    harness.recorder.override = lambda seen: (404, body) if seen.path == path else None
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert "base URL" in (case.hint or "")
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


def test_a_404_on_the_cancel_alone_refuses_nothing(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    said = '{"status": "failure", "requestId": "r", "messages": [{"code": "E1", "description": "no such order"}]}'
    harness.recorder.override = lambda seen: (404, said) if seen.path == CANCEL else None
    case = harness.cancel()
    assert (case.state, case.message) == (State.PENDING, "E1: no such order")
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


def test_an_order_that_is_canceled_already_is_canceled_by_reading_it_and_nothing_is_sent(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    for item in simulator.order(ORDER).items:
        item.canceled = item.quantity
    assert harness.cancel().state is State.ACKNOWLEDGED
    case = harness.follow_up()
    assert (case.state, case.lines, cancels(harness)) == (State.CANCELED, ALL_CANCELED, [])


def test_part_canceled_and_the_rest_shipped_before_is_partly_canceled_with_its_lines(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    simulator.order(ORDER).items[1].shipped = 1
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.lines, simulator.actual_status(ORDER)) == (
        State.PARTIALLY_CANCELED,
        MUGS_CANCELED,
        "shipped",
    )
    assert [len(body["lineItems"]) for body in cancels(harness)] == [1]


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_did_only_part_of_it_is_partly_canceled(
    harness: SimulatedHarness, simulator: DscoSimulator, answered: str
) -> None:
    simulator.set_option("cancel", answered)
    simulator.set_option("fate", "partly")
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.lines) == (State.PARTIALLY_CANCELED, MUGS_CANCELED)


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_ships_anyway_is_refused_as_shipped(
    harness: SimulatedHarness, simulator: DscoSimulator, answered: str
) -> None:
    simulator.set_option("cancel", answered)
    simulator.set_option("fate", "ships anyway")
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.rejection, simulator.actual_status(ORDER)) == (
        State.REJECTED,
        Rejection.SHIPPED,
        "shipped",
    )


@pytest.mark.parametrize("reads", ["1", "3"])
def test_reads_that_lag_behind_a_success_are_waited_for(
    harness: SimulatedHarness, simulator: DscoSimulator, reads: str
) -> None:
    simulator.set_option("read_lag", reads)
    harness.cancel()
    harness.wait_for(harness.clock.now() + minutes(1))
    assert harness.run_due().state is State.ACKNOWLEDGED
    assert harness.follow_up().state is State.CANCELED
    assert len(cancels(harness)) == 1


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.OK_HTML])
def test_a_look_at_the_log_that_fails_is_made_again(
    harness: SimulatedHarness, simulator: DscoSimulator, fault: Fault
) -> None:
    simulator.set_option("cancel", "submitted")
    harness.cancel()
    simulator.faults.add(fault, method="GET", path="/order/log$", times=6)
    assert harness.follow_up().state is State.CANCELED
    assert simulator.faults.pending() == ()


@pytest.mark.slow
def test_a_cancel_that_times_out_there_is_unclear(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    simulator.set_option("trouble", "408")
    assert harness.cancel().state is State.UNKNOWN
    assert harness.follow_up().state is State.ACTION_REQUIRED
    assert len(cancels(harness)) == 1


def test_a_throttled_cancel_did_nothing_and_is_sent_again(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    simulator.set_option("trouble", "429")
    harness.cancel()
    assert harness.follow_up().state is State.CANCELED
    assert [response.status for response in harness.recorder.responses if response.request.path == CANCEL] == [429, 200]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_secret": "not-the-right-one"}, "invalid_client"),
        ({"client_id": "not-the-right-one"}, "invalid_client"),
        ({"client_id": None}, "invalid_request"),
    ],
)
def test_credentials_that_are_refused_or_missing_are_told_with_a_remedy_and_nothing_is_sent(
    open_harness: HarnessOpener, given: Mapping[str, object], said: str
) -> None:
    stage = open_harness(given)
    case = stage.cancel()
    assert (case.state, cancels(stage)) == (State.PENDING, [])
    assert said in (case.message or "")
    assert "client_id, client_secret" in (case.hint or "")


def test_names_and_addresses_stay_out_of_the_evidence(harness: SimulatedHarness) -> None:
    harness.cancel()
    harness.follow_up()
    kept = "".join(repr(entry.content) for entry in harness.desk.ledger.history(harness.case.id))
    on_the_wire = "".join(response.body.decode() for response in harness.recorder.responses)
    for private in ("Robin", "Simulated", "1 Example Street", "Springfield", "62701", "217-555-0100"):
        assert private in on_the_wire
        assert private not in kept
    assert "MUG" in kept
