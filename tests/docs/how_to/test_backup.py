"""docs/how-to/backup.md is run as it stands: a copy, its way back, the verification, and a person who is forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "backup.md"


@pytest.mark.usefixtures("sandbox")
def test_the_page_works_as_it_is_written(sandbox_page: Callable[[str], list[Block]]) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        if block.language == "sh":
            shown = block.run_shell()
        else:
            block.check(re.sub(r":[0-9a-f]{64}", ":...", shown))  # Each run has its own ids, and so its own hashes.
