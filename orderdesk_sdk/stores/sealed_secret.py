"""A secret that is kept where others may read: sealed with another secret, without which nobody can use it.

A database is read by more people than its owner: in dumps, on replicas, in the log of a server that logs parameters.
What is sealed is encrypted and authenticated with HMAC-SHA256 alone (a keystream of HMACs over a counter, then a tag
over all of it, each with a key of its own), since the standard library has no cipher.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from orderdesk_sdk.secret import Secret

__all__ = ["seal", "sealing_digest", "unseal"]

_NONCE: Final = 16
_TAG: Final = 32
_BLOCK: Final = 32


def sealing_digest(key: Secret) -> str:
    """What tells that something was sealed with a key, and nothing about the key."""
    return _derived(key, b"digest").hex()


def seal(secret: Secret, key: Secret) -> str:
    """The secret as text that only the key opens; another text each time."""
    nonce = os.urandom(_NONCE)
    sealed = nonce + _mixed(secret.reveal().encode(), nonce, key)
    return base64.b64encode(sealed + _tag(sealed, key)).decode()


def unseal(text: str, key: Secret) -> Secret | None:
    """The secret that was sealed; None where the key is another one, or the text was changed."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    sealed, tag = found[:-_TAG], found[-_TAG:]
    if len(sealed) < _NONCE or not hmac.compare_digest(tag, _tag(sealed, key)):
        return None
    return Secret(_mixed(sealed[_NONCE:], sealed[:_NONCE], key).decode())


def _derived(key: Secret, purpose: bytes) -> bytes:
    return hmac.digest(key.reveal().encode(), b"orderdesk sealed secret 1: " + purpose, hashlib.sha256)


def _mixed(content: bytes, nonce: bytes, key: Secret) -> bytes:
    own = _derived(key, b"encryption")
    blocks = range(-(-len(content) // _BLOCK))
    stream = b"".join(hmac.digest(own, nonce + block.to_bytes(8, "big"), hashlib.sha256) for block in blocks)
    return bytes(one ^ other for one, other in zip(content, stream, strict=False))


def _tag(sealed: bytes, key: Secret) -> bytes:
    return hmac.digest(_derived(key, b"authentication"), sealed, hashlib.sha256)
