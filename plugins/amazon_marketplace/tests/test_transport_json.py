"""The unreleased cancelOrder, where somebody switches it on: never the only way."""

from __future__ import annotations

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import State

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"


@pytest.fixture
def newer(open_stage: StageOpener) -> SimulatedStage:
    """A stage whose connection asks by cancelOrder first."""
    return open_stage({"transport": "json"})


def asked_by(stage: SimulatedStage) -> list[str]:
    return [seen.path for seen in stage.tap.requests if seen.path.endswith(("/cancellation", "/feeds"))]


PATH, FEEDS = f"/orders/2026-01-01/orders/{ORDER}/cancellation", "/feeds/2021-06-30/feeds"


def test_an_order_is_asked_by_one_call_and_canceled_by_what_is_read_back(
    simulator: MarketplaceSimulator, newer: SimulatedStage
) -> None:
    simulator.set_switch("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("out of stock")
    assert (newer.follow().state, simulator.truth(ORDER)) == (State.CANCELED, "CANCELLED")
    assert asked_by(newer) == [PATH]
    (put,) = [seen for seen in newer.tap.requests if seen.path == PATH]
    assert put.document == {"cancelReasonCode": "NO_INVENTORY"}


def test_where_amazon_does_not_have_the_call_the_feed_is_taken(
    simulator: MarketplaceSimulator, newer: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("out of stock")
    assert newer.follow().state is State.CANCELED
    assert asked_by(newer)[-1] == FEEDS


def test_a_reason_that_the_call_does_not_have_goes_by_the_feed(
    simulator: MarketplaceSimulator, newer: SimulatedStage
) -> None:
    simulator.set_switch("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    newer.cancel("GeneralAdjustment")
    assert newer.follow().state is State.CANCELED
    assert asked_by(newer) == [FEEDS]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.SERVER_ERROR_HTML_AFTER, Fault.LOST_REPLY])
def test_trouble_with_the_call_is_read_back_before_anything_is_asked_again(
    simulator: MarketplaceSimulator, newer: SimulatedStage, fault: Fault
) -> None:
    simulator.set_switch("cancel_order", "works")
    simulator.add_order(ORDER, lines=LINES)
    simulator.faults.add(fault, path="/cancellation$")
    newer.cancel("out of stock")
    assert (newer.follow().state, simulator.truth(ORDER)) == (State.CANCELED, "CANCELLED")
    assert FEEDS not in asked_by(newer)
