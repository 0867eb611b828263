"""What each failure proves about the service: one table, pinned by tests on real sockets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx

from orderdesk_sdk.cases.exchange import CONDITION_FAILED, Certainty, Failure, Intent
from orderdesk_sdk.transport.http.replay import IF_MATCH
from orderdesk_sdk.transport.http.retry_after import MAX_WAIT, parse_retry_after
from orderdesk_sdk.transport.redaction import Redactor

__all__ = [
    "BUSY_STATUSES",
    "CERTAINTY",
    "NOT_PROCESSED_STATUSES",
    "ResponseTooLarge",
    "FileNotDropped",
    "backoff_seconds",
    "condition_failure",
    "failure_of",
    "throttling_failure",
]


class ResponseTooLarge(httpx.TransportError):
    """The response is longer than the core reads. Whatever the request did, it has done."""


class FileNotDropped(httpx.TransportError):
    """A transfer broke off before the file had its name: nobody saw it, nor ever will."""


CERTAINTY: Mapping[type[Exception], Certainty] = {
    httpx.ConnectError: Certainty.NOT_SENT,
    httpx.ConnectTimeout: Certainty.NOT_SENT,
    httpx.PoolTimeout: Certainty.NOT_SENT,
    httpx.ProxyError: Certainty.NOT_SENT,
    httpx.UnsupportedProtocol: Certainty.NOT_SENT,
    httpx.WriteError: Certainty.UNKNOWN,
    httpx.WriteTimeout: Certainty.UNKNOWN,
    httpx.ReadError: Certainty.UNKNOWN,
    httpx.ReadTimeout: Certainty.UNKNOWN,
    httpx.CloseError: Certainty.UNKNOWN,
    httpx.RemoteProtocolError: Certainty.UNKNOWN,
    httpx.LocalProtocolError: Certainty.UNKNOWN,
    httpx.DecodingError: Certainty.UNKNOWN,
    ResponseTooLarge: Certainty.UNKNOWN,
    FileNotDropped: Certainty.NOT_PROCESSED,
}
"""The transport's failures. A failure that is not listed proves nothing, so its outcome is unknown."""

NOT_PROCESSED_STATUSES = frozenset({429})
"""Replies that prove that the service did nothing, whatever the service (RFC 6585, 4).

Other statuses the plugin reads.
"""

BUSY_STATUSES = frozenset({500, 502, 503, 504})
"""Replies after which a call that only reads is made again."""

_FIRST_BACKOFF = 0.5

_MESSAGES: Mapping[Certainty, str] = {
    Certainty.NOT_SENT: "the request did not reach the service",
    Certainty.NOT_PROCESSED: "the service did not process the request",
    Certainty.UNKNOWN: "the request may have reached the service, and its response was lost",
}


def failure_of(error: Exception, redactor: Redactor) -> Failure:
    """What an error in the middle of a call proves, in words without secrets."""
    kind = type(error).__name__
    certainty = CERTAINTY.get(type(error), Certainty.UNKNOWN)
    detail = redactor.redact_text(str(error))
    return Failure(kind, certainty, f"{_MESSAGES[certainty]} ({kind}{': ' + detail if detail else ''})")


def throttling_failure(
    response: httpx.Response, now: datetime, *, read_only: bool, plugin_wait: timedelta | None = None
) -> Failure | None:
    """What a response proves that turns the call away, so that no flow may see it; None for any other.

    Args:
        plugin_wait: how long the declaration reads that it does; None: it does not. A read that a service cannot answer
            now, and wants later, has done nothing either.
    """
    may_be_busy = read_only and response.status_code in BUSY_STATUSES
    if plugin_wait is None and response.status_code not in NOT_PROCESSED_STATUSES and not may_be_busy:
        return None
    asked = parse_retry_after(response, now)
    busy = may_be_busy and asked is not None
    if plugin_wait is None and response.status_code not in NOT_PROCESSED_STATUSES and not busy:
        return None
    waits = max((wait for wait in (asked, plugin_wait) if wait is not None), default=None)
    if waits is not None:
        waits = min(max(waits, timedelta(0)), MAX_WAIT)
    why = f"{'Service unavailable' if busy else 'Rate limited'}: the service answered {response.status_code}"
    asks = f"; next call in {waits.total_seconds():.0f} s at the earliest" if waits is not None else ""
    return Failure("TurnedAway", Certainty.NOT_PROCESSED, f"{why}{asks}", waits)


def condition_failure(response: httpx.Response, request: httpx.Request) -> Failure | None:
    """What a 412 to a conditional write proves: nothing was done (RFC 9110, 13.1.1); None for any other response.

    Where the same request may have left before, that is another question (`runtime.flow_failures.after_resend`).
    """
    if response.status_code != httpx.codes.PRECONDITION_FAILED or IF_MATCH not in request.headers:
        return None
    text = "the order was changed at the service after it was read (412); nothing was done, and it is read again"
    return Failure(CONDITION_FAILED, Certainty.NOT_PROCESSED, text)


def backoff_seconds(intent: Intent, result: httpx.Response | Failure, attempts: int) -> float | None:
    """Seconds before the same call may be sent again; None where it must not be."""
    backoff = _FIRST_BACKOFF * 2 ** (attempts - 1)
    if not isinstance(result, Failure):
        return backoff if intent.read_only and result.status_code in BUSY_STATUSES else None
    if not result.may_go_again:  # The same request would only be turned away again: what it rests on is old.
        return None
    safe = result.certainty is not Certainty.UNKNOWN or intent.read_only
    asked = result.retry_after
    return (asked.total_seconds() if asked is not None else backoff) if safe else None
