"""The scenarios that every API profile can play: a cancel that works, one too late, one in vain, one of no order."""

from __future__ import annotations

from functools import partial

from orderdesk_devkit.simulators.profile import ApiProfileSimulator, Durations, OrderStage
from orderdesk_devkit.testing.scenarios import Scenario, cancel_and_follow, with_order
from orderdesk_sdk.clock import minutes

__all__ = ["api_profile_scenarios"]

QUICK = Durations(queue=minutes(3), printing=minutes(3))
"""A shop in a hurry: few polls to the end."""


def api_profile_scenarios(simulator: type[ApiProfileSimulator]) -> tuple[Scenario, ...]:
    """The four, of a plugin's own simulator. Live, it is the API of the account that is recorded."""
    title = simulator.vendor
    return (
        Scenario(
            "cancel-honored",
            description="a request that is taken, polled until the order has stopped",
            play=cancel_and_follow,
            simulator=with_order(simulator),
            live=f"asks {title} to cancel the order and reads it back for up to 24 h; take one not yet begun",
        ),
        Scenario(
            "too-late",
            description="a request while printing, rejected with a 409",
            play=cancel_and_follow,
            simulator=with_order(simulator, stage=OrderStage.PRINTING),
            live=f"asks {title} to cancel the order; take one in print, it may be canceled all the same",
        ),
        Scenario(
            "taken-but-shipped",
            description="a request that is taken to no effect: the order leaves",
            play=cancel_and_follow,
            simulator=with_order(partial(simulator, durations=QUICK)),
            options={"fate": "ships anyway"},
            live=None,
        ),
        Scenario(
            "unknown-order",
            description="a number that is not known there",
            play=cancel_and_follow,
            simulator=simulator,
            live=f"asks {title} to cancel an order that it must not have: take one of a number of your own invention",
        ),
    )
