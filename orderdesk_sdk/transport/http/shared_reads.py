"""Reads that several flows share: an identical one within a time is made once, and answers everybody who asks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import define, field

from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER
from orderdesk_sdk.plugin.guard import POLL_SECONDS, Watchdog

if TYPE_CHECKING:
    import httpx

__all__ = ["Exchanged", "SharedReads", "copy_response"]

Exchanged = tuple[Exchange, "httpx.Response | None"]

MAX_RESPONSES = 64
"""Replies that are kept at once."""
MAX_BYTES = 16 * 1024 * 1024
"""What the bodies of kept responses may weigh together."""


@define(eq=False)
class _Read:
    """One read.

    Args:
        watchdog: who makes it.
        result: None while it is under way, or when whoever made it could not.
    """

    watchdog: Watchdog
    result: Exchanged | None = None
    expires_at: float = 0.0
    done: threading.Event = field(factory=threading.Event)

    @property
    def size(self) -> int:
        return len(self.result[1].content) if self.result is not None and self.result[1] is not None else 0


class SharedReads:
    """The shared reads of one connection. Safe from many threads.

    A response that is a success serves for the time that its reader named. What failed, or was turned away, answers
    those who were waiting for it, and nobody after them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._reads: OrderedDict[str, _Read] = OrderedDict()

    def get(
        self,
        key: str,
        max_age: float,
        make: Callable[[], Exchanged],
        watchdog: Watchdog | None = None,
        newer_than: datetime | None = None,
    ) -> tuple[Exchanged, bool]:
        """What `make` gave, and whether it was another caller's: that of the same key, up to `max_age` seconds ago.

        Args:
            newer_than: what was read then or before tells this caller nothing; None: whatever is kept does.
            watchdog: of the thread that asks.

        Raises what `make` raises; who waited for it then tries on its own, as after a maker whose thread was left
        behind.
        """
        while True:
            read, is_ours = self._join(key, watchdog)
            if is_ours:
                break
            while not read.done.wait(POLL_SECONDS) and not read.watchdog.is_abandoned:
                pass  # Another look.
            if read.result is not None and (newer_than is None or read.result[0].intent.at > newer_than):
                return read.result, True
            self._drop(key, read)
        try:
            made = make()
        except BaseException:
            self._drop(key, read)
            read.done.set()
            raise
        response = made[1]
        if response is None or not response.is_success:
            self._drop(key, read)
        with self._lock:
            read.result, read.expires_at = made, self._clock.monotonic() + max_age
            self._forget()
        read.done.set()
        return made, False

    def _join(self, key: str, watchdog: Watchdog | None) -> tuple[_Read, bool]:
        """The read of a key, and whether it is the caller's to make."""
        with self._lock:
            self._forget()
            known = self._reads.get(key)
            read = self._reads[key] = known or _Read(watchdog or Watchdog())
            return read, known is None

    def _drop(self, key: str, read: _Read) -> None:
        with self._lock:
            if self._reads.get(key) is read:  # And not what somebody began after it.
                del self._reads[key]

    def _forget(self) -> None:
        """Drop what has had its time, then the oldest until the rest is few and small enough. Under the lock."""
        now = self._clock.monotonic()
        done = [key for key, read in self._reads.items() if read.result is not None]
        size = sum(self._reads[key].size for key in done)
        for at, key in enumerate(done):
            read = self._reads[key]
            if read.expires_at <= now or len(done) - at > MAX_RESPONSES or size > MAX_BYTES:
                size -= read.size
                del self._reads[key]


def copy_response(response: httpx.Response, request: httpx.Request) -> httpx.Response:
    """A response with the same words and the same number, for somebody else to hold."""
    import httpx  # Whoever drives flows imports this module at start, when there is no response yet.

    made = copy(response)  # As httpx pickles one: its body was read, and is not looked through again.
    made.headers, made.history, made.request = httpx.Headers(response.headers), [], request
    if EXCHANGE_NUMBER in response.extensions:
        made.extensions[EXCHANGE_NUMBER] = response.extensions[EXCHANGE_NUMBER]
    return made
