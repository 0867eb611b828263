"""What is said over the simulator-defined API, which is not BDLinx's; see orderdesk_devkit.testing.scenarios.

Live, it is the API of the account: the cassette keeps the profile as it is configured, so it replays all the same.
"""

from __future__ import annotations

from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_devkit.testing.api_scenarios import api_profile_scenarios
from orderdesk_devkit.testing.scenarios import Scenarios

SCENARIOS = Scenarios(
    "bdlinx", service_version="as configured; BDLinx publishes none", table=api_profile_scenarios(BdlinxSimulator)
)
