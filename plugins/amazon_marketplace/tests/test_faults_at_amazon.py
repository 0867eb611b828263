"""Reading back a feed goes wrong at any step; and statuses and reports that are none."""

from __future__ import annotations

import json

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State

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
    Fault.LOST_RESPONSE,
    Fault.MALFORMED_JSON,
    Fault.WRONG_TYPES,
    Fault.GARBAGE_GZIP,
    Fault.REDIRECT,
)
each_trouble = pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: fault.value)
ALWAYS = 500


def press(harness: SimulatedHarness) -> CancelCase:
    return harness.cancel("out of stock")


@pytest.mark.parametrize("path", ["/documents/a", "/store/", f"/orders/{ORDER}$"])
@each_trouble
def test_trouble_with_a_later_step_of_reading_back_tells_nothing_and_is_tried_again(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, fault: Fault, path: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    assert press(harness).state is State.ACKNOWLEDGED
    assert harness.case.due_at is not None
    harness.wait_for(harness.case.due_at)
    simulator.faults.add(fault, method="GET", path=path, times=ALWAYS)
    harness.desk.cases.poll(harness.case.id)
    case = harness.case
    assert (case.state, case.evidence, case.consecutive_failures) == (State.ACKNOWLEDGED, None, 1)
    simulator.faults.clear()
    assert (harness.follow_up().state, simulator.actual_status(ORDER)) == (State.CANCELED, "CANCELLED")


@pytest.mark.parametrize(
    "word", ["Canceled", "CANCELED", "canceled", "NOT_CANCELLED", "UNFULFILLABLE", "DELIVERED", "?"]
)
def test_an_order_in_a_status_that_is_not_documented_is_never_called_canceled(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, word: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(harness)
    harness.recorder.edit_response = lambda seen, body: renamed(seen, body, word)
    case = harness.follow_up()
    assert (case.state, case.service_status) == (State.ACTION_REQUIRED, word)


def renamed(seen: RecordedRequest, body: bytes, word: str) -> bytes:
    if "/orders/2026" not in seen.path:
        return body
    document = json.loads(body)
    document["order"]["fulfillment"]["fulfillmentStatus"] = word
    return json.dumps(document).encode()


def test_a_report_that_expands_entities_is_not_read(simulator: MarketplaceSimulator, harness: SimulatedHarness) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(harness)
    bomb = b'<!DOCTYPE a [<!ENTITY x "x">]><AmazonEnvelope>&x;</AmazonEnvelope>'
    harness.recorder.edit_response = lambda seen, body: bomb if seen.path.startswith("/store/") else body
    assert harness.case.due_at is not None
    harness.wait_for(harness.case.due_at)
    case = harness.run_due()
    assert case.state is State.ACKNOWLEDGED
    assert "it has a DTD" in (case.message or "")


def test_a_report_that_is_not_complete_is_read_again(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    press(harness)
    harness.recorder.edit_response = lambda seen, body: body.replace(b"Complete", b"Processing")
    assert harness.case.due_at is not None
    harness.wait_for(harness.case.due_at)
    case = harness.run_due()
    assert (case.state, case.evidence) == (State.ACKNOWLEDGED, None)
    harness.recorder.edit_response = None
    assert harness.follow_up().state is State.CANCELED
