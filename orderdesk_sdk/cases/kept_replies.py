"""Replies to requests that change something, kept by the key that the caller gave: asking twice is asking once. Pure.

A request is begun before anything is done, and finished with its reply. Who asks again with the same key gets the reply
that was given, or hears that the first one is still at work. One that was begun and never finished (its process ended,
say) may be begun again after a while: what a request does is therefore made once by a key of its own, as a cancellation
is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.clock import hours, minutes

__all__ = [
    "ABANDONED_AFTER",
    "KEPT_FOR",
    "BeganRequest",
    "FinishedRequest",
    "KeptReplies",
    "KeptReply",
    "KeyedRequest",
    "RunningRequest",
]

ABANDONED_AFTER = minutes(1)
"""When a request that was begun and not finished may be begun again."""
KEPT_FOR = hours(24)
"""How long a reply is given again, at least."""


@frozen
class KeyedRequest:
    """A request that changes something, and the key that names it among those of its caller.

    Args:
        caller: the user or token that asks; each has keys of its own.
        operation: the name of what is asked for.
        digest: of all that was asked; another one under the same key is a mistake.
        order_id: the order that the reply is about, whose personal texts may be removed; None: of no order.
    """

    caller: str
    key: str
    operation: str
    digest: str
    order_id: str | None = None


@frozen
class KeptReply:
    """What was answered: the HTTP status and the body."""

    status: int
    body: str


@frozen
class BeganRequest:
    """The request is this caller's to do.

    Args:
        attempt: how many times it was begun, this one included.
    """

    attempt: int


@frozen
class FinishedRequest:
    """The request was done before."""

    reply: KeptReply


@frozen
class RunningRequest:
    """The request was begun by somebody else and may be at work."""

    begun_at: datetime


class KeptReplies(Protocol):
    """What a ledger keeps of requests with keys. All raise StorageError when the database fails."""

    def begin_request(self, request: KeyedRequest, now: datetime) -> BeganRequest | FinishedRequest | RunningRequest:
        """Begin a request, or say what became of it. Forgets some of the replies that are older than `KEPT_FOR`.

        Raises ConflictError where the key names another operation or other content.
        """

    def finish_request(self, request: KeyedRequest, attempt: int, reply: KeptReply) -> bool:
        """Keep the reply; False, and nothing is kept, where the request was begun again since, or is finished."""

    def abandon_request(self, request: KeyedRequest, attempt: int) -> None:
        """Forget a request that did nothing, so that it may be begun at once; one that was finished stays."""
