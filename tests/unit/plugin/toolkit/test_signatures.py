"""A message with a signature is read only where the signature is made with the agreed secret."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.toolkit.signatures import json_text_at, verify_signature
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.secret import Secret

BODY = b'{"order": {"id": 42, "name": "A"}}'


def signed(body: bytes, secret: str) -> WebhookRequest:
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return WebhookRequest({"X-Signature": made.decode()}, body)


def read(message: WebhookRequest, *secrets: str, path: tuple[str, ...] = ("order", "id")) -> str:
    verify_signature(message, "x-signature", [Secret(text) for text in secrets], location="Acme")
    return json_text_at(message, *path, location="Acme")


def test_a_signed_text_or_number_is_read() -> None:
    assert read(signed(BODY, "key"), "key") == "42"
    assert read(signed(BODY, "key"), "key", path=("order", "name")) == "A"


def test_any_of_the_secrets_is_good() -> None:
    assert read(signed(BODY, "old"), "new", "old") == "42"


@pytest.mark.parametrize(
    ("message", "secrets"),
    [
        (signed(BODY, "guessed"), ("key",)),
        (signed(BODY, ""), ("", "key")),
        (WebhookRequest(signed(BODY, "key").headers, BODY + b"\n"), ("key",)),
        (WebhookRequest({}, BODY), ("key",)),
        (WebhookRequest({"x-signature": "\ud83d"}, BODY), ("key",)),
        (signed(b"no json", "guessed"), ("key",)),
    ],
)
def test_what_is_not_signed_with_the_secret_is_not_read(message: WebhookRequest, secrets: tuple[str, ...]) -> None:
    with pytest.raises(SignatureVerificationError, match="x-signature") as raised:
        read(message, *secrets)
    assert "key" not in str(raised.value)


def test_without_a_secret_nothing_is_believed() -> None:
    with pytest.raises(SignatureVerificationError, match="no secret"):
        read(signed(BODY, ""), "")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"order": {"id": true}}', b'{"order": {"id": " "}}', b"\xff"]
)
def test_a_signed_body_without_the_text_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="Acme"):
        read(signed(body, "key"), "key")
