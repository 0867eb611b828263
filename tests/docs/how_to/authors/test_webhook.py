"""docs/how-to/webhook.md is run as it stands: a signed message is polled, any other is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk import Desk, State, WebhookRequest, minutes
from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "webhook.md"


@pytest.fixture(autouse=True)
def webhook_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of the page is in the environment."""
    monkeypatch.setenv("ACME_WEBHOOK_SECRET", "a secret of my own")


def message_comes(workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str], waits: float) -> None:
    """The page, with its message so many minutes after the cancel."""
    workshop.play_with_a_pause(page, capsys, "import base64", minutes(waits))


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    message_comes(workshop, page, capsys, waits=3)


def test_a_message_that_is_early_settles_nothing(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    message_comes(workshop, [block for block in page if block.language != "text"], capsys, waits=1)
    with Desk.open() as desk:
        (case,) = desk.cases.list(order="1042")
        assert case.state is State.ACKNOWLEDGED


def test_what_is_not_signed_or_no_json_is_refused_and_other_events_are_none(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    message_comes(workshop, [block for block in page if block.language != "text"], capsys, waits=1)
    base64, hmac = workshop.names["base64"], workshop.names["hmac"]

    def signed(body: bytes) -> WebhookRequest:
        digest = hmac.digest(b"a secret of my own", body, "sha256")
        return WebhookRequest({"X-Acme-Signature": base64.b64encode(digest).decode()}, body)

    with Desk.open() as desk:
        with pytest.raises(SignatureVerificationError):
            desk.notifications.handle_webhook(
                "my-acme", WebhookRequest(workshop.names["signed"], workshop.names["body"] + b" ")
            )
        with pytest.raises(MalformedResponseError):
            desk.notifications.handle_webhook("my-acme", signed(b"<html>"))
        assert desk.notifications.handle_webhook("my-acme", signed(b'{"event": "account.changed"}')) == ()
