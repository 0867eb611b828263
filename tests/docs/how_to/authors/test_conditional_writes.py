"""docs/how-to/conditional-writes.md is run as it stands, and its plugin is held against the suite and killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance.conditional_writes import ConditionalWriteTests
from orderdesk_devkit.testing.failpoints.runner import ChildStep, FailpointScenario

if TYPE_CHECKING:
    from pathlib import Path

    from orderdesk_devkit.simulators.simulator import Simulator
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "conditional-writes.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(ConditionalWriteTests):
    """What the suite says of conditional writes."""

    integration = "acme-print"


def lose_the_cancel(simulator: Simulator) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="/cancel$")


@pytest.mark.crash
@pytest.mark.usefixtures("page")
def test_a_killed_process_replays_its_read_and_asks_once(workshop: Workshop, tmp_path: Path) -> None:
    """Killed anywhere between the read and the conditional write, whose response is lost."""
    steps = (ChildStep.CANCEL, ChildStep.NEXT, ChildStep.FOLLOW_UP)
    killed = workshop.kill_everywhere(
        FailpointScenario("a conditional write", inject_faults=lose_the_cancel, steps=steps), tmp_path
    )
    assert {"after the request left (GET)", "after the request left (POST)"} <= set(killed)
