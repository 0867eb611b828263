"""docs/how-to/window.md is run as it stands: a window by the clock, what comes after it, and both readings of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk import Desk, State, minutes

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "window.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play_with_a_pause(page, capsys, "cancel 1042", minutes(2))
    asked = [record.operation for record in workshop.simulator.log if record.operation == "POST cancel"]
    assert asked == [], "it was asked although its window was closed"


def test_the_moment_for_a_countdown_is_where_the_page_says(workshop: Workshop, page: list[Block]) -> None:
    first = next(number for number, block in enumerate(page) if block.language == "text")
    for block in page[:first]:
        if block.language == "toml":
            workshop.configure(block)
        if block.language == "sh":
            block.run_shell()
    with Desk.open() as desk:
        until = desk.cancellations.plan("1042").entries[0].steps[0].window.closes_at
        (remote_order,) = desk.order_store.remote_orders(desk.order_store.get_order("1042").id)
    assert until == remote_order.submitted_at + minutes(2)


def test_a_refusal_as_too_late_leads_to_the_call(workshop: Workshop, page: list[Block]) -> None:
    configuration = [block for block in page if block.language == "toml"][-1]
    workshop.configure(configuration)
    commands = [block for block in page if block.language == "sh"]
    commands[0].run_shell()
    workshop.clock.advance(minutes(61))  # It is being printed.
    with Desk.open() as desk:
        desk.cancel("1042", by="Ann")
        desk.run_due()
        (case,) = desk.cases.list(order="1042")
    assert case.state is State.ACTION_REQUIRED
    assert case.route == 1
