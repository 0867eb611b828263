"""What is said between us and Amazon MCF, for cassettes; see orderdesk_sdk.testing.scenarios."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios, cancel_and_follow
from orderdesk_sdk.testing.stage import LINES, ORDER, Stage

QUICK = Durations(received=minutes(3), planning=minutes(3), processing=minutes(3))
"""A warehouse in a hurry: few read-backs to the end."""


def cancel(stage: Stage) -> None:
    stage.cancel()


def cancel_and_resubmit(stage: Stage) -> None:
    cancel_and_follow(stage)
    stage.resubmit()


def holding(status: str = "Received", durations: Durations | None = None) -> Callable[[Clock], McfSimulator]:
    """A maker of simulators with the order in `status`."""

    def make(clock: Clock) -> McfSimulator:
        made = McfSimulator(clock, durations=durations)
        made.add_order(ORDER, lines=LINES, status=status)
        return made

    return make


def with_the_next_number_taken(clock: Clock) -> McfSimulator:
    made = holding()(clock)
    made.add_order(f"{ORDER}-1", lines=LINES)
    return made


def with_refused_tokens(count: int) -> Callable[[Clock], McfSimulator]:
    """A maker of simulators that refuse the token of the next `count` cancels."""

    def make(clock: Clock) -> McfSimulator:
        made = holding()(clock)
        made.faults.add(Fault.EXPIRED_TOKEN, path="/cancel$", times=count)
        return made

    return make


SCENARIOS = Scenarios(
    "amazon-mcf",
    service_version="fulfillment outbound 2020-07-01",
    table=(
        Scenario(
            "cancel-honored",
            about="a cancel in time, read back until the order is Cancelled",
            play=cancel_and_follow,
            simulator=holding(),
            live="asks Amazon to cancel the order and reads it back; take one in Received or Planning",
        ),
        Scenario(
            "too-late-by-error",
            about="a cancel while picking, refused with an error",
            play=cancel_and_follow,
            simulator=holding("Processing"),
            live="asks Amazon to cancel the order; take one in Processing, it may be canceled all the same",
        ),
        Scenario(
            "too-late-by-shipping",
            about="a cancel while picking, accepted to no effect: the order ends Complete",
            play=cancel_and_follow,
            simulator=holding("Processing", QUICK),
            switches={"too_late": "accept"},
            live="asks Amazon to cancel the order and reads it back for up to 24 h; take one in Processing",
        ),
        Scenario(
            "partly-canceled",
            about="a cancel that came in time for some units only",
            play=cancel_and_follow,
            simulator=holding(durations=QUICK),
            switches={"cancel_fate": "partly"},
            live=None,
        ),
        Scenario(
            "resubmit",
            about="a canceled order sent again under a new number",
            play=cancel_and_resubmit,
            simulator=holding(),
            live="asks Amazon to cancel the order, then creates a new one with its lines, which ships and costs money",
        ),
        Scenario(
            "resubmit-already-there",
            about="the new number holds the same items already, so nothing is created",
            play=cancel_and_resubmit,
            simulator=with_the_next_number_taken,
            live=None,
        ),
        Scenario(
            "token-expired",
            about="the access token is refused once, a new one is accepted",
            play=cancel,
            simulator=with_refused_tokens(1),
            live=None,
        ),
        Scenario(
            "denied",
            about="the access token is refused twice: nothing was done, and a person is told what to check",
            play=cancel,
            simulator=with_refused_tokens(2),
            live=None,
        ),
    ),
)
