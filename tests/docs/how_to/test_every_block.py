"""Every block of code, commands or output on the pages of the tutorial and the how-to is one that a test ran."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.generate import PAGES

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

DOCS = Path(__file__).resolve().parent.parent.parent.parent / "docs"
SHOWN = [page for folder in ("tutorial", "how-to") for page in sorted((DOCS / folder).glob("*.md"))]
SHOWN = [page for page in SHOWN if page.relative_to(DOCS).as_posix() not in PAGES]


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_every_block_of_a_page_is_run_or_held_against_what_was_said(
    page: Path, left_out: Callable[[Path], list[Block]]
) -> None:
    assert [f"{block.language}: {block.text.splitlines()[0]}" for block in left_out(page)] == []
