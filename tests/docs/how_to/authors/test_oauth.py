"""docs/how-to/oauth.md is run as it stands: a token is fetched, ends early, and is refused to a wrong secret."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from orderdesk_sdk import Desk, Secret, State

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "oauth.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = next(number for number, block in enumerate(page) if block.text.startswith("orderdesk work"))
    monkeypatch.setenv("ACME_CLIENT_ID", "simulated-client")
    monkeypatch.setenv("ACME_CLIENT_SECRET", "copied wrongly")
    workshop.play(page[:mended], capsys)
    monkeypatch.setenv("ACME_CLIENT_SECRET", "not-a-real-client-secret")
    workshop.play(page[mended:], capsys)
    with Desk.open() as desk:
        (case,) = desk.cases.list(order="1042")
    assert case.state is State.CANCELED


def test_a_refresh_token_is_exchanged_as_the_page_says(workshop: Workshop, page: list[Block]) -> None:
    page[-1].run(workshop.names)
    secrets = {name: Secret(f"the {name}") for name in ("refresh_token", "client_id", "client_secret")}
    its = workshop.names["OwnersSettings"](**secrets)
    asks = workshop.names["sign"](its).token_request()
    assert str(asks.url) == its.token_url
    assert parse_qs(asks.content.decode()) == {
        "grant_type": ["refresh_token"],
        **{name: [f"the {name}"] for name in secrets},
    }
