"""What the tests of the plugin share: a simulated shop, on a real socket and a virtual clock, and a desk before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.testing.stage import SimulatedStage, simulated
from orderdesk_shopify.simulator import FulfillmentSimulator, ShopifySimulator


@pytest.fixture
def shop() -> ShopifySimulator:
    """A shop with the order 1042."""
    made = ShopifySimulator(VirtualClock())
    made.add_order("1042")
    return made


@pytest.fixture
def works() -> FulfillmentSimulator:
    """A shop with the fulfillment order 1042, which its service has not accepted yet."""
    made = FulfillmentSimulator(VirtualClock())
    made.add_work("1042")
    return made


@pytest.fixture
def open_stage() -> Iterator[Callable[..., SimulatedStage]]:
    """Opens a desk before a simulator; keywords change the settings."""
    with ExitStack() as stack:

        def open_(simulator: ShopifySimulator, **settings: object) -> SimulatedStage:
            slug = "shopify-fulfillment" if isinstance(simulator, FulfillmentSimulator) else "shopify"
            flat = {**simulator.settings("http://replaced"), **settings}
            del flat["shop_url"]
            return stack.enter_context(simulated(slug, simulator, settings=flat))

        yield open_
