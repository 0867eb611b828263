"""The reply that a service demands to its webhooks: what cannot be sent is refused where it is declared."""

from __future__ import annotations

from typing import Any

import pytest

from orderdesk_sdk.plugin.webhooks import WebhookReply


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"status": 302}, "from 200 to 299"),
        ({"status": 204, "body": "ok"}, "204 has no body"),
        ({"status": 205, "body": "ok"}, "205 has no body"),
        ({"body": "ok", "content_type": "text/plain\r\nX-Other: y"}, "one line of ASCII"),
        ({"body": "ok", "content_type": "text/pl\xe4in"}, "one line of ASCII"),
    ],
)
def test_a_reply_that_cannot_be_sent_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        WebhookReply(**given)


def test_a_reply_without_a_body_is_one() -> None:
    assert WebhookReply(204).body == ""
