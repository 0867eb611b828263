"""What the tests of the plugin share: a simulated Amazon, on a real socket and a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.testing.stage import SimulatedStage, simulated


@pytest.fixture
def amazon() -> McfSimulator:
    """An Amazon without orders, whose warehouse picks for some minutes only: tests read back every two."""
    return McfSimulator(VirtualClock(), durations=Durations(processing=minutes(9)))


@pytest.fixture
def stage(amazon: McfSimulator) -> Iterator[SimulatedStage]:
    """A desk whose order 1042 (MUG, 2; CAP, 1) is registered at `amazon`, which does not have it yet."""
    with simulated("amazon-mcf", amazon) as made:
        yield made
