"""Posts events to endpoints: one try each, within a deadline, to addresses of a reach, and no redirect is followed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx
from attrs import frozen

from orderdesk_sdk.transport.http.deadline import DEADLINE
from orderdesk_sdk.transport.http.failures import failure_of
from orderdesk_sdk.transport.http.pool import ConnectionPool, PooledTransport
from orderdesk_sdk.transport.http.reach import Reach
from orderdesk_sdk.transport.http.retry_after import parse_retry_after
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["EventPoster", "PostResult"]

DEADLINE_SECONDS = 15.0
"""Of one try, from connecting to the last byte."""
CONNECT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 1024 * 1024
"""Of an answer, of which nothing but the status is read."""
_TIMEOUT = httpx.Timeout(DEADLINE_SECONDS, connect=CONNECT_SECONDS).as_dict()


@frozen
class PostResult:
    """What one try came to.

    Args:
        status: None where there was no answer.
        problem: for people, where there was none.
        retry_after: how long the endpoint asks to be left alone; None where it does not.
    """

    status: int | None
    problem: str | None = None
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """Whether the endpoint took the event."""
        return self.status is not None and 200 <= self.status < 300


class EventPoster:
    """The connections to endpoints. Safe from many threads."""

    def __init__(self, reach: Reach, at_once: int) -> None:
        """
        Args:
            reach: where endpoints may be.
            at_once: tries at the same time; each has a connection.
        """
        pool = ConnectionPool(at_once, tls=True, max_response_bytes=MAX_RESPONSE_BYTES, reach=reach)
        self._transport = PooledTransport(pool)

    def post(self, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> PostResult:
        """Make one try. Raises nothing: whatever goes wrong is in the result."""
        try:
            request = httpx.Request("POST", url, headers={**headers, "accept-encoding": "identity"}, content=body)
            request.extensions = {"timeout": _TIMEOUT, DEADLINE: time.monotonic() + DEADLINE_SECONDS}
            raw = self._transport.send(request, MAX_RESPONSE_BYTES)
            response = httpx.Response(raw.status, headers=list(raw.headers))
            return PostResult(raw.status, retry_after=parse_retry_after(response, now))
        except Exception as error:  # noqa: BLE001 - h11 and idna let errors of their own through; all mean the same
            return PostResult(None, failure_of(error, Redactor()).message)

    def close(self) -> None:
        """Close the connections. Tries after this fail."""
        self._transport.close()
