"""What is said between us and Shopify as the cart, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from orderdesk_devkit.testing.harness import ORDER, PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios
from orderdesk_sdk.clock import Clock
from orderdesk_shopify.simulator import ShopifySimulator

RETURN = {"obstacle": "an open return"}


def cancel(harness: PluginHarness) -> None:
    harness.cancel("customer asked")


def cancel_and_follow(harness: PluginHarness) -> None:
    cancel(harness)
    harness.follow_up()


def with_the_order(clock: Clock) -> ShopifySimulator:
    made = ShopifySimulator(clock)
    made.add_order(ORDER)
    return made


def with_the_order_canceled(clock: Clock) -> ShopifySimulator:
    made = with_the_order(clock)
    made.cancel_in_admin(ORDER)
    return made


def with_nearly_no_points_left(clock: Clock) -> ShopifySimulator:
    made = with_the_order(clock)
    made.bucket.drain(left=3)
    return made


SCENARIOS = Scenarios(
    "shopify",
    service_version="Admin API 2025-10 to 2026-10",
    table=(
        Scenario(
            "cancel-honored",
            description="a job that cancels the order, polled until cancelledAt says so",
            play=cancel_and_follow,
            simulator=with_the_order,
            live="cancels the order for good, without refund, restock or mail",
        ),
        Scenario(
            "already-canceled",
            description="an order that is canceled there: nothing is sent",
            play=cancel_and_follow,
            simulator=with_the_order_canceled,
            live="only reads; take an order that is canceled",
        ),
        Scenario(
            "job-done-but-not-canceled",
            description="a job that ends without canceling: refused",
            play=cancel_and_follow,
            simulator=with_the_order,
            options=RETURN,
            live="tries to cancel the order, without refund, restock or mail; take one with an open return",
        ),
        Scenario(
            "job-failed-with-words",
            description="the same in 2026-10, where the job says why",
            play=cancel_and_follow,
            simulator=with_the_order,
            options=RETURN,
            settings={"api_version": "2026-10"},
            live="tries to cancel the order, without refund, restock or mail; take one with an open return",
        ),
        Scenario(
            "throttled",
            description="a cancel that is throttled and sent again when its cost is there",
            play=cancel_and_follow,
            simulator=with_nearly_no_points_left,
            live=None,
        ),
        Scenario(
            "scope-missing",
            description="the app may not write: nothing was done, and a person is told what to check",
            play=cancel,
            simulator=with_the_order,
            options={"scopes": "missing"},
            live="only reads; take an access token without the scope write_orders",
        ),
        Scenario(
            "answered-by-an-older-version",
            description="a version that is served no longer: canceled, with a warning in the receipt",
            play=cancel_and_follow,
            simulator=with_the_order,
            options={"version": "oldest"},
            settings={"api_version": "2026-01"},
            live=None,
        ),
    ),
)
