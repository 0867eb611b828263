"""The conversations with ShipBob that are kept as cassettes."""

from __future__ import annotations

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow, with_fault, with_order
from orderdesk_sdk.clock import Clock, hours
from orderdesk_shipbob.simulator import ShipBobSimulator


def in_two_shipments(clock: Clock) -> ShipBobSimulator:
    made = ShipBobSimulator(clock)
    made.set_option("split", "two")
    return made


SCENARIOS = Scenarios(
    "shipbob",
    service_version="2026-01",
    table=(
        Scenario(
            "cancel-honored",
            description="a cancel before anything is picked: every shipment is stopped",
            play=cancel_and_follow,
            simulator=with_order("shipbob"),
            live="cancels the order at ShipBob; take one that nobody picks yet",
        ),
        Scenario(
            "one-of-two",
            description="an order in two shipments, one of them picked: the other is stopped, and that one ships",
            play=cancel_and_follow,
            simulator=with_order(in_two_shipments),
            live="cancels what it can of the order; take one in two shipments, one of them picked",
        ),
        Scenario(
            "too-late",
            description="a cancel of a picked order: no shipment is stopped",
            play=cancel_and_follow,
            simulator=with_order("shipbob", age=hours(1)),
            live="tries to cancel the order; take one that is picked and has not left",
        ),
        Scenario(
            "shipped",
            description="a cancel of an order that has left",
            play=cancel_and_follow,
            simulator=with_order("shipbob", age=hours(5)),
            live="tries to cancel the order; take one that has left",
        ),
        Scenario(
            "reply-lost",
            description="a gateway gives up on a cancel that works; it is polled and not sent again",
            play=cancel_and_follow,
            simulator=with_fault(with_order("shipbob"), Fault.SERVER_ERROR_HTML_AFTER, method="POST"),
            live=None,
        ),
    ),
)
