"""What is said over the simulator-defined wire, which is not BDLinx's; see orderdesk_devkit.testing.scenarios.

Live, it is the wire of the account: the cassette keeps the profile as it is configured, so it replays all the same.
"""

from __future__ import annotations

from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_devkit.testing.api_scenarios import wire_scenarios
from orderdesk_devkit.testing.scenarios import Scenarios

SCENARIOS = Scenarios(
    "bdlinx", service_version="as configured; BDLinx publishes none", table=wire_scenarios(BdlinxSimulator)
)
