"""The unreleased cancelOrder, where somebody switches it on: never the only way."""

from __future__ import annotations

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"


@pytest.fixture
def newer(open_harness: HarnessOpener) -> SimulatedHarness:
    """A stage whose connection asks by cancelOrder first."""
    return open_harness({"transport": "json"})


def paths_called(harness: SimulatedHarness) -> list[str]:
    return [seen.path for seen in harness.recorder.requests if seen.path.endswith(("/cancellation", "/feeds"))]


PATH, FEEDS = f"/orders/2026-01-01/orders/{ORDER}/cancellation", "/feeds/2021-06-30/feeds"


def test_an_order_is_asked_by_one_call_and_canceled_by_what_is_read_back(
    simulator: MarketplaceSimulator, newer: SimulatedHarness
) -> None:
    simulator.set_option("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("out of stock")
    assert (newer.follow_up().state, simulator.actual_status(ORDER)) == (State.CANCELED, "CANCELLED")
    assert paths_called(newer) == [PATH]
    (put,) = [seen for seen in newer.recorder.requests if seen.path == PATH]
    assert put.document == {"cancelReasonCode": "NO_INVENTORY"}


def test_where_amazon_does_not_have_the_call_the_feed_is_taken(
    simulator: MarketplaceSimulator, newer: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("out of stock")
    assert newer.follow_up().state is State.CANCELED
    assert paths_called(newer)[-1] == FEEDS


def test_a_reason_that_the_call_does_not_have_goes_by_the_feed(
    simulator: MarketplaceSimulator, newer: SimulatedHarness
) -> None:
    simulator.set_option("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("GeneralAdjustment")
    assert newer.follow_up().state is State.CANCELED
    assert paths_called(newer) == [FEEDS]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.SERVER_ERROR_HTML_AFTER, Fault.LOST_RESPONSE])
def test_trouble_with_the_call_is_read_back_before_anything_is_asked_again(
    simulator: MarketplaceSimulator, newer: SimulatedHarness, fault: Fault
) -> None:
    simulator.set_option("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    simulator.faults.add(fault, path="/cancellation$")
    newer.cancel("out of stock")
    assert (newer.follow_up().state, simulator.actual_status(ORDER)) == (State.CANCELED, "CANCELLED")
    assert FEEDS not in paths_called(newer)
