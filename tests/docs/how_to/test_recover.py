"""docs/how-to/recover.md is run as it stands: a plugin is switched off with a case open, and on again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "recover.md"


@pytest.mark.usefixtures("sandbox")
def test_the_page_works_as_it_is_written(sandbox_page: Callable[[str], list[Block]]) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        if block.language == "sh":
            shown = block.run_shell()
        else:
            block.check(shown)
