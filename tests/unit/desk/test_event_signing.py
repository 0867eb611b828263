"""The signatures of events, judged by the package of Standard Webhooks, and by what a forger would try."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from orderdesk_sdk.desk.event_webhooks.signing import new_secret, read_secret, signed_headers
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.secret import Secret

SECRET, OTHER = new_secret(), new_secret()
BODY = b'{"type":"case.canceled","data":{"order_number":"1042"}}'
ID = "e1_7_69"


def signed(*secrets: Secret, at: float | None = None, message_id: str = ID) -> Mapping[str, str]:
    return signed_headers(message_id, int(at if at is not None else time.time()), BODY, secrets or (SECRET,))


def verify(headers: Mapping[str, str], body: bytes = BODY, secret: Secret = SECRET) -> object:
    return Webhook(secret.reveal()).verify(body, dict(headers))


def test_the_package_believes_what_was_signed() -> None:
    assert verify(signed()) == {"type": "case.canceled", "data": {"order_number": "1042"}}
    theirs = Webhook(SECRET.reveal()).sign(ID, _moment(signed()), BODY.decode())
    assert theirs == signed()["webhook-signature"]


def _moment(headers: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)


def test_each_of_two_secrets_is_enough() -> None:
    headers = signed(OTHER, SECRET)
    assert headers["webhook-signature"].count("v1,") == 2
    assert verify(headers, secret=SECRET) == verify(headers, secret=OTHER)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "e1_8_69"},
        {"webhook-timestamp": str(int(time.time()) + 60)},
        {"webhook-signature": "v1," + base64.b64encode(b"\0" * 32).decode()},
        {"webhook-signature": ""},
    ],
    ids=["another id", "another time", "another signature", "none"],
)
def test_who_changes_anything_is_not_believed(change: Mapping[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        verify({**signed(), **change})


def test_another_body_and_another_secret_are_not_believed() -> None:
    with pytest.raises(WebhookVerificationError):
        verify(signed(), BODY.replace(b"1042", b"1043"))
    with pytest.raises(WebhookVerificationError):
        verify(signed(OTHER))


def test_what_ends_the_id_cannot_be_moved_into_the_time() -> None:
    """The signed text is `id.time.body`: no id of ours has a point."""
    assert "." not in signed()["webhook-id"]
    moved = signed(message_id="e1_7")
    with pytest.raises(WebhookVerificationError):
        verify({**moved, "webhook-id": f"e1_7.{moved['webhook-timestamp']}"})


def test_an_old_message_is_not_believed() -> None:
    with pytest.raises(WebhookVerificationError):
        verify(signed(at=time.time() - 3600))


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret().reveal() for _ in range(100)}) == 100
    assert read_secret(new_secret()).reveal().startswith("whsec_")
    assert len(base64.b64decode(new_secret().reveal().removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_" + "A" * 200, "c2hvcnQ=", "whsec_ü"])
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="24 to 64 bytes"):
        read_secret(Secret(text))
