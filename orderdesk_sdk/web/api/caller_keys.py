"""What callers' idempotency keys are inside: each names what one caller asked for, and nothing of anybody else."""

from __future__ import annotations

import hashlib

from orderdesk_sdk.web.caller import Caller

__all__ = ["caller_key", "key_prefix"]


def key_prefix(caller: Caller) -> str:
    """What the keys of a caller begin with."""
    return f"{_digest(caller.name)[:12]}-"


def caller_key(caller: Caller, key: str) -> str:
    """The key of a caller as the ledger knows it; 33 letters, digits and a hyphen."""
    return key_prefix(caller) + _digest(key)[:20]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
