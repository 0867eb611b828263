"""A service's own way to say what is wrong, and what a reply that turns a cancel down comes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal, not_done, refused, unclear
from orderdesk_sdk.plugin.toolkit.json_response import TextReply, complaint, turned_away

__all__ = ["OwnErrors", "turned_down"]

R = TypeVar("R", bound=TextReply)
_OF_THE_PATH = (404, 405)


def turned_down(reply: TextReply) -> bool:
    """Whether the service says no to what was asked: a client error that is about the request itself.

    So it is none of 401, 403 and 429, of which `turned_away` knows, and none of 408 and 425, after which nobody knows.
    What has become of the order, only a read tells then.
    """
    return 400 <= reply.status_code < 500 and reply.status_code not in (401, 403, 408, 425, 429)


@frozen
class OwnErrors:
    """How a service says what is wrong.

    key, parts, details: as `complaint` takes them; `key` stands in every error body of the service. check: what a
    person should look at where it does not let us in.
    """

    key: str
    check: str
    parts: Sequence[str] = ("code", "message")
    details: str | None = None

    def words(self, reply: TextReply) -> str:
        """What the reply says is wrong, for a person."""
        return complaint(reply, self.key, self.parts, self.details)

    def untold(self, reply: TextReply) -> Answer:
        """What a reply comes to that tells of no order: nothing was done where it turns us away, else unclear."""
        return turned_away(reply, check=self.check, own=self.key) or unclear(reply)

    def is_unknown(self, reply: TextReply) -> bool:
        """Whether the service itself says that it has no such order; a 404 in other words is of a path."""
        return reply.status_code == 404 and self.untold(reply).outcome is Outcome.UNCLEAR

    def unless_unknown(self, read: Callable[[R], Answer | None]) -> Callable[[R], Answer | None]:
        """What `read` makes of a reply; None where the reply says that there is no such order."""
        return lambda reply: None if self.is_unknown(reply) else read(reply)

    def after_reading(
        self, reply: TextReply, there: TextReply, found: Answer, number: str, *, lags: str | None = None
    ) -> Answer | None:
        """What a cancel comes to that was turned down, once the order was read; None where that leaves it open.

        reply: what turned it down, by which nothing was done. there, found: the reply to the read, and what it says of
        the order. lags: why an order that is there may not be found yet; None: then it would be found.
        Unknown is only what the service calls unknown at both calls: one of them may have a wrong path.
        """
        if found.outcome in (Outcome.CANCELED, Outcome.PARTLY_CANCELED, Outcome.REFUSED):
            return found
        if self.is_unknown(reply) and self.is_unknown(there) and lags is None:
            return refused(there, Refusal.NOT_ALLOWED, text=f"the service does not know the order {number}")
        if reply.status_code not in _OF_THE_PATH and found.status is not None:
            return None
        away = self.untold(reply)
        if away.outcome is not Outcome.NOT_DONE:
            words = self.words(reply)
            away = not_done(
                reply, text=f"{lags}: {words}" if lags and self.is_unknown(reply) else words, remedy=self.check
            )
        return away
