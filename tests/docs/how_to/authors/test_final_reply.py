"""docs/how-to/final-reply.md is run as it stands.

A response that settles a case, part by part, and one that is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import simulators
from orderdesk_devkit.testing.harness import LINES, open_simulated_harness
from orderdesk_sdk import State, VirtualClock

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "final-reply.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


@pytest.mark.usefixtures("page")
def test_after_a_call_that_acted_a_read_that_is_turned_away_does_not_say_that_nothing_was_done() -> None:
    acme = simulators()["acme-print"].load()(VirtualClock())
    acme.set_option("packed", "the last")
    acme.add_order("1042", lines=LINES)
    acme.faults.add(Fault.EXPIRED_TOKEN, method="GET")
    with open_simulated_harness("acme-print", acme) as stage:
        assert stage.cancel().state is State.UNKNOWN
