"""What is said between us and MWW, for cassettes; see orderdesk_devkit.testing.scenarios."""

from __future__ import annotations

from functools import partial

from orderdesk_devkit.testing.harness import LINES, PluginHarness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow, cancel_and_resubmit, with_order
from orderdesk_mww.simulator import Durations, MwwSimulator, State
from orderdesk_sdk.clock import hours, minutes

IN_A_HURRY = partial(MwwSimulator, durations=Durations(packing=minutes(2), shipping=minutes(2)))
"""A factory with little to do: shipped before the first poll."""
ANY_TIME = {"cancel_window": "no limit"}
DESIGNS = [
    {"name": code.title(), "metadata": {"print_url": f"https://files.example.com/{code}.png"}} for code, _ in LINES
]


def cancel_after_the_first_hour(harness: PluginHarness) -> None:
    harness.wait_for(harness.remote_order.submitted_at + hours(1))
    cancel_and_follow(harness)


SCENARIOS = Scenarios(
    "mww",
    service_version="public API docs of March 2021",
    table=(
        Scenario(
            "cancel-honored",
            description="a request that is taken, polled until the order is cancelled",
            play=cancel_and_follow,
            simulator=with_order(MwwSimulator),
            options={"window": "early"},
            live="asks MWW to cancel the order and reads it back for up to 4 h; take one that is not packed",
        ),
        Scenario(
            "refused-while-ingesting",
            description="a request in the first hour, denied because the order is not yet in: an e-mail is drafted",
            play=cancel_and_follow,
            simulator=with_order(MwwSimulator),
            live="asks MWW to cancel the order, and by e-mail where [mail] is configured; take one submitted just now",
        ),
        Scenario(
            "unknown-while-ingesting",
            description="an order that is not found in the first hour: nothing was done, so the cancel is sent again",
            play=cancel_and_follow,
            simulator=with_order(MwwSimulator),
            options={"before_ingestion": "unknown"},
            settings=ANY_TIME,
            live=None,
        ),
        Scenario(
            "taken-but-shipped",
            description="a request that is taken to no effect: the order ships",
            play=cancel_and_follow,
            simulator=with_order(IN_A_HURRY),
            options={"window": "early", "fate": "ships anyway"},
            live=None,
        ),
        Scenario(
            "packed",
            description="a request for a packed order, denied: an e-mail is drafted",
            play=cancel_after_the_first_hour,
            simulator=with_order(MwwSimulator, state=State.PACKED),
            settings=ANY_TIME,
            live="asks MWW to cancel the order, and by e-mail where [mail] is configured; take a packed one and the "
            'setting cancel_window = "no limit"',
        ),
        Scenario(
            "unknown-order",
            description="a number that MWW does not know after the first hour either: an e-mail is drafted",
            play=cancel_after_the_first_hour,
            simulator=MwwSimulator,
            settings=ANY_TIME,
            live="asks MWW to cancel an order that it must not have: take one of a number of your own invention, the "
            'setting cancel_window = "no limit", and no [email]',
        ),
        Scenario(
            "resubmit",
            description="a canceled order sent again, with its designs, under a new number",
            play=cancel_and_resubmit,
            simulator=with_order(MwwSimulator),
            options={"window": "early"},
            details={
                "order_items": DESIGNS,
                "shipping": {"state": "IL", "country": "US"},
                "shipping_method": "SAMPLE",
            },
            live="asks MWW to cancel the order, then creates a new one with its lines, which ships and costs money; "
            "its designs stand in print_url, and the cassette keeps their URLs",
        ),
    ),
)
