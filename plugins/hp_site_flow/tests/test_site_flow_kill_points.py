"""The laws under SIGKILL at Site Flow, whose cancel reads before it asks: the process dies at every boundary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.order import Order
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.kill_points import KILLED, Scenario, Service, Step, kill_everywhere, sample_order
from orderdesk_sdk.testing.simulator import Simulator


def with_artwork(order: Order) -> Order:
    metadata = {"print_url": "https://files.example.com/artwork.pdf"}
    return evolve(order, lines=tuple(evolve(line, metadata=metadata) for line in order.lines))


def loses_the_reply(simulator: Simulator) -> None:
    simulator.faults.add(Fault.LOST_REPLY, method="PUT")


SITE_FLOW = Service(
    slug="hp-site-flow",
    order=with_artwork(sample_order()),
    canceled=["cancelled"],
    cancels=lambda record: record.operation == "PUT order/cancel" and record.effect.startswith("cancelled"),
    creates=lambda record: record.operation == "POST order" and record.effect.startswith("created"),
)
SETTLED = (Step.CANCEL, Step.FOLLOW_UP)
SCENARIOS = (
    Scenario("a cancel whose reply is lost", disturb=loses_the_reply, during=(Step.CANCEL, Step.NEXT)),
    Scenario("a resubmission", before=SETTLED, during=(Step.RESUBMIT, Step.FOLLOW_UP)),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_wherever_the_process_dies_the_promises_are_kept(
    scenario: Scenario, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    report = kill_everywhere(SITE_FLOW, scenario, tmp_path)
    record_property(KILLED, str(report))
    assert dict(report.complaints) == {}
    assert report.points
