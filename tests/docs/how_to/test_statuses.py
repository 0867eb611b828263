"""docs/how-to/statuses.md is run as it stands: a status by hand, by a rule and from an app."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "statuses.md"


def test_the_page_works_as_it_is_written(
    sandbox_page: Callable[[str], list[Block]], sandbox: Simulators, capsys: pytest.CaptureFixture[str]
) -> None:
    shop, _ = sandbox["shopify"]
    shown, stages = "", []
    for block in sandbox_page(PAGE):
        match block.language:
            case "toml":
                block.write()
            case "python":
                block.run({})
                shown = capsys.readouterr().out
            case "sh":
                shown = block.run_shell()
            case _:
                block.check(shown)
                stages.append(shop.actual_status("1042"))
    assert stages == ["archived", "archived", "archived", "open"]


def test_the_refusal_of_the_page_is_the_one_that_is_given(
    sandbox_page: Callable[[str], list[Block]], sandbox: Simulators
) -> None:
    page = sandbox_page(PAGE)
    next(block for block in page if block.language == "sh").run_shell()
    ran = CliRunner().invoke(orderdesk, ["set-status", "1042", "lost", "--by", "Ann"])
    assert ran.exit_code == 1
    text = page[0].page.read_text(encoding="utf-8")
    assert all(f"    {line}" in text.splitlines() for line in ran.stderr.splitlines())
