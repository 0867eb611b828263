"""The conversations with Lulu that are kept as cassettes."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_lulu.simulator import LuluSimulator
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios, cancel_and_follow, with_order
from orderdesk_sdk.testing.stage import ORDER


def standing(status: str) -> Callable[[Clock], LuluSimulator]:
    """A maker of simulators with the job at this status."""

    def make(clock: Clock) -> LuluSimulator:
        made = LuluSimulator(clock)
        made.add_order(ORDER, stage=status)
        return made

    return make


def that_loses_the_reply(clock: Clock) -> LuluSimulator:
    made = standing("UNPAID")(clock)
    made.faults.add(Fault.SERVER_ERROR_HTML_AFTER, method="PUT")
    return made


SCENARIOS = Scenarios(
    "lulu",
    service_version="v1",
    table=(
        Scenario(
            "cancel-honored",
            about="a cancel in the production delay: canceled at once",
            play=cancel_and_follow,
            simulator=with_order("lulu"),
            live="cancels the print job for good; take one of the sandbox, in its production delay",
        ),
        Scenario(
            "in-production",
            about="a cancel of a job that is being printed: refused, and its status says why",
            play=cancel_and_follow,
            simulator=standing("IN_PRODUCTION"),
            live="tries to cancel the print job; take one in production",
        ),
        Scenario(
            "while-it-is-paid",
            about="a cancel while the payment is in progress: nothing was done, and it is asked for again",
            play=cancel_and_follow,
            simulator=standing("PAYMENT_IN_PROGRESS"),
            live=None,
        ),
        Scenario(
            "reply-lost",
            about="a gateway gives up on a cancel that works",
            play=cancel_and_follow,
            simulator=that_loses_the_reply,
            live=None,
        ),
        Scenario(
            "paid-is-too-late",
            about="where a job cannot be canceled once it is paid, as Lulu's text has it: refused",
            play=cancel_and_follow,
            simulator=with_order("lulu"),
            switches={"paid": "never"},
            live=None,
        ),
    ),
)
