"""What each failure proves about the service: one table, pinned by tests on real sockets."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.redaction import Redactor

__all__ = ["CERTAINTY", "NOT_DONE_STATUSES", "ReplyTooLarge", "failure_of"]


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
