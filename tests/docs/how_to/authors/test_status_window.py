"""docs/how-to/status-window.md is run as it stands.

A response is believed where it says so, a rejection is explained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk import Desk, State

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "status-window.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)
    assert workshop.simulator.actual_status("1042") == "canceled"


def test_a_200_in_which_the_order_is_open_is_not_believed(workshop: Workshop, page: list[Block]) -> None:
    workshop.simulator.set_option("fate", "ships anyway")
    workshop.configure(next(block for block in page if block.language == "toml"))
    next(block for block in page if block.language == "sh").run_shell()
    with Desk.open() as desk:
        desk.cancel("1042", by="Ann")
        (case,) = desk.cases.list(order="1042")
    assert case.state is State.UNKNOWN
