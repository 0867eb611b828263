"""What the tests of the plugin share: a shop with the order 1042, or its fulfillment order, not yet accepted."""

from __future__ import annotations

import pytest

from orderdesk_sdk.testing.stage import ORDER
from orderdesk_shopify.simulator import ShopifySimulator


@pytest.fixture
def simulator(simulator: ShopifySimulator) -> ShopifySimulator:
    simulator.add_order(ORDER)
    return simulator
