"""One stream's place among those that the watcher feeds: a bounded buffer between its thread and the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.event_feed import FeedPage

__all__ = ["MAX_WAITING", "FeedPart", "Subscriber"]

MAX_WAITING = 4000
"""Events that wait for one stream at most. Pages are shared by all streams, so this bounds no memory of its own."""


@frozen
class FeedPart:
    """A page of the feed, and the sequence after which it begins."""

    after: int
    page: FeedPage


class Subscriber:
    """What a stream has yet to send. All but `put` and `stop` are for its event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int = MAX_WAITING) -> None:
        self._loop = loop
        self._most = most
        self._parts: deque[FeedPart] = deque()
        self._count = 0
        self._woken = asyncio.Event()
        self.is_too_slow = False
        """More would have waited than may: what it has yet to send is not all any more."""
        self.is_stopped = False
        """The server ends."""
        self.is_gone = False
        """Its reader has gone."""

    def put(self, part: FeedPart) -> None:
        """Let it send a part; from any thread. Raises RuntimeError where its event loop has ended."""
        self._loop.call_soon_threadsafe(self._append, part)

    def stop(self) -> None:
        """Let it end; from any thread. Raises RuntimeError where its event loop has ended."""
        self._loop.call_soon_threadsafe(self._end)

    def leave(self) -> None:
        """Its reader has gone."""
        self.is_gone = True
        self._woken.set()

    @property
    def is_over(self) -> bool:
        """Nothing is to be sent any more."""
        return self.is_too_slow or self.is_stopped or self.is_gone

    async def take(self, seconds: float) -> Sequence[FeedPart]:
        """What waits, oldest first; empty where nothing comes within so many seconds, or it is over."""
        if not self._parts and not self.is_over:
            try:
                await asyncio.wait_for(self._woken.wait(), seconds)
            except TimeoutError:
                return ()
        self._woken.clear()
        parts = tuple(self._parts)
        self._parts.clear()
        self._count = 0
        return parts

    def _append(self, part: FeedPart) -> None:
        if self.is_over:
            return
        self._count += 1 + len(part.page.events)
        if self._count > self._most:
            self.is_too_slow = True
            self._parts.clear()
        else:
            self._parts.append(part)
        self._woken.set()

    def _end(self) -> None:
        self.is_stopped = True
        self._woken.set()
