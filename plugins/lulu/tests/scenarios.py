"""The conversations with Lulu that are kept as cassettes."""

from __future__ import annotations

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow, with_fault, with_order

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
            simulator=with_order("lulu", stage="IN_PRODUCTION"),
            live="tries to cancel the print job; take one in production",
        ),
        Scenario(
            "while-it-is-paid",
            about="a cancel while the payment is in progress: nothing was done, and it is asked for again",
            play=cancel_and_follow,
            simulator=with_order("lulu", stage="PAYMENT_IN_PROGRESS"),
            live=None,
        ),
        Scenario(
            "reply-lost",
            about="a gateway gives up on a cancel that works",
            play=cancel_and_follow,
            simulator=with_fault(with_order("lulu", stage="UNPAID"), Fault.SERVER_ERROR_HTML_AFTER, method="PUT"),
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
