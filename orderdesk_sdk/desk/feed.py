"""The event feed of a desk: what happened to its cases after a sequence. Reached as `desk.feed`."""

from __future__ import annotations

from collections.abc import Collection

from orderdesk_sdk.cases.event_feed import FeedPage
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.errors import ValidationError

__all__ = ["MAX_LIMIT", "EventFeedService"]

MAX_LIMIT = 1000
"""Lines of one page at most."""


class EventFeedService:
    """What happened to all cases, in the order of the ledger. Who goes on after the last page misses nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def head(self) -> int:
        """The sequence of the last line there is; what happens from now on comes after it."""
        return self._ledger.head().count

    def read(self, after: int, limit: int = 500, *, connections: Collection[str] | None = None) -> FeedPage:
        """What happened after a sequence.

        Args:
            after: `next_after` of the page before, or a `head`; 0 begins with the first line.
            limit: lines that are looked at, 1000 at most; the page may have fewer events.
            connections: only of cases there; None takes all.

        Raises ValidationError for numbers that are none of these.
        """
        if after < 0 or not 1 <= limit <= MAX_LIMIT:
            raise ValidationError(
                f"the feed cannot be read after {after} with at most {limit} lines",
                location="feed",
                hint=f"read after 0 or a later line, and 1 to {MAX_LIMIT} lines",
            )
        page = self._ledger.read_feed(after, limit)
        return page if connections is None else page.only(connections)
