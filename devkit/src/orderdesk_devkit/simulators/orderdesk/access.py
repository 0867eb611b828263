"""Who is let in, how often, and what the store remembers of each request: for whoever judges a client."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import frozen

__all__ = ["API_KEY", "Bucket", "RequestEntry", "STORE_ID", "has_name_of_its_own", "known_headers"]

STORE_ID: Final = "1200"
API_KEY: Final = "an-api-key-for-simulators-only"
_SIZE, _PER_SECOND = 20.0, 3.0
_HIDDEN: Final = frozenset({"orderdesk-api-key"})
_GENERIC: Final = ("python-httpx", "python-requests", "python-urllib", "curl", "mozilla", "okhttp", "go-http-client")


@frozen
class RequestEntry:
    """A request as the store received it, and the status that it was answered.

    Args:
        headers: in lower case, without the API key.
        tokens: what was left in the bucket after it.
    """

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int
    tokens: int


class Bucket:
    """The leaky bucket of a store: 20 requests, filled by 3 in a second. Guarded by its simulator's lock."""

    def __init__(self) -> None:
        self._left = _SIZE
        self._since: float | None = None

    def take(self, now: float) -> bool:
        """True for a request within the limit; one that is not costs nothing. `now` in seconds that only grow."""
        passed = 0.0 if self._since is None else now - self._since
        self._left, self._since = min(_SIZE, self._left + passed * _PER_SECOND), now
        # A whole token within the error of adding up many fractions of one.
        if self._left < 1.0 - 1e-9:
            return False
        self._left = max(0.0, self._left - 1.0)
        return True

    def empty(self, now: float) -> None:
        """Take what is left, as others do who use the same store."""
        self._left, self._since = 0.0, now

    @property
    def tokens(self) -> int:
        """Whole requests that are left."""
        return math.floor(self._left + 1e-9)

    @property
    def retry_after(self) -> int:
        """Seconds until there is one, at least 1."""
        return max(1, math.ceil((1.0 - self._left) / _PER_SECOND))


def known_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What is remembered of the headers of a request."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _HIDDEN}


def has_name_of_its_own(user_agent: str) -> bool:
    """Whether a user agent names an integration and not its HTTP library, as the vendor asks."""
    return bool(user_agent.strip()) and not user_agent.lower().startswith(_GENERIC)
