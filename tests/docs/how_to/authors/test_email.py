"""docs/how-to/email.md is run as it stands: a rejection leads to a mail, and a person's answer settles the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_sdk import Desk, EvidenceKind, State, minutes
from orderdesk_sdk.plugin.toolkit.templates import FIELDS

if TYPE_CHECKING:
    from tests.conftest import MailServer
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "email.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play_with_a_pause(page, capsys, "orderdesk cancel", minutes(60))
    with Desk.open() as desk:
        (case,) = desk.cases.list(order="1042")
    assert case.state is State.CANCELED
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.EMAIL


@pytest.mark.parametrize(
    ("mode", "reached"),
    [("send", ["stop@acmeprint.example"]), ("redirect", ["me@lantern.example"]), ("draft", [])],
)
def test_the_modes_do_what_the_page_says(
    mode: str, reached: list[str], workshop: Workshop, page: list[Block], mail_server: MailServer
) -> None:
    (configuration,) = [block for block in page if block.language == "toml"]
    server = f'mode = "{mode}"\nredirect_to = "me@lantern.example"\nhost = "127.0.0.1"\nport = {mail_server.port}'
    workshop.configure(evolve(configuration, text=configuration.text.replace('mode = "draft"', server)))
    next(block for block in page if block.language == "sh").run_shell()
    workshop.clock.advance(minutes(60))
    with Desk.open() as desk:
        desk.cancel("1042", by="Ann")
        desk.run_due()
        (case,) = desk.cases.list(order="1042")
    assert [to for mail in mail_server.recipients() for to in mail] == reached
    assert case.state is State.ACTION_REQUIRED


def test_the_fields_are_those_that_the_page_names(page: list[Block]) -> None:
    assert f"    {', '.join(FIELDS)}\n" in page[0].page.read_text(encoding="utf-8")
