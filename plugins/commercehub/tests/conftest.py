"""What the tests share: a simulated Dsco that has the order, as the cart it came from."""

from __future__ import annotations

import pytest

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.testing.harness import LINES, ORDER


@pytest.fixture
def simulator(simulator: DscoSimulator) -> DscoSimulator:
    simulator.add_order(ORDER, lines=LINES)
    return simulator
