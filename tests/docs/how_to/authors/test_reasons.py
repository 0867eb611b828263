"""docs/how-to/reasons.md is run as it stands: codes, the mapping, its gaps, and a list of a retailer's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_sdk import Desk
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "reasons.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)
    with Desk.open() as desk:
        retailers = [code.code for code in desk.cancellations.plan("1043").entries[0].steps[0].reasons]
    assert retailers == ["L1", "L2"]
    assert "POST cancel" in [record.operation for record in workshop.simulator.log]


def test_a_reason_that_is_not_listed_is_refused_in_the_words_of_the_page(workshop: Workshop, page: list[Block]) -> None:
    workshop.configure(next(block for block in page if block.language == "toml"))
    next(block for block in page if block.language == "sh").run_shell()
    ran = CliRunner().invoke(orderdesk, ["cancel", "1042", "--by", "Ann", "--reason", "rain"])
    assert ran.exit_code == 1
    text = page[0].page.read_text(encoding="utf-8")
    assert all(f"    {line}\n" in text for line in ran.stderr.splitlines())
    with Desk.open() as desk:
        assert desk.cases.list() == ()


def test_one_word_becomes_the_code_that_stands_for_it(workshop: Workshop, page: list[Block]) -> None:
    workshop.configure(next(block for block in page if block.language == "toml"))
    next(block for block in page if block.language == "sh").run_shell()
    with Desk.open() as desk:
        desk.cancel("1042", by="Ann", reason="out of stock", send_now=False)
        (case,) = desk.cases.list()
        assert desk.cases.request_for(case.id).reason.code == "A2"


def test_a_gap_in_a_configured_list_is_told_when_it_is_read(workshop: Workshop, page: list[Block]) -> None:
    configuration = [block for block in page if block.language == "toml"][-1]
    workshop.configure(evolve(configuration, text=configuration.text.replace('"fraud", ', "")))
    with Desk.open() as desk, pytest.raises(ConfigurationError, match="no code stands for 'fraud'"):
        desk.connections.get("my-acme")
