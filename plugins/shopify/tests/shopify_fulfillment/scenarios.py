"""What is said between us and Shopify about a fulfillment order, for cassettes."""

from __future__ import annotations

from orderdesk_devkit.testing.harness import ORDER, PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_shopify.simulator import FulfillmentSimulator


def cancel_after_acceptance(harness: PluginHarness) -> None:
    harness.wait_for(harness.remote_order.submitted_at + minutes(11))
    cancel_and_follow(harness)


def with_the_order(clock: Clock) -> FulfillmentSimulator:
    made = FulfillmentSimulator(clock)
    made.add_order(ORDER)
    return made


SCENARIOS = Scenarios(
    "shopify-fulfillment",
    service_version="Admin API 2025-10 to 2026-10",
    table=(
        Scenario(
            "withdrawn",
            description="a fulfillment order that its service has not accepted: withdrawn at once",
            play=cancel_and_follow,
            simulator=with_the_order,
            live="takes the fulfillment order back from its service; take one whose request it has not accepted",
        ),
        Scenario(
            "asked-back-and-accepted",
            description="an accepted one: the service is asked, and agrees",
            play=cancel_after_acceptance,
            simulator=with_the_order,
            live="asks the service to cancel and polls for up to 24 h; take one that it has accepted",
        ),
        Scenario(
            "asked-back-and-rejected",
            description="an accepted one: the service is asked, and refuses with a message",
            play=cancel_after_acceptance,
            simulator=with_the_order,
            options={"service": "rejects"},
            live="asks the service to cancel and polls for up to 24 h; take one that it will not give back",
        ),
    ),
)
