"""What is said between us and Amazon Marketplace, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from orderdesk_amazon_marketplace.simulator import Durations, MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, with_fault, with_order
from orderdesk_sdk.clock import Clock, minutes

ORDER = "902-1106328-1059050"
QUICK = partial(MarketplaceSimulator, durations=Durations(queue=minutes(1), progress=minutes(1), change=minutes(1)))
"""A queue without anybody else in it: few polls to the end."""


def cancel(harness: PluginHarness) -> None:
    harness.cancel("out of stock")
    harness.follow_up()


def simulator(status: str = "UNSHIPPED") -> Callable[[Clock], Simulator]:
    """A maker of simulators with the order in `status`."""
    return with_order(QUICK, ORDER, status=status, canceled_by="BUYER")


def scenario(
    name: str, about: str, make: Callable[[Clock], Simulator], *, live: str | None = None, **switches: str
) -> Scenario:
    return Scenario(name, description=about, play=cancel, simulator=make, live=live, order=ORDER, options=switches)


SCENARIOS = Scenarios(
    "amazon-marketplace",
    service_version="feeds 2021-06-30, orders 2026-01-01",
    table=(
        scenario(
            "cancel-honored",
            "a cancel by feed: the order is read until it is CANCELLED, and its report is not needed",
            simulator(),
            live="cancels the order at Amazon, for good, and Amazon mails the buyer; take one that is Unshipped",
        ),
        scenario(
            "error-in-report", "the feed is DONE, and its report has an error for the order", simulator(), fate="error"
        ),
        scenario(
            "ships-anyway", "the feed is DONE, and the order ships all the same", simulator(), fate="ships anyway"
        ),
        scenario("feed-canceled", "Amazon cancels the feed before it begins", simulator(), feed="CANCELLED"),
        scenario("canceled-before", "the buyer was faster: no feed is made", simulator("CANCELLED")),
        scenario("shipped-before", "the order has shipped: no feed is made", simulator("SHIPPED")),
        scenario(
            "token-expired",
            "the access token is refused once, a new one is accepted",
            with_fault(simulator(), Fault.EXPIRED_TOKEN, path="/feeds$"),
        ),
    ),
)
