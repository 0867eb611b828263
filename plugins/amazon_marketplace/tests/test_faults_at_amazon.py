"""Reading back a feed goes wrong at any step; and statuses and reports that are none."""

from __future__ import annotations

import json

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedStage
from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.case import Case, State

pytestmark = pytest.mark.slow

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
TROUBLE = (
    Fault.SERVER_ERROR_HTML,
    Fault.SERVER_ERROR_HTML_AFTER,
    Fault.ERROR_WITHOUT_ERRORS,
    Fault.OK_HTML,
    Fault.OK_EMPTY,
    Fault.OVERSIZED,
    Fault.TRUNCATED,
    Fault.LOST_REPLY,
    Fault.MALFORMED_JSON,
    Fault.WRONG_TYPES,
    Fault.GARBAGE_GZIP,
    Fault.REDIRECT,
)
each_trouble = pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: fault.value)
ALWAYS = 500


def press(stage: SimulatedStage) -> Case:
    return stage.cancel("out of stock")


@pytest.mark.parametrize("path", ["/documents/a", "/store/", f"/orders/{ORDER}$"])
@each_trouble
def test_trouble_with_a_later_step_of_reading_back_tells_nothing_and_is_tried_again(
    simulator: MarketplaceSimulator, stage: SimulatedStage, fault: Fault, path: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    assert press(stage).state is State.ASKED
    assert stage.case.due_at is not None
    stage.wait_for(stage.case.due_at)
    simulator.faults.add(fault, method="GET", path=path, times=ALWAYS)
    stage.desk.check(stage.case.id)
    case = stage.case
    assert (case.state, case.proof, case.tries) == (State.ASKED, None, 1)
    simulator.faults.clear()
    assert (stage.follow().state, simulator.truth(ORDER)) == (State.CANCELED, "CANCELLED")


@pytest.mark.parametrize(
    "word", ["Canceled", "CANCELED", "canceled", "NOT_CANCELLED", "UNFULFILLABLE", "DELIVERED", "?"]
)
def test_an_order_in_a_status_that_is_not_documented_is_never_called_canceled(
    simulator: MarketplaceSimulator, stage: SimulatedStage, word: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(stage)
    stage.tap.edit = lambda seen, body: renamed(seen, body, word)
    case = stage.follow()
    assert (case.state, case.status) == (State.AWAITING_PERSON, word)


def renamed(seen: SeenRequest, body: bytes, word: str) -> bytes:
    if "/orders/2026" not in seen.path:
        return body
    document = json.loads(body)
    document["order"]["fulfillment"]["fulfillmentStatus"] = word
    return json.dumps(document).encode()


def test_a_report_that_expands_entities_is_not_read(simulator: MarketplaceSimulator, stage: SimulatedStage) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(stage)
    bomb = b'<!DOCTYPE a [<!ENTITY x "x">]><AmazonEnvelope>&x;</AmazonEnvelope>'
    stage.tap.edit = lambda seen, body: bomb if seen.path.startswith("/store/") else body
    assert stage.case.due_at is not None
    stage.wait_for(stage.case.due_at)
    case = stage.run_due()
    assert case.state is State.ASKED
    assert "it has a DTD" in (case.text or "")


def test_a_report_that_is_not_complete_is_read_again(simulator: MarketplaceSimulator, stage: SimulatedStage) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(stage)
    stage.tap.edit = lambda seen, body: body.replace(b"Complete", b"Processing")
    assert stage.case.due_at is not None
    stage.wait_for(stage.case.due_at)
    case = stage.run_due()
    assert (case.state, case.proof) == (State.ASKED, None)
    stage.tap.edit = None
    assert stage.follow().state is State.CANCELED
