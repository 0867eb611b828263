"""Orders that Dsco has split, lines that a status speaks of, and responses that are about another order."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

integration = "commercehub"
ALL = (LineAnswer("MUG", 2, 2, id="1"), LineAnswer("CAP", 1, 1, id="2"))


def asked(harness: SimulatedHarness) -> list[list[tuple[str, int]]]:
    bodies = harness.documents("/order/item/cancel")
    return [[(line["dscoItemId"], line["cancelledQuantity"]) for line in body["lineItems"]] for body in bodies]


def test_a_split_order_is_canceled_in_all_of_its_parts(harness: SimulatedHarness, simulator: DscoSimulator) -> None:
    simulator.split(ORDER, 2)
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.lines) == (State.CANCELED, ALL)
    assert asked(harness) == [[("SIM-1-MUG", 2), ("SIM-2-CAP", 1)]]
    assert "returnMultiple=true" in harness.recorder.requests[1].query


def test_a_part_that_is_canceled_already_does_not_stand_for_the_others(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    simulator.split(ORDER, 2)
    simulator.order(ORDER).items[0].canceled = 2
    harness.cancel()
    case = harness.follow_up()
    assert (asked(harness), case.state, case.lines) == ([[("SIM-2-CAP", 1)]], State.CANCELED, ALL)


def test_what_a_cancel_does_not_reach_is_not_called_canceled(
    harness: SimulatedHarness, simulator: DscoSimulator
) -> None:
    simulator.split(ORDER, 2)
    simulator.set_option("suborders", "first")
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.rejection, simulator.actual_status(ORDER)) == (
        State.REJECTED,
        Rejection.NOT_ALLOWED,
        "shipment_pending",
    )


def told(harness: SimulatedHarness, *orders: object, whole: bool = False) -> CancelCase:
    """The case after a cancel and its end, where every read of the order is answered with these suborders."""
    body = json.dumps(orders[0] if whole else list(orders))
    harness.recorder.override = lambda seen: (200, body) if seen.path == "/order/" else None
    harness.cancel()
    return harness.follow_up()


def order_of(*lines: dict[str, object], number: object = ORDER, **more: object) -> dict[str, object]:
    return {"poNumber": number, "lineItems": list(lines), "shipping": {}, **more}


def line(sku: str, quantity: object, **more: object) -> dict[str, object]:
    return {"sku": sku, "quantity": quantity, **more}


MUG, CAP = line("MUG", 2, cancelledQuantity=2), line("CAP", 1, cancelledQuantity=1)


@pytest.mark.parametrize("whole", [False, True])
def test_an_array_of_one_and_an_order_by_itself_are_the_same(harness: SimulatedHarness, whole: bool) -> None:
    case = told(harness, order_of(MUG, CAP), whole=whole)
    assert (case.state, case.lines) == (State.CANCELED, ALL)


def test_the_first_suborder_alone_is_never_all_of_the_order(harness: SimulatedHarness) -> None:
    # As from a service that knows no returnMultiple: what was ordered besides is not shown as canceled.
    assert told(harness, order_of(MUG), whole=True).state is State.ACTION_REQUIRED


@pytest.mark.slow
@pytest.mark.parametrize("number", ["PO-9999", "", None, 9999, [ORDER]])
@pytest.mark.parametrize("lines", [(MUG, CAP), (line("MUG", 2), line("CAP", 1))])
def test_a_reply_about_another_order_decides_nothing_and_nothing_is_asked_by_its_lines(
    harness: SimulatedHarness, number: object, lines: tuple[dict[str, object], ...]
) -> None:
    case = told(harness, order_of(*lines, number=number))
    assert (case.state, asked(harness)) == (State.ACTION_REQUIRED, [])


@pytest.mark.parametrize("number", ["PO-9999", "", None])
def test_what_is_read_back_of_another_order_decides_nothing(harness: SimulatedHarness, number: object) -> None:
    harness.cancel()
    harness.recorder.override = lambda seen: (
        (200, json.dumps([order_of(MUG, CAP, number=number)])) if seen.path == "/order/" else None
    )
    assert harness.follow_up().state is State.ACTION_REQUIRED


@pytest.mark.slow
def test_one_foreign_suborder_spoils_the_verdict(harness: SimulatedHarness) -> None:
    assert told(harness, order_of(MUG), order_of(CAP, number="PO-9999")).state is State.ACTION_REQUIRED


@pytest.mark.slow
def test_two_retailers_with_one_number_are_two_orders(harness: SimulatedHarness) -> None:
    case = told(harness, order_of(MUG, dscoRetailerId="a"), order_of(CAP, dscoRetailerId="b"))
    assert case.state is not State.CANCELED
    assert asked(harness) == []


def test_a_numeric_number_of_dscos_is_the_same_number(open_harness: HarnessOpener) -> None:
    stage = open_harness({"order_key": "dscoOrderId"}, order="1000001")
    assert told(stage, order_of(MUG, CAP, number="X", dscoOrderId=1000001)).state is State.CANCELED


CANCELED: Sequence[dict[str, object]] = (
    {"status": "cancelled"},
    {"status": "CANCELLED"},
    {"status": "canceled"},
    {"status": "rejected"},
    {"status": "cancelled", "cancelledQuantity": None, "shippedQuantity": None},
    {"status": "cancelled", "cancelledQuantity": 0, "rejectedQuantity": 0, "acceptedQuantity": 0},
    {"status": "cancelled", "cancelledQuantity": 1},
    {"status": None, "cancelledQuantity": 1, "rejectedQuantity": 1},
    {"rejectedQuantity": 2},
    {"cancelledQuantity": 2.0, "shippedQuantity": 0.0},
    {"cancelledQuantity": "2"},
)


@pytest.mark.parametrize("mug", CANCELED, ids=str)
def test_a_line_is_canceled_by_quantity_or_by_a_status_that_speaks_of_the_rest(
    harness: SimulatedHarness, mug: dict[str, object]
) -> None:
    case = told(harness, order_of(line("MUG", 2.0, **mug), CAP))
    assert (case.state, case.lines, asked(harness)) == (State.CANCELED, ALL, [])


STANDING: Sequence[dict[str, object]] = (
    {},
    {"status": "accepted"},
    {"status": "accepted", "cancelledQuantity": 1},
    {"status": "cancelled", "acceptedQuantity": 2},
    {"status": "shipped"},
    {"cancelRequested": True},
    {"cancelledQuantity": 1, "rejectedQuantity": 0},
)


@pytest.mark.slow
@pytest.mark.parametrize("mug", STANDING, ids=str)
def test_what_a_status_or_a_quantity_leaves_open_is_not_canceled(
    harness: SimulatedHarness, mug: dict[str, object]
) -> None:
    assert told(harness, order_of(line("MUG", 2, **mug), CAP)).state in (State.ACTION_REQUIRED, State.REJECTED)


def test_what_has_shipped_is_not_canceled_by_a_status_beside_it(harness: SimulatedHarness) -> None:
    case = told(harness, order_of(line("MUG", 2, status="cancelled", shippedQuantity=1), CAP))
    assert (case.state, case.lines[0]) == (State.PARTIALLY_CANCELED, LineAnswer("MUG", 2, 1, id="1"))


def test_what_is_canceled_and_shipped_as_well_proves_nothing(harness: SimulatedHarness) -> None:
    case = told(harness, order_of(line("MUG", 2, cancelledQuantity=2, shippedQuantity=1), CAP))
    assert case.state is State.ACTION_REQUIRED


@pytest.mark.parametrize(
    "entry",
    [
        {"requestId": "another", "payload": {"id": "PO-9999"}},
        {"payload": {"id": "PO-9999"}},
        {"payload": {}},
    ],
)
def test_a_log_entry_of_another_request_about_another_order_decides_nothing(
    harness: SimulatedHarness, simulator: DscoSimulator, entry: dict[str, object]
) -> None:
    simulator.set_option("read_lag", "3")
    log = {"logs": [{"status": "success", "requestMethod": "api", "dateProcessed": "2026-01-05T09:00:00Z", **entry}]}
    harness.recorder.override = lambda seen: (200, json.dumps(log)) if seen.path == "/order/log" else None
    harness.cancel(lines={"MUG": 1})
    assert harness.follow_up().state is State.ACTION_REQUIRED


def test_the_same_log_entry_of_this_order_decides(harness: SimulatedHarness) -> None:
    log = {"logs": [{"status": "success", "payload": {"id": ORDER}}]}
    harness.recorder.override = lambda seen: (200, json.dumps(log)) if seen.path == "/order/log" else None
    harness.cancel(lines={"MUG": 1})
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.slow
@pytest.mark.parametrize("words", [("success", "failure"), ("success", "pending"), ("pending",), ()])
def test_a_log_that_does_not_say_one_thing_leaves_a_part_to_a_person(
    harness: SimulatedHarness, words: tuple[str, ...]
) -> None:
    log = {"logs": [{"status": word, "payload": {"id": ORDER}} for word in words]}
    harness.recorder.override = lambda seen: (200, json.dumps(log)) if seen.path == "/order/log" else None
    harness.cancel(lines={"MUG": 1})
    assert harness.follow_up().state is State.ACTION_REQUIRED
