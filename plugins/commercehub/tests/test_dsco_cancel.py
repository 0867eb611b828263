"""Cancels in mode dsco: what is sent, and what each answer of Dsco's comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from orderdesk_commercehub.api import UNKNOWN
from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal

integration = "commercehub"
CANCEL = "/order/item/cancel"
ALL_CANCELED = (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1))
MUGS_CANCELED = (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 0))


def cancels(stage: SimulatedStage) -> list[dict[str, Any]]:
    return stage.documents(CANCEL)


def test_the_cancel_names_every_line_with_all_that_is_left_of_it(
    stage: SimulatedStage, simulator: DscoSimulator
) -> None:
    simulator.order(ORDER).items[0].canceled = 1
    stage.cancel("out of stock")
    why = {"cancelCode": "CXSS", "cancelledReason": "out of stock"}
    assert cancels(stage) == [
        {
            "id": ORDER,
            "type": "PO_NUMBER",
            "lineItems": [
                {"dscoItemId": "SIM-1-MUG", "lineNumber": 1, "cancelledQuantity": 1, **why},
                {"dscoItemId": "SIM-2-CAP", "lineNumber": 2, "cancelledQuantity": 1, **why},
            ],
        }
    ]
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize(
    ("key", "number", "kind"),
    [("dscoOrderId", "1000001", "DSCO_ORDER_ID"), ("supplierOrderNumber", "S-1", "SUPPLIER_ORDER_NUMBER")],
)
def test_orders_may_be_known_by_another_number(open_stage: StageOpener, key: str, number: str, kind: str) -> None:
    stage = open_stage({"order_key": key}, order=number)
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert [(body["id"], body["type"]) for body in cancels(stage)] == [(number, kind)]
    assert stage.tap.requests[1].query == f"orderKey={key}&value={number}&returnMultiple=true"


@pytest.mark.parametrize("polls", [1, 2, 4])
def test_what_was_only_submitted_is_followed_in_the_log_until_it_is_done(open_stage: StageOpener, polls: int) -> None:
    dsco = DscoSimulator(VirtualClock(), polls=polls)
    dsco.add_order(ORDER, lines=LINES)
    dsco.set_switch("cancel", "submitted")
    stage = open_stage(before=dsco)
    assert (stage.cancel().state, dsco.truth(ORDER)) == (State.ASKED, "shipment_pending")
    stage.wait_for(stage.clock.now() + minutes(1))
    assert stage.run_due().state is State.ASKED
    looks = [json.loads(reply.body) for reply in stage.tap.replies if reply.request.path == "/order/log"]
    assert looks == [{"status": "PROCESSING", "logs": []}]
    assert (stage.follow().state, dsco.truth(ORDER)) == (State.CANCELED, "cancelled")
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
    stage: SimulatedStage, simulator: DscoSimulator, shape: str, said: str, answered: str, status: int
) -> None:
    simulator.set_switch("cancel", answered)
    simulator.set_switch("description", shape)
    stage.cancel()
    case = stage.follow()
    assert f"POST {CANCEL} {status}" in stage.calls
    assert (case.state, case.refusal, case.text) == (State.REFUSED, Refusal.NOT_ALLOWED, said)
    assert "portal" in (case.remedy or "")


def test_a_code_that_the_retailer_does_not_take_is_refused_by_dsco_too(open_stage: StageOpener) -> None:
    dsco = DscoSimulator(VirtualClock(), codes={"demoretailer": ["CXSO"]})
    dsco.add_order(ORDER, lines=LINES)
    case = open_stage(before=dsco).cancel("out of stock")
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert case.text == "SIM_CODE_NOT_ALLOWED: demoretailer does not take CXSS"


@pytest.mark.parametrize("told", [None, (200, "[]")])
def test_an_unknown_order_is_looked_for_while_reads_may_lag_then_refused_and_nothing_is_sent(
    open_stage: StageOpener, told: tuple[int, str] | None
) -> None:
    stage = open_stage(order="another")
    stage.tap.instead = lambda seen: told if seen.path == "/order/" else None
    began = stage.clock.now()
    case = stage.cancel()
    assert (case.state, case.text) == (State.REQUESTED, UNKNOWN)
    case = stage.follow()
    assert (case.state, case.refusal, case.text) == (State.REFUSED, Refusal.NOT_ALLOWED, UNKNOWN)
    assert stage.clock.now() - began < hours(2)
    assert cancels(stage) == []


def test_an_order_that_comes_after_the_reads_have_caught_up_is_canceled(
    stage: SimulatedStage, simulator: DscoSimulator
) -> None:
    stage.tap.instead = lambda seen: (404, '{"status": "failure", "messages": [{"code": "?"}]}')
    assert stage.cancel().state is State.REQUESTED
    stage.tap.instead = None
    assert (stage.follow().state, simulator.truth(ORDER)) == (State.CANCELED, "cancelled")


@pytest.mark.parametrize("body", ["<html>Not Found</html>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("path", ["/order/", CANCEL])
def test_a_404_that_is_none_of_dscos_is_a_matter_of_the_configuration(
    stage: SimulatedStage, simulator: DscoSimulator, path: str, body: str
) -> None:
    stage.tap.instead = lambda seen: (404, body) if seen.path == path else None
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert "base URL" in (case.remedy or "")
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_a_404_on_the_cancel_alone_refuses_nothing(stage: SimulatedStage, simulator: DscoSimulator) -> None:
    said = '{"status": "failure", "requestId": "r", "messages": [{"code": "E1", "description": "no such order"}]}'
    stage.tap.instead = lambda seen: (404, said) if seen.path == CANCEL else None
    case = stage.cancel()
    assert (case.state, case.text) == (State.REQUESTED, "E1: no such order")
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_an_order_that_is_canceled_already_is_canceled_by_reading_it_and_nothing_is_sent(
    stage: SimulatedStage, simulator: DscoSimulator
) -> None:
    for item in simulator.order(ORDER).items:
        item.canceled = item.quantity
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.lines, cancels(stage)) == (State.CANCELED, ALL_CANCELED, [])


def test_part_canceled_and_the_rest_shipped_before_is_partly_canceled_with_its_lines(
    stage: SimulatedStage, simulator: DscoSimulator
) -> None:
    simulator.order(ORDER).items[1].shipped = 1
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.lines, simulator.truth(ORDER)) == (State.PARTLY_CANCELED, MUGS_CANCELED, "shipped")
    assert [len(body["lineItems"]) for body in cancels(stage)] == [1]


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_did_only_part_of_it_is_partly_canceled(
    stage: SimulatedStage, simulator: DscoSimulator, answered: str
) -> None:
    simulator.set_switch("cancel", answered)
    simulator.set_switch("fate", "partly")
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.lines) == (State.PARTLY_CANCELED, MUGS_CANCELED)


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_a_success_that_ships_anyway_is_refused_as_shipped(
    stage: SimulatedStage, simulator: DscoSimulator, answered: str
) -> None:
    simulator.set_switch("cancel", answered)
    simulator.set_switch("fate", "ships anyway")
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.refusal, simulator.truth(ORDER)) == (State.REFUSED, Refusal.SHIPPED, "shipped")


@pytest.mark.parametrize("reads", ["1", "3"])
def test_reads_that_lag_behind_a_success_are_waited_for(
    stage: SimulatedStage, simulator: DscoSimulator, reads: str
) -> None:
    simulator.set_switch("read_lag", reads)
    stage.cancel()
    stage.wait_for(stage.clock.now() + minutes(1))
    assert stage.run_due().state is State.ASKED
    assert stage.follow().state is State.CANCELED
    assert len(cancels(stage)) == 1


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.OK_HTML])
def test_a_look_at_the_log_that_fails_is_made_again(
    stage: SimulatedStage, simulator: DscoSimulator, fault: Fault
) -> None:
    simulator.set_switch("cancel", "submitted")
    stage.cancel()
    simulator.faults.add(fault, method="GET", path="/order/log$", times=6)
    assert stage.follow().state is State.CANCELED
    assert simulator.faults.waiting() == ()


@pytest.mark.slow
def test_a_cancel_that_times_out_there_is_unclear(stage: SimulatedStage, simulator: DscoSimulator) -> None:
    simulator.set_switch("trouble", "408")
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert len(cancels(stage)) == 1


def test_a_throttled_cancel_did_nothing_and_is_sent_again(stage: SimulatedStage, simulator: DscoSimulator) -> None:
    simulator.set_switch("trouble", "429")
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert [reply.status for reply in stage.tap.replies if reply.request.path == CANCEL] == [429, 200]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_secret": "not-the-right-one"}, "invalid_client"),
        ({"client_id": "not-the-right-one"}, "invalid_client"),
        ({"client_id": None}, "invalid_request"),
    ],
)
def test_credentials_that_are_refused_or_missing_are_told_with_a_remedy_and_nothing_is_sent(
    open_stage: StageOpener, given: Mapping[str, object], said: str
) -> None:
    stage = open_stage(given)
    case = stage.cancel()
    assert (case.state, cancels(stage)) == (State.REQUESTED, [])
    assert said in (case.text or "")
    assert "client_id, client_secret" in (case.remedy or "")


def test_names_and_addresses_stay_out_of_the_evidence(stage: SimulatedStage) -> None:
    stage.cancel()
    stage.follow()
    kept = "".join(repr(entry.content) for entry in stage.desk.ledger.history(stage.case.id))
    on_the_wire = "".join(reply.body.decode() for reply in stage.tap.replies)
    for private in ("Robin", "Simulated", "1 Example Street", "Springfield", "62701", "217-555-0100"):
        assert private in on_the_wire
        assert private not in kept
    assert "MUG" in kept
