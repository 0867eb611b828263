"""Cancels of a part in mode dsco: single lines and quantities, and how far the numbers alone are believed."""

from __future__ import annotations

from typing import Any

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

integration = "commercehub"


def cancels(harness: SimulatedHarness) -> list[dict[str, Any]]:
    return harness.documents("/order/item/cancel")


def sent(harness: SimulatedHarness) -> list[tuple[object, object]]:
    """Of the one cancel that was sent: what names each line, and how many of it."""
    (body,) = cancels(harness)
    return [(line["dscoItemId"], line["cancelledQuantity"]) for line in body["lineItems"]]


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_part_of_a_line_is_canceled_and_the_log_proves_it(
    harness: SimulatedHarness, simulator: DscoSimulator, answered: str
) -> None:
    simulator.set_option("cancel", answered)
    assert harness.cancel(lines={"MUG": 1}).state is State.ACKNOWLEDGED
    assert sent(harness) == [("SIM-1-MUG", 1)]
    case = harness.follow_up()
    assert (case.state, case.lines) == (State.CANCELED, (LineAnswer("MUG", 2, 1), LineAnswer("CAP", 1, 0)))
    assert simulator.actual_status(ORDER) == "shipment_pending"
    proof = harness.evidence
    assert proof.exchange is not None
    assert (proof.kind, proof.status) == (EvidenceKind.POLLED_STATUS, "success"), "one of two alone would prove nothing"
    assert proof.exchange.intent.url.endswith("/order/log?requestId=request-1")


def test_a_whole_line_is_canceled_and_its_number_proves_it(harness: SimulatedHarness) -> None:
    harness.cancel(lines={"CAP": 1})
    assert sent(harness) == [("SIM-2-CAP", 1)]
    assert harness.follow_up().state is State.CANCELED
    assert "GET /order/log" not in harness.sent


def test_first_a_part_and_then_the_rest_cancels_the_order(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    harness.cancel(lines={"MUG": 1})
    assert harness.follow_up().state is State.CANCELED
    assert simulator.actual_status(ORDER) == "shipment_pending"
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.lines) == (State.CANCELED, (LineAnswer("MUG", 2, 2), LineAnswer("CAP", 1, 1)))
    assert simulator.actual_status(ORDER) == "cancelled"


def test_a_part_that_is_wanted_again_is_canceled_beside_the_earlier_one_and_not_taken_for_it(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    simulator.order(ORDER).items[0].canceled = 1
    simulator.set_option("cancel", "submitted to fail")
    harness.cancel(lines={"MUG": 1})
    case = harness.follow_up()
    # One of two is canceled, but not by this cancellation: the log's word that it failed is not overruled by the
    # number.
    assert (case.state, case.lines[0]) == (State.PARTIALLY_CANCELED, LineAnswer("MUG", 2, 1))


def test_more_than_is_left_there_asks_for_what_is_left(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    simulator.order(ORDER).items[0].shipped = 1
    harness.cancel(lines={"MUG": 2})
    assert sent(harness) == [("SIM-1-MUG", 1)]
    case = harness.follow_up()
    assert (case.state, case.lines[0]) == (State.PARTIALLY_CANCELED, LineAnswer("MUG", 2, 1))


def test_of_a_line_that_shipped_nothing_is_asked_for(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    simulator.order(ORDER).items[0].shipped = 1
    simulator.order(ORDER).items[0].canceled = 1
    case = harness.cancel(lines={"MUG": 1})
    assert (case.state, case.rejection, cancels(harness)) == (State.REJECTED, Rejection.SHIPPED, [])


def test_a_line_that_the_retailers_order_lacks_is_refused_and_nothing_is_sent(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(ORDER, lines=[("CAP", 1)])
    stage = open_harness(before=dsco)
    case = stage.cancel(lines={"MUG": 1})
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "no line MUG" in (case.message or "")
    assert cancels(stage) == []


def test_a_part_of_two_lines_with_one_sku_is_taken_from_what_is_left_of_them(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(ORDER, lines=[("MUG", 1), ("MUG", 2)])
    dsco.order(ORDER).items[0].shipped = 1
    stage = open_harness(before=dsco)
    stage.cancel(lines={"MUG": 2})
    assert sent(stage) == [("SIM-2-MUG", 2)]
    assert stage.follow_up().state is State.CANCELED


def test_lines_may_be_called_by_the_retailers_sku(open_harness: HarnessOpener) -> None:
    stage = open_harness(lines=(("P-MUG", 2), ("P-CAP", 1)))
    stage.cancel(lines={"P-CAP": 1})
    assert sent(stage) == [("SIM-2-CAP", 1)]
    assert stage.follow_up().lines[1] == LineAnswer("P-CAP", 1, 1)


@pytest.mark.parametrize(("named", "item"), [("id:1", "SIM-1-2"), ("code:2", "SIM-1-2"), ("id:2", "SIM-2-1")])
def test_a_line_whose_id_is_another_ones_sku_is_the_one_that_is_canceled(
    open_harness: HarnessOpener, named: str, item: str
) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(ORDER, lines=[("2", 1), ("1", 1)])
    stage = open_harness(before=dsco, lines=(("2", 1), ("1", 1)))
    with pytest.raises(ValidationError, match="2 lines are called '1'"):
        stage.cancel(lines={"1": 1})
    assert (stage.desk.cases.list(order=ORDER), cancels(stage)) == ((), [])
    stage.cancel(lines={named: 1})
    assert sent(stage) == [(item, 1)]
    assert stage.follow_up().state is State.CANCELED


def test_of_two_lines_with_one_sku_one_cannot_be_canceled_alone(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(ORDER, lines=[("MUG", 1), ("MUG", 2)])
    stage = open_harness(before=dsco, lines=(("MUG", 1), ("MUG", 2)))
    case = stage.cancel(lines={"id:2": 2})
    assert (case.state, case.rejection, cancels(stage)) == (State.REJECTED, Rejection.NOT_ALLOWED, [])
    assert "cannot tell which of them is meant" in (case.message or "")


def test_an_order_without_lines_is_not_called_canceled(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(ORDER, lines=[])
    stage = open_harness(before=dsco)
    stage.cancel()
    assert stage.follow_up().state is State.ACTION_REQUIRED


@pytest.mark.slow
def test_a_lost_reply_to_a_part_is_a_persons_to_settle(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    # The number 1 of 2 may be ours or an earlier one: nobody guesses.
    simulator.faults.add(Fault.LOST_RESPONSE, path="/order/item/cancel$")
    assert harness.cancel(lines={"MUG": 1}).state is State.UNKNOWN
    assert harness.follow_up().state is State.ACTION_REQUIRED
    assert len(cancels(harness)) == 1
