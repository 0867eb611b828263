"""What is said over the simulator-defined wire, which is not BDLinx's; see orderdesk_sdk.testing.scenarios.

Live, it is the wire of the account: the cassette keeps the profile as it is configured, so it replays all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_bdlinx.simulator import BdlinxSimulator, Durations
from orderdesk_bdlinx.simulator import Stage as At
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios, cancel_and_follow
from orderdesk_sdk.testing.stage import LINES, ORDER

QUICK = Durations(queue=minutes(3), printing=minutes(3))
"""A shop in a hurry: few read-backs to the end."""


def holding(at: At = At.QUEUED, durations: Durations | None = None) -> Callable[[Clock], BdlinxSimulator]:
    """A maker of simulators with the order standing `at` a stage."""

    def make(clock: Clock) -> BdlinxSimulator:
        made = BdlinxSimulator(clock, durations=durations)
        made.add_order(ORDER, lines=LINES, stage=at)
        return made

    return make


SCENARIOS = Scenarios(
    "bdlinx",
    service_version="as configured; BDLinx publishes none",
    table=(
        Scenario(
            "cancel-honored",
            about="a request that is taken, read back until the order has stopped",
            play=cancel_and_follow,
            simulator=holding(),
            live="asks BDLinx to cancel the order and reads it back for up to 24 h; take one that nobody prints yet",
        ),
        Scenario(
            "too-late",
            about="a request while printing, refused with a 409",
            play=cancel_and_follow,
            simulator=holding(At.PRINTING),
            live="asks BDLinx to cancel the order; take one in print, it may be canceled all the same",
        ),
        Scenario(
            "taken-but-shipped",
            about="a request that is taken to no effect: the order leaves",
            play=cancel_and_follow,
            simulator=holding(durations=QUICK),
            switches={"fate": "ships anyway"},
            live=None,
        ),
        Scenario(
            "unknown-order",
            about="a number that is not known there",
            play=cancel_and_follow,
            simulator=BdlinxSimulator,
            live="asks BDLinx to cancel an order that it must not have: take one of a number of your own invention",
        ),
    ),
)
