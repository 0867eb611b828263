"""The paths that messages come in by: unguessable, one for each source, and the same as long as the secret is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.secret import Secret

__all__ = ["MESSAGE_PATH", "message_paths"]

MESSAGE_PATH = "/in/"
_KEY_BYTES = 20
"""160 bits, which nobody guesses; 32 characters in base32."""


def message_paths(secret: Secret, connections: Iterable[str]) -> Mapping[str, MessageSource]:
    """The source of messages by each path.

    Args:
        secret: `[web].message_secret`; an empty one gives no path.
    """
    if not secret.reveal():
        return {}
    sources = [MessageSource.cancel(), *map(MessageSource.webhook, connections)]
    return {MESSAGE_PATH + _key(secret, source): source for source in sources}


def _key(secret: Secret, source: MessageSource) -> str:
    digest = hmac.digest(secret.reveal().encode(), f"orderdesk message path: {source}".encode(), hashlib.sha256)
    return base64.b32encode(digest[:_KEY_BYTES]).decode().lower()
