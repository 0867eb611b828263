"""What the tests of the plugin share: a lab with order 1042 in its queue."""

from __future__ import annotations

import pytest

from orderdesk_bay_photo.simulator import BayPhotoSimulator
from orderdesk_devkit.testing.harness import ORDER


@pytest.fixture
def simulator(simulator: BayPhotoSimulator) -> BayPhotoSimulator:
    simulator.add_order(ORDER)
    return simulator
