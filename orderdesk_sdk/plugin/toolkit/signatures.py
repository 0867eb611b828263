"""Signed messages: a body that comes with the HMAC of itself, made with a secret that only the sender and we know."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping

from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.secret import Secret

__all__ = ["verify_signature", "json_text_at"]


def verify_signature(request: WebhookRequest, header: str, secrets: Iterable[Secret], *, location: str) -> None:
    """Return where a header holds base64(HMAC-SHA256(raw body, secret)); raise SignatureVerificationError otherwise.

    Args:
        header: in lower case.
        secrets: any of them is good, as while one is being changed; an empty one never is. place: who sends it, for
            errors.
    """
    keys = [secret.reveal().encode() for secret in secrets if secret.reveal()]
    if not keys:
        text = "there is no secret to judge its signature by"
        raise SignatureVerificationError(
            text, location=location, hint="configure the secret that the sender signs with"
        )
    shown = request.headers.get(header, "").encode("utf-8", "replace")
    made = [base64.b64encode(hmac.digest(key, request.body, "sha256")) for key in keys]
    # In constant time: how long it takes must not tell how much of a guess is right.
    if not any(hmac.compare_digest(one, shown) for one in made):
        text = f"its {header} was not made with the configured secret"
        raise SignatureVerificationError(text, location=location, hint="compare the secret with the sender's")


def json_text_at(request: WebhookRequest, *path: str, location: str) -> str:
    """The text or number at a path of keys in a message's JSON body, as a text. Raises MalformedResponseError."""
    try:
        found: object = json.loads(request.body)
    except (ValueError, RecursionError):
        raise MalformedResponseError(f"the body is not JSON ({len(request.body)} bytes)", location=location) from None
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise MalformedResponseError(f"{'.'.join(path)} is no text and no number", location=location)
    return str(found)
