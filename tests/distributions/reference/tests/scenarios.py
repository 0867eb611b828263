"""The conversations with the maker that are kept as cassettes."""

from __future__ import annotations

from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, cancel_and_follow, cancel_and_resubmit, with_order
from orderdesk_reference.simulator import MakerSimulator

SCENARIOS = Scenarios(
    "reference",
    service_version="invented; see the README",
    table=(
        Scenario(
            "cancel-honored",
            description="a cancel in time, polled until it is canceled",
            play=cancel_and_follow,
            simulator=with_order("reference"),
            live=None,
        ),
        Scenario(
            "too-late",
            description="a cancel that is refused, so that an e-mail asks",
            play=cancel_and_follow,
            simulator=with_order(MakerSimulator, stage=MakerSimulator.stages.in_progress),
            live=None,
        ),
        Scenario(
            "resubmitted",
            description="a canceled order that goes there again, under a new number",
            play=cancel_and_resubmit,
            simulator=with_order("reference"),
            live=None,
        ),
    ),
)
