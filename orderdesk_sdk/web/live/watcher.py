"""The watcher: one thread per process that looks what happened and feeds every stream, while there is one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.desk.feed import EventFeedService
from orderdesk_sdk.web.live.subscriber import FeedPart, Subscriber

__all__ = ["FeedWatcher"]

_log = RoomLogger("web")
LOOK_EVERY = 0.5
"""Seconds between two looks into the ledger."""
_PAGE = 500


class FeedWatcher:
    """Feeds the streams of one process. Its thread runs while there is a stream."""

    def __init__(self, feed: EventFeedService, *, every: float = LOOK_EVERY) -> None:
        self._feed = feed
        self._every = every
        self._lock = threading.Lock()
        self._subscribers: set[Subscriber] = set()
        self._is_closed = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def feeding(self, subscriber: Subscriber) -> Iterator[None]:
        """Feed a stream within the block. What happened before it began, the stream reads by itself."""
        with self._lock:
            if self._is_closed:
                subscriber.stop()
            self._subscribers.add(subscriber)
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._watch, name="feed watcher", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream, and the thread. Streams that begin later end at once."""
        with self._lock:
            self._is_closed = True
            subscribers, thread = tuple(self._subscribers), self._thread
        for subscriber in subscribers:
            self._tell_end(subscriber)
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _watch(self) -> None:
        after: int | None = None
        is_well = True
        while self._goes_on():
            try:
                part = self._look(after)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the next look is taken
                if is_well:
                    _log.warning("live events wait: the ledger cannot be read (%s)", type(error).__name__)
                is_well = False
            else:
                # The first part says where the others begin, also where nothing is in it.
                if after is None or part.page.next_after != part.after:
                    self._feed_all(part)
                is_well, after = True, part.page.next_after
                if part.page.has_more:
                    continue
            self._wake.wait(self._every)
            self._wake.clear()

    def _goes_on(self) -> bool:
        """Whether anybody is to be fed; where nobody is, the thread ends, and the next stream begins another."""
        with self._lock:
            if self._subscribers and not self._is_closed:
                return True
            self._thread = None
            return False

    def _look(self, after: int | None) -> FeedPart:
        begin = self._feed.head() if after is None else after
        return FeedPart(begin, self._feed.read(begin, _PAGE))

    def _feed_all(self, part: FeedPart) -> None:
        with self._lock:
            subscribers = tuple(self._subscribers)
        for subscriber in subscribers:
            try:
                subscriber.put(part)
            except RuntimeError:  # Its event loop has ended with it.
                with self._lock:
                    self._subscribers.discard(subscriber)

    def _tell_end(self, subscriber: Subscriber) -> None:
        try:
            subscriber.stop()
        except RuntimeError:  # As above.
            with self._lock:
                self._subscribers.discard(subscriber)
