"""What is said over the simulator-defined API, not Progressive Solutions'; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from orderdesk_devkit.testing.api_scenarios import api_profile_scenarios
from orderdesk_devkit.testing.scenarios import Scenarios
from orderdesk_progressive_solutions.simulator import ProgressiveSimulator

SCENARIOS = Scenarios(
    "progressive-solutions",
    service_version="as configured; nothing is published",
    table=api_profile_scenarios(ProgressiveSimulator),
)
