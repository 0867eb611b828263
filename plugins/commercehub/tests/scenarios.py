"""What is said between us and Dsco, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios
from orderdesk_sdk.clock import Clock

RETAILER = "demoretailer"
OUT_OF_STOCK = {"code": "OOS", "title": "Out of stock", "for": ["out of stock"]}
ELSE = {
    "code": "ELSE",
    "title": "Anything else",
    "for": ["customer asked", "address", "fraud", "duplicate", "pricing", "cannot ship in time", "other"],
}
LISTED = {"retailer_field": "checkout_data.Retailer", "reasons": {RETAILER: [OUT_OF_STOCK, ELSE]}}
"""A retailer's own list, as it is configured; Dsco's codes are not in it."""


def cancel(harness: PluginHarness) -> None:
    harness.cancel("out of stock")
    harness.follow_up()


def cancel_one_of_the_first_line(harness: PluginHarness) -> None:
    harness.cancel("out of stock", lines={harness.desk.order_store.get_order(harness.order).lines[0].code: 1})
    harness.follow_up()


def holding(clock: Clock) -> DscoSimulator:
    """A simulator with the order, whose retailer takes only the codes of LISTED."""
    made = DscoSimulator(clock, codes={RETAILER: ["OOS", "ELSE"]})
    made.add_order(ORDER, lines=LINES, retailer=RETAILER)
    return made


def shipped(clock: Clock) -> DscoSimulator:
    made = holding(clock)
    for item in made.order(ORDER).items:
        item.shipped = item.quantity
    return made


def with_a_refused_token(clock: Clock) -> DscoSimulator:
    made = holding(clock)
    made.faults.add(Fault.EXPIRED_TOKEN, path="/order/item/cancel$")
    return made


def scenario(
    name: str,
    about: str,
    *,
    live: str | None,
    simulator: Callable[[Clock], DscoSimulator] = holding,
    play: Callable[[PluginHarness], None] = cancel,
    **switches: str,
) -> Scenario:
    """A scenario of an order whose retailer has a list of its own."""
    return Scenario(
        name,
        description=about,
        play=play,
        simulator=simulator,
        live=live,
        options=switches,
        details={"checkout_data": {"Retailer": RETAILER}},
        settings=LISTED,
    )


SCENARIOS = Scenarios(
    "commercehub",
    service_version="Dsco API V3",
    table=(
        scenario(
            "cancel-by-line",
            "the whole order, canceled line by line and polled",
            live="tells the retailer that you will not ship the order, for lack of stock; take a test retailer's",
        ),
        scenario(
            "cancel-a-part",
            "one of two of a line: the order log proves what the numbers cannot",
            play=cancel_one_of_the_first_line,
            live="tells the retailer that you will not ship one piece of the first line; take a test retailer's order",
        ),
        scenario(
            "pending-then-done",
            "a cancel that is only submitted, followed in the order log until it is done",
            cancel="submitted",
            live=None,
        ),
        scenario(
            "pending-then-failed",
            "a cancel that is only submitted, and failed by the order log",
            cancel="submitted to fail",
            live=None,
        ),
        scenario("failure-in-a-200", "a 200 whose status is failure", cancel="failure", live=None),
        scenario(
            "shipped-before",
            "an order that shipped: it is read, and nothing is asked",
            simulator=shipped,
            live="reads the order; take one of which all has left, for what has not would be canceled",
        ),
        scenario(
            "token-expired",
            "the access token is refused once, a new one is accepted",
            simulator=with_a_refused_token,
            live=None,
        ),
    ),
)
