"""What is said between us and Amazon MCF, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.harness import LINES, ORDER, PluginHarness
from orderdesk_devkit.testing.scenarios import (
    Scenario,
    Scenarios,
    cancel_and_follow,
    cancel_and_resubmit,
    with_fault,
    with_order,
)
from orderdesk_sdk.clock import Clock, minutes

IN_A_HURRY = partial(McfSimulator, durations=Durations(received=minutes(3), planning=minutes(3), processing=minutes(3)))
"""A warehouse with little to do: few polls to the end."""


def cancel(harness: PluginHarness) -> None:
    harness.cancel()


def with_the_next_number_taken(clock: Clock) -> Simulator:
    made = with_order(McfSimulator)(clock)
    made.add_order(f"{ORDER}-1", lines=LINES)
    return made


def with_refused_tokens(count: int) -> Callable[[Clock], Simulator]:
    """A maker of simulators that refuse the token of the next `count` cancels."""
    return with_fault(with_order(McfSimulator), Fault.EXPIRED_TOKEN, path="/cancel$", times=count)


SCENARIOS = Scenarios(
    "amazon-mcf",
    service_version="fulfillment outbound 2020-07-01",
    table=(
        Scenario(
            "cancel-honored",
            description="a cancel in time, polled until the order is Cancelled",
            play=cancel_and_follow,
            simulator=with_order(McfSimulator),
            live="asks Amazon to cancel the order and reads it back; take one in Received or Planning",
        ),
        Scenario(
            "too-late-by-error",
            description="a cancel while picking, refused with an error",
            play=cancel_and_follow,
            simulator=with_order(McfSimulator, status="Processing"),
            live="asks Amazon to cancel the order; take one in Processing, it may be canceled all the same",
        ),
        Scenario(
            "too-late-by-shipping",
            description="a cancel while picking, accepted to no effect: the order ends Complete",
            play=cancel_and_follow,
            simulator=with_order(IN_A_HURRY, status="Processing"),
            options={"too_late": "accept"},
            live="asks Amazon to cancel the order and reads it back for up to 24 h; take one in Processing",
        ),
        Scenario(
            "partly-canceled",
            description="a cancel that came in time for some units only",
            play=cancel_and_follow,
            simulator=with_order(IN_A_HURRY),
            options={"cancel_fate": "partly"},
            live=None,
        ),
        Scenario(
            "resubmit",
            description="a canceled order sent again under a new number",
            play=cancel_and_resubmit,
            simulator=with_order(McfSimulator),
            live="asks Amazon to cancel the order, then creates a new one with its lines, which ships and costs money",
        ),
        Scenario(
            "resubmit-number-taken",
            description="the new number holds the same items before anything was created, so it is another order's",
            play=cancel_and_resubmit,
            simulator=with_the_next_number_taken,
            live=None,
        ),
        Scenario(
            "token-expired",
            description="the access token is refused once, a new one is accepted",
            play=cancel,
            simulator=with_refused_tokens(1),
            live=None,
        ),
        Scenario(
            "denied",
            description="the access token is refused twice: nothing was done, and a person is told what to check",
            play=cancel,
            simulator=with_refused_tokens(2),
            live=None,
        ),
    ),
)
