"""What the tests of the plugin share: a shop with the order 1042, or its fulfillment order, not yet accepted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_shopify.simulator import ShopifySimulator


@pytest.fixture
def simulator(simulator: ShopifySimulator) -> ShopifySimulator:
    simulator.add_order(ORDER)
    return simulator


@pytest.fixture
def asked() -> Callable[[SimulatedHarness], list[str]]:
    """Gives the names of the documents that were asked, in order."""

    def names(stage: SimulatedHarness) -> list[str]:
        return [str(one["query"]).split("(")[0].split()[1] for one in stage.documents("")]

    return names


@pytest.fixture
def canceled() -> Callable[[SimulatedHarness], CancelCase]:
    """Cancels the order as its customer asked, and follows it up."""

    def cancel(stage: SimulatedHarness) -> CancelCase:
        stage.cancel("customer asked")
        return stage.follow_up()

    return cancel
