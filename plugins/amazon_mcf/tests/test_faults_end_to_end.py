"""Every way in which a reply goes wrong, on each call: the right state, and never a success that is none."""

from __future__ import annotations

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_sdk.case import State
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.stage import LINES, SimulatedStage

ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"

TROUBLE = (
    Fault.SERVER_ERROR_HTML,  # 503 with HTML, nothing done
    Fault.SERVER_ERROR_HTML_AFTER,  # the same 503, all done
    Fault.ERROR_WITHOUT_ERRORS,  # 500 with JSON that lacks `errors`
    Fault.OK_HTML,  # 200 with HTML
    Fault.OK_EMPTY,  # 200 with an empty body
    Fault.OVERSIZED,  # 50 MB
    Fault.TRUNCATED,  # cut in half
    Fault.LOST_REPLY,  # reset after sending
    Fault.MALFORMED_JSON,
    Fault.WRONG_TYPES,
    Fault.GARBAGE_GZIP,
    Fault.REDIRECT,
)
KEEPS_STATUS = (Fault.MALFORMED_JSON, Fault.WRONG_TYPES)
"""A 400 or 404 stays one, and the plugin reads nothing else of these."""
ALWAYS = 100
"""More often than any call is repeated."""

each_trouble = pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: fault.value)


def created(amazon: McfSimulator) -> list[str | None]:
    done = [record for record in amazon.log if record.operation == "createFulfillmentOrder"]
    return [record.remote_id for record in done if record.effect.startswith("created")]


def canceled(amazon: McfSimulator, stage: SimulatedStage) -> None:
    amazon.add_order("1042", lines=LINES)
    stage.cancel()
    assert stage.follow().state is State.CANCELED


@each_trouble
def test_trouble_with_the_cancel_is_unclear_and_resolved_by_reading_back(
    amazon: McfSimulator, stage: SimulatedStage, fault: Fault
) -> None:
    amazon.add_order("1042", lines=LINES)
    amazon.faults.add(fault, method="PUT", path="/cancel$")
    case = stage.cancel()
    assert (case.state, case.proof) == (State.UNCLEAR, None)
    assert [seen.method for seen in stage.tap.requests].count("PUT") <= 1
    assert (stage.follow().state, amazon.truth("1042")) == (State.CANCELED, "Cancelled")
    assert amazon.faults.waiting() == ()


@each_trouble
def test_trouble_with_the_cancel_of_an_order_that_ships_never_reads_as_canceled(
    amazon: McfSimulator, stage: SimulatedStage, fault: Fault
) -> None:
    amazon.add_order("1042", lines=LINES, status="Processing")
    amazon.faults.add(fault, method="PUT", path="/cancel$", times=ALWAYS)
    assert stage.cancel().state is (State.REFUSED if fault in KEEPS_STATUS else State.UNCLEAR)
    case = stage.follow()
    assert case.state in (State.REFUSED, State.SHIPPED_ANYWAY, State.AWAITING_PERSON)
    assert amazon.truth("1042") != "Cancelled"


@each_trouble
def test_trouble_with_the_read_back_tells_nothing_and_is_tried_again(
    amazon: McfSimulator, stage: SimulatedStage, fault: Fault
) -> None:
    amazon.add_order("1042", lines=LINES)
    stage.cancel()
    amazon.faults.add(fault, method="GET", times=ALWAYS)
    case = stage.desk.check(stage.case.id)
    assert (case.state, case.proof, case.tries) == (State.ASKED, None, 1)
    assert case.text
    amazon.faults.clear()
    assert (stage.follow().state, amazon.truth("1042")) == (State.CANCELED, "Cancelled")


@each_trouble
def test_trouble_with_the_create_is_unclear_and_ends_with_exactly_one_order(
    amazon: McfSimulator, stage: SimulatedStage, fault: Fault
) -> None:
    canceled(amazon, stage)
    amazon.faults.add(fault, method="POST", path=ORDERS)
    made = stage.resubmit()
    assert (made.state, created(amazon)) == (ErrandState.UNCLEAR, ["1042-1"] if fault.done else [])
    assert made.due_at is not None
    stage.wait_for(made.due_at)
    stage.desk.run_due()
    assert stage.resubmit().state is ErrandState.DONE
    assert created(amazon) == ["1042-1"]
    assert amazon.faults.waiting() == ()


@pytest.mark.parametrize("fault", [one for one in TROUBLE if one not in KEEPS_STATUS], ids=lambda fault: fault.value)
def test_trouble_with_the_look_before_the_create_creates_nothing(
    amazon: McfSimulator, stage: SimulatedStage, fault: Fault
) -> None:
    canceled(amazon, stage)
    amazon.faults.add(fault, method="GET", path="/1042-1$", times=ALWAYS)
    assert stage.resubmit().is_open
    assert created(amazon) == []
    amazon.faults.clear()
    assert stage.resubmit().state is ErrandState.DONE
    assert created(amazon) == ["1042-1"]


@each_trouble
def test_trouble_with_the_token_sends_nothing(amazon: McfSimulator, stage: SimulatedStage, fault: Fault) -> None:
    amazon.add_order("1042", lines=LINES)
    amazon.faults.add(fault, path="/token$", times=ALWAYS)
    case = stage.cancel()
    assert (case.state, case.proof) == (State.REQUESTED, None)
    assert [seen.method for seen in stage.tap.requests if seen.path.startswith(ORDERS)] == []
    amazon.faults.clear()
    assert (stage.follow().state, amazon.truth("1042")) == (State.CANCELED, "Cancelled")


def test_a_reset_before_the_service_saw_the_request_is_resolved_alike(
    amazon: McfSimulator, stage: SimulatedStage
) -> None:
    amazon.add_order("1042", lines=LINES)
    amazon.faults.add(Fault.RESET_BEFORE, method="PUT", path="/cancel$")
    case = stage.cancel()
    assert (case.state, case.proof) == (State.UNCLEAR, None)
    assert (stage.follow().state, amazon.truth("1042")) == (State.CANCELED, "Cancelled")
