"""Signed messages: the sender adds an HMAC of the body, made with a secret that only the sender and we know."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping

from orderdesk_sdk.errors import SignatureVerificationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, get_path
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.secret import Secret

__all__ = ["json_text_at", "verify_signature", "verify_token", "webhook_object"]


def verify_signature(request: WebhookRequest, header: str, secrets: Iterable[Secret], *, location: str) -> None:
    """Return where a header holds base64(HMAC-SHA256(raw body, secret)); raise SignatureVerificationError otherwise.

    Args:
        header: in lower case.
        secrets: any of them may have signed, as while one is being replaced; an empty one never counts.
        location: who sends it, for errors.
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


def verify_token(shown: str, token: Secret, *, location: str) -> None:
    """Return where a message shows the token that was agreed with its sender; raise SignatureVerificationError else.

    Args:
        shown: as the message has it, "" where it has none.
        token: an empty one never fits.
        location: who sends it, for errors.
    """
    # In constant time: how long it takes must not tell how much of a guess is right.
    fits = hmac.compare_digest(shown.encode("utf-8", "replace"), token.reveal().encode())
    if not token.reveal() or not fits:
        raise SignatureVerificationError(
            "the token of the webhook is not the agreed one",
            location=location,
            hint="compare it with the one configured",
        )


def webhook_object(request: WebhookRequest, *, location: str) -> Mapping[str, object]:
    """The JSON object that a message's body is. Raises MalformedResponseError, also where a key is given twice.

    Args:
        location: who sends it, for errors.
    """
    try:
        found: object = json.loads(request.body, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, Mapping):
        raise MalformedResponseError(f"the body is not a JSON object ({len(request.body)} bytes)", location=location)
    return found


def json_text_at(request: WebhookRequest, *path: str, location: str) -> str:
    """The text or number at a path of keys in a message's JSON body, as a text. Raises MalformedResponseError."""
    found = get_path(webhook_object(request, location=location), *path)
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise MalformedResponseError(f"{'.'.join(path)} is neither a text nor a number", location=location)
    return str(found)


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON. Raises ValueError where a key is given twice: which of the two is meant, nobody knows."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError
    return read
