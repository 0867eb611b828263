"""What the tests of the plugin share: a simulated Amazon, on a real socket and a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.testing.stage import SimulatedStage, simulated

ORDER = "902-1106328-1059050"


@pytest.fixture
def amazon() -> MarketplaceSimulator:
    """An Amazon without orders."""
    return MarketplaceSimulator(VirtualClock())


@pytest.fixture
def stage(amazon: MarketplaceSimulator) -> Iterator[SimulatedStage]:
    """A desk whose order (MUG, 2; CAP, 1) is registered at `amazon`, which does not have it yet."""
    with simulated("amazon-marketplace", amazon, order=ORDER) as made:
        yield made
