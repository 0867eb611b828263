"""docs/how-to/postgresql.md is run as it stands: a ledger goes to PostgreSQL, and is used there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

PAGE = "postgresql.md"


def said(block: Block) -> str:
    """What a block of output says, as a pattern: `...` is what differs from shop to shop."""
    return re.escape(" ".join(block.take().split())).replace(re.escape("..."), ".+")


@pytest.mark.usefixtures("story")
def test_the_page_works_as_it_is_written(
    page_blocks: Callable[[str], list[Block]], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERDESK_LEDGER", postgres_url)
    assert CliRunner().invoke(orderdesk, ["import", "orders.json"]).exit_code == 0
    shown = ""
    for block in page_blocks(PAGE):
        if block.language == "toml":
            block.write()
        elif block.language == "text":
            assert re.fullmatch(said(block), " ".join(shown.split())), shown
        elif "pip install" in block.text:
            assert "[postgres]" in block.take()  # What it installs is here already.
        else:
            shown = block.run_shell()
    found = CliRunner().invoke(orderdesk, ["doctor"]).output
    assert "PostgreSQL 1" in found
