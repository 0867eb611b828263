"""The conversations with ShipBob that are kept as cassettes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios, cancel_and_follow, with_order
from orderdesk_sdk.testing.stage import LINES, ORDER
from orderdesk_shipbob.simulator import ShipBobSimulator


def simulator(age: timedelta | None = None, **switches: str) -> Callable[[Clock], ShipBobSimulator]:
    """A maker of simulators with the order in, so long ago."""

    def make(clock: Clock) -> ShipBobSimulator:
        made = ShipBobSimulator(clock)
        for name, choice in switches.items():
            made.set_switch(name, choice)
        made.add_order(ORDER, lines=LINES, age=age)
        return made

    return make


def that_loses_the_reply(clock: Clock) -> ShipBobSimulator:
    made = simulator()(clock)
    made.faults.add(Fault.SERVER_ERROR_HTML_AFTER, method="POST")
    return made


SCENARIOS = Scenarios(
    "shipbob",
    service_version="2026-01",
    table=(
        Scenario(
            "cancel-honored",
            about="a cancel before anything is picked: every shipment is stopped",
            play=cancel_and_follow,
            simulator=with_order("shipbob"),
            live="cancels the order at ShipBob; take one that nobody picks yet",
        ),
        Scenario(
            "one-of-two",
            about="an order in two shipments, one of them picked: the other is stopped, and that one ships",
            play=cancel_and_follow,
            simulator=simulator(split="two"),
            live="cancels what it can of the order; take one in two shipments, one of them picked",
        ),
        Scenario(
            "too-late",
            about="a cancel of a picked order: no shipment is stopped",
            play=cancel_and_follow,
            simulator=simulator(hours(1)),
            live="tries to cancel the order; take one that is picked and has not left",
        ),
        Scenario(
            "shipped",
            about="a cancel of an order that has left",
            play=cancel_and_follow,
            simulator=simulator(hours(5)),
            live="tries to cancel the order; take one that has left",
        ),
        Scenario(
            "reply-lost",
            about="a gateway gives up on a cancel that works; it is read back and not sent again",
            play=cancel_and_follow,
            simulator=that_loses_the_reply,
            live=None,
        ),
    ),
)
