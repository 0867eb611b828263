"""Cancels of a part in mode dsco: single lines and quantities, and how far the numbers alone are believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_sdk.answer import LineAnswer, Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.testing.faults import Fault

if TYPE_CHECKING:
    from plugins.commercehub.tests.conftest import Stage, StageMaker

PO = "PO-1001"


def sent(stage: Stage) -> list[tuple[object, object]]:
    """Of the one cancel that was sent: what names each line, and how many of it."""
    (body,) = stage.cancels
    lines = body["lineItems"]
    assert isinstance(lines, list)
    return [(line["dscoItemId"], line["cancelledQuantity"]) for line in lines]


@pytest.mark.parametrize("answered", ["processed", "submitted"])
def test_part_of_a_line_is_canceled_and_the_log_proves_it(stage: Stage, answered: str) -> None:
    stage.simulator.set_switch("cancel", answered)
    assert stage.cancel(lines={"MUG-11": 1}).state is State.ASKED
    assert sent(stage) == [("SIM-1-MUG-11", 1)]
    case = stage.follow()
    assert (case.state, case.lines) == (State.CANCELED, (LineAnswer("MUG-11", 2, 1), LineAnswer("CAP-7", 1, 0)))
    assert stage.simulator.truth(PO) == "shipment_pending"
    proof = stage.desk.receipt(PO).wishes[0].cases[0].proof
    assert proof is not None
    assert proof.exchange is not None
    assert (proof.kind, proof.status) == (ProofKind.READ_BACK, "success"), "one of two alone would prove nothing"
    assert proof.exchange.intent.url.endswith("/order/log?requestId=request-1")


def test_a_whole_line_is_canceled_and_its_number_proves_it(stage: Stage) -> None:
    stage.cancel(lines={"CAP-7": 1})
    assert sent(stage) == [("SIM-2-CAP-7", 1)]
    assert stage.follow().state is State.CANCELED
    assert "GET /order/log" not in stage.calls


def test_first_a_part_and_then_the_rest_cancels_the_order(stage: Stage) -> None:
    stage.cancel(lines={"MUG-11": 1})
    assert stage.follow().state is State.CANCELED
    assert stage.simulator.truth(PO) == "shipment_pending"
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.lines) == (State.CANCELED, (LineAnswer("MUG-11", 2, 2), LineAnswer("CAP-7", 1, 1)))
    assert stage.simulator.truth(PO) == "cancelled"


def test_a_part_that_is_wanted_again_is_canceled_beside_the_earlier_one_and_not_taken_for_it(stage: Stage) -> None:
    stage.simulator.order(PO).items[0].canceled = 1
    stage.simulator.set_switch("cancel", "submitted to fail")
    stage.cancel(lines={"MUG-11": 1})
    case = stage.follow()
    # One of two is canceled, but not by this wish: the log's word that it failed is not overruled by the number.
    assert (case.state, case.lines[0]) == (State.PARTLY_CANCELED, LineAnswer("MUG-11", 2, 1))


def test_more_than_is_ordered_is_refused_before_anything_is_sent(stage: Stage) -> None:
    with pytest.raises(InputError, match=r"3 of 'MUG-11' cannot be canceled, 2 are ordered"):
        stage.cancel(lines={"MUG-11": 3})
    assert stage.calls == []


def test_more_than_is_left_there_asks_for_what_is_left(stage: Stage) -> None:
    stage.simulator.order(PO).items[0].shipped = 1
    stage.cancel(lines={"MUG-11": 2})
    assert sent(stage) == [("SIM-1-MUG-11", 1)]
    case = stage.follow()
    assert (case.state, case.lines[0]) == (State.PARTLY_CANCELED, LineAnswer("MUG-11", 2, 1))


def test_of_a_line_that_shipped_nothing_is_asked_for(stage: Stage) -> None:
    stage.simulator.order(PO).items[0].shipped = 1
    stage.simulator.order(PO).items[0].canceled = 1
    case = stage.cancel(lines={"MUG-11": 1})
    assert (case.state, case.refusal, stage.cancels) == (State.REFUSED, Refusal.SHIPPED, [])


def test_a_line_that_the_retailers_order_lacks_is_refused_and_nothing_is_sent(make_stage: StageMaker) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(PO, lines=[("CAP-7", 1)])
    stage = make_stage(dsco)
    case = stage.cancel(lines={"MUG-11": 1})
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "no line MUG-11" in (case.text or "")
    assert stage.cancels == []


def test_a_part_of_two_lines_with_one_sku_is_taken_from_what_is_left_of_them(make_stage: StageMaker) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(PO, lines=[("MUG-11", 1), ("MUG-11", 2)])
    dsco.order(PO).items[0].shipped = 1
    stage = make_stage(dsco)
    stage.cancel(lines={"MUG-11": 2})
    assert sent(stage) == [("SIM-2-MUG-11", 2)]
    assert stage.follow().state is State.CANCELED


def test_lines_may_be_called_by_the_retailers_sku(make_stage: StageMaker, dsco: DscoSimulator) -> None:
    lines = [{"id": "1", "code": "P-MUG-11", "quantity": 2}, {"id": "2", "code": "P-CAP-7", "quantity": 1}]
    stage = make_stage(dsco, order={"order_items": lines})
    stage.cancel(lines={"P-CAP-7": 1})
    assert sent(stage) == [("SIM-2-CAP-7", 1)]
    assert stage.follow().lines[1] == LineAnswer("P-CAP-7", 1, 1)


def test_an_order_without_lines_is_not_called_canceled(make_stage: StageMaker) -> None:
    dsco = DscoSimulator(VirtualClock())
    dsco.add_order(PO, lines=[])
    stage = make_stage(dsco)
    stage.cancel()
    assert stage.follow().state is State.AWAITING_PERSON


def test_a_lost_reply_to_a_part_is_a_persons_to_settle(stage: Stage) -> None:
    # The number 1 of 2 may be ours or an earlier one: nobody guesses.
    stage.simulator.faults.add(Fault.LOST_REPLY, path="/order/item/cancel$")
    assert stage.cancel(lines={"MUG-11": 1}).state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert len(stage.cancels) == 1
