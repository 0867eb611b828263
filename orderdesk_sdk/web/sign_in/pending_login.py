"""A sign-in that has gone to another login: what must be the same when it comes back, in a cookie signed by us.

So any process of this console can finish it, and nobody can have another person's browser finish theirs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Final

from attrs import asdict, frozen

from orderdesk_sdk.clock import minutes

__all__ = ["PendingLogin", "new_login", "read_login", "sign_login"]

LIFETIME: Final = minutes(10)
"""A person has so long for the other login."""
MAX_LENGTH: Final = 2000
"""Characters of a cookie that are looked at."""
RANDOM_BYTES: Final = 32


@frozen
class PendingLogin:
    """What must be the same when the browser comes back.

    Args:
        state: goes through the browser. nonce: comes back in the signed token. verifier: is sent for the code.
        next_path: where to go then.
        expires_at: seconds since 1970.
    """

    state: str
    nonce: str
    verifier: str
    next_path: str
    expires_at: int


def new_login(next_path: str, now: datetime) -> PendingLogin:
    """One with new random values."""
    state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
    return PendingLogin(state, nonce, verifier, next_path, int((now + LIFETIME).timestamp()))


def sign_login(login: PendingLogin, key: bytes) -> str:
    """What the cookie holds."""
    payload = json.dumps(asdict(login), separators=(",", ":")).encode()
    return f"{_encoded(payload)}.{_encoded(_signature(payload, key))}"


def read_login(cookie: str, key: bytes, now: datetime) -> PendingLogin | None:
    """What a cookie holds; None for one that is not ours, or too old."""
    if len(cookie) > MAX_LENGTH or not cookie.isascii():
        return None
    try:
        payload, signature = map(_decoded, cookie.split("."))
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(signature, _signature(payload, key)):
        return None
    login = PendingLogin(**json.loads(payload))
    return login if now < datetime.fromtimestamp(login.expires_at, now.tzinfo) <= now + LIFETIME + _SLACK else None


_SLACK = timedelta(seconds=1)


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"orderdesk single sign-on\n" + payload, hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
