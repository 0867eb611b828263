"""docs/how-to/rules.md is run as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "rules.md"


def test_the_page_works_as_it_is_written(sandbox_page: Callable[[str], list[Block]]) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        match block.language:
            case "toml":
                Path("rule.toml").write_text(block.take(), encoding="utf-8")
            case "sh":
                shown = block.run_shell()
            case _:
                block.check(shown)
