"""The signatures of events, by the rules of Standard Webhooks: HMAC-SHA256 over id, time and body.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.secret import Secret

__all__ = ["new_secret", "read_secret", "signed_headers"]

PREFIX: Final = "whsec_"
"""How a secret begins, so that people and scanners of source code know one."""
KEY_BYTES: Final = 32
MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""As many as the rules allow."""


def new_secret() -> Secret:
    """A secret that nobody can guess."""
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())


def read_secret(text: Secret) -> Secret:
    """A secret that somebody brings. Raises ValidationError, without it, for one that the rules do not allow."""
    try:
        key = _key(text)
    except ValueError:
        key = b""
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ValidationError(
            f"the secret is not {PREFIX} and {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes in base64",
            location="secret",
            hint="leave it out: one is made",
        )
    return text


def signed_headers(message_id: str, timestamp: int, body: bytes, keys: Iterable[Secret]) -> Mapping[str, str]:
    """The headers by which a receiver knows that a body is ours, and not an old one.

    Args:
        timestamp: seconds since 1970 at which it is sent.
        keys: each makes a signature; several while a secret is being changed.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(_key(key), content, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(secret: Secret) -> bytes:
    """The bytes of a secret. Raises ValueError for a text that is none."""
    text = secret.reveal()
    if not text.startswith(PREFIX):
        raise ValueError
    return base64.b64decode(text.removeprefix(PREFIX), validate=True)
