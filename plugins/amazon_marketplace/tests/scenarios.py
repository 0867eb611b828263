"""What is said between us and Amazon Marketplace, for cassettes; see orderdesk_sdk.testing.scenarios."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_amazon_marketplace.simulator import Durations, MarketplaceSimulator
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios
from orderdesk_sdk.testing.stage import LINES, Stage

ORDER = "902-1106328-1059050"
QUICK = Durations(queue=minutes(1), progress=minutes(1), change=minutes(1))
"""A queue without anybody else in it: few read-backs to the end."""


def cancel(stage: Stage) -> None:
    stage.cancel("out of stock")
    stage.follow()


def simulator(status: str = "UNSHIPPED", **switches: str) -> Callable[[Clock], MarketplaceSimulator]:
    """A maker of simulators with the order in `status`."""

    def make(clock: Clock) -> MarketplaceSimulator:
        made = MarketplaceSimulator(clock, durations=QUICK)
        made.add_order(ORDER, lines=LINES, status=status, canceled_by="BUYER")
        for name, choice in switches.items():
            made.set_switch(name, choice)
        return made

    return make


def with_a_refused_token(clock: Clock) -> MarketplaceSimulator:
    made = simulator()(clock)
    made.faults.add(Fault.EXPIRED_TOKEN, path="/feeds$")
    return made


def scenario(
    name: str, about: str, make: Callable[[Clock], MarketplaceSimulator], *, live: str | None = None
) -> Scenario:
    return Scenario(name, about=about, play=cancel, simulator=make, live=live, order=ORDER)


SCENARIOS = Scenarios(
    "amazon-marketplace",
    service_version="feeds 2021-06-30, orders 2026-01-01",
    table=(
        scenario(
            "cancel-honored",
            "a cancel by feed: its report is clean, and the order is read as CANCELLED",
            simulator(),
            live="cancels the order at Amazon, for good, and Amazon mails the buyer; take one that is Unshipped",
        ),
        scenario(
            "error-in-report", "the feed is DONE, and its report has an error for the order", simulator(fate="error")
        ),
        scenario(
            "ships-anyway", "the report is clean, and the order ships all the same", simulator(fate="ships anyway")
        ),
        scenario("feed-canceled", "Amazon cancels the feed before it begins", simulator(feed="CANCELLED")),
        scenario("canceled-before", "the buyer was faster: no feed is made", simulator("CANCELLED")),
        scenario("shipped-before", "the order has shipped: no feed is made", simulator("SHIPPED")),
        scenario("token-expired", "the access token is refused once, a new one is accepted", with_a_refused_token),
    ),
)
