"""What each failure proves about the service: one table, pinned by tests on real sockets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import httpx

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.transport.http.waits import LONGEST_WAIT, asked_wait
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["BUSY_STATUSES", "CERTAINTY", "NOT_DONE_STATUSES", "ReplyTooLarge", "failure_of", "turned_away"]


class ReplyTooLarge(httpx.TransportError):
    """The reply is longer than the core reads. Whatever the request did, it has done."""


CERTAINTY: Mapping[type[Exception], Certainty] = {
    httpx.ConnectError: Certainty.NOT_SENT,
    httpx.ConnectTimeout: Certainty.NOT_SENT,
    httpx.PoolTimeout: Certainty.NOT_SENT,
    httpx.ProxyError: Certainty.NOT_SENT,
    httpx.UnsupportedProtocol: Certainty.NOT_SENT,
    httpx.WriteError: Certainty.UNCLEAR,
    httpx.WriteTimeout: Certainty.UNCLEAR,
    httpx.ReadError: Certainty.UNCLEAR,
    httpx.ReadTimeout: Certainty.UNCLEAR,
    httpx.CloseError: Certainty.UNCLEAR,
    httpx.RemoteProtocolError: Certainty.UNCLEAR,
    httpx.LocalProtocolError: Certainty.UNCLEAR,
    httpx.DecodingError: Certainty.UNCLEAR,
    ReplyTooLarge: Certainty.UNCLEAR,
}
"""The transport's failures. A failure that is not listed proves nothing, so it is unclear."""

NOT_DONE_STATUSES = frozenset({429})
"""Replies that prove that the service did nothing, whatever the service (RFC 6585, 4).

Other statuses the plugin reads.
"""

BUSY_STATUSES = frozenset({500, 502, 503, 504})
"""Replies after which a call that only reads is made again."""

_WORDS: Mapping[Certainty, str] = {
    Certainty.NOT_SENT: "the request did not reach the service",
    Certainty.NOT_DONE: "the service turned the request away",
    Certainty.UNCLEAR: "the request may have reached the service, and its reply was lost",
}

_NO_REDIRECT = "Invalid URL in location header"


def failure_of(error: Exception, redactor: Redactor) -> Failure:
    """What an error in the middle of a call proves, in words without secrets."""
    kind = type(error).__name__
    certainty = CERTAINTY.get(type(error), Certainty.UNCLEAR)
    said = str(error)
    # httpx goes on with a part of the address, which may be a part of a secret: that is nothing a redactor knows.
    detail = redactor.text(_NO_REDIRECT if said.startswith(_NO_REDIRECT) else said)
    return Failure(kind, certainty, f"{_WORDS[certainty]} ({kind}{': ' + detail if detail else ''})")


def turned_away(
    reply: httpx.Response, now: datetime, *, reads_only: bool, told: timedelta | None = None
) -> Failure | None:
    """What a reply proves that turns the call away, so that no flow may see it; None for any other.

    told: how long the declaration reads that it does; None: it does not. A read that a service cannot answer now, and
    wants later, has done nothing either.
    """
    asked = asked_wait(reply, now)
    busy = reads_only and reply.status_code in BUSY_STATUSES and asked is not None
    if told is None and reply.status_code not in NOT_DONE_STATUSES and not busy:
        return None
    waits = max((wait for wait in (asked, told) if wait is not None), default=None)
    if waits is not None:
        waits = min(max(waits, timedelta(0)), LONGEST_WAIT)
    why = f"the service {'cannot answer now' if busy else 'says that it gets too many calls'} ({reply.status_code})"
    asks = f" and asks to be left alone for {waits.total_seconds():.0f} s" if waits is not None else ""
    return Failure("TurnedAway", Certainty.NOT_DONE, f"{why}{asks}", waits)
