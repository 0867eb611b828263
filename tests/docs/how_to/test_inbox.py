"""docs/how-to/inbox.md is run as it stands: an alarm is taken care of, and a case settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk import Desk, State

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "inbox.md"


def test_the_page_works_as_it_is_written(sandbox_page: Callable[[str], list[Block]]) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        match block.language:
            case "sh":
                shown = block.run_shell()
            case "text":
                block.check(shown)
            case _:
                block.write()
    with Desk.open() as desk:
        states = {case.connection: case.state for case in desk.cases.list()}
        assert states == {"mww": State.CANCELED, "amazon-mcf": State.SHIPPED_ANYWAY}
