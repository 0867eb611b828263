"""The conversations with the cart that are kept as cassettes."""

from __future__ import annotations

from orderdesk_devkit.testing.harness import ORDER, PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow, with_order


def put_on_hold(harness: PluginHarness) -> None:
    harness.desk.status_changes.create(ORDER, "on hold", by="a test")


SCENARIOS = Scenarios(
    "reference-cart",
    service_version="invented; see the README",
    table=(
        Scenario(
            "cancel-honored",
            description="a cancel that waits for others, is asked in a list of one, and is polled",
            play=cancel_and_follow,
            simulator=with_order("reference-cart"),
            live=None,
        ),
        Scenario(
            "on-hold",
            description="a status that is read, set, and told",
            play=put_on_hold,
            simulator=with_order("reference-cart"),
            live=None,
        ),
    ),
)
