"""One stream of live events: what its reader has missed, then what happens, until somebody ends it."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from anyio import CapacityLimiter, to_thread
from attrs import frozen
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orderdesk_sdk.cases.event_feed import FeedEvent, FeedPage
from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.web.live.admission import StreamAdmission
from orderdesk_sdk.web.live.subscriber import FeedPart, Subscriber
from orderdesk_sdk.web.live.watcher import FeedWatcher
from orderdesk_sdk.web.live.wire import HEADERS, encode_comment, encode_event, encode_position, encode_retry

__all__ = ["EventStream", "StreamEnd", "StreamFilter", "StreamReader", "StreamSource", "StreamTimes"]

_log = RoomLogger("web")


class StreamEnd(enum.Enum):
    """Why a stream ends; its last event says so. Its reader connects again after a while by itself."""

    SHUTTING_DOWN = "shutting down"
    SIGNED_OUT = "signed out"
    TOO_SLOW = "too slow"


@frozen
class StreamTimes:
    """Seconds.

    Args:
        ping: between two signs that both sides are there.
        check: between two looks whether the reader may still read.
        send: that the network may take for a piece.
        retry: that a reader waits before it connects again.
    """

    ping: float = 15.0
    check: float = 30.0
    send: float = 20.0
    retry: float = 2.0


class StreamFilter(Protocol):
    """Which events a reader wants and may see."""

    reads_ledger: bool
    """It is asked in a thread, because it looks into the ledger."""

    def select(self, events: Sequence[FeedEvent]) -> Sequence[FeedEvent]:
        """Those of the events."""


@frozen
class StreamSource:
    """What all streams of a process share.

    Args:
        read: a page of the feed after a sequence.
        threads: how many streams may look into the ledger at once.
    """

    read: Callable[[int], FeedPage]
    watcher: FeedWatcher
    admission: StreamAdmission
    threads: CapacityLimiter
    times: StreamTimes = StreamTimes()


@frozen
class StreamReader:
    """Who reads a stream.

    Args:
        name: what one person's or program's streams are counted by.
        after: the sequence that the reader saw last.
        may_read: asked in a thread, whether the reader's session or token still counts.
    """

    name: str
    after: int
    wanted: StreamFilter
    may_read: Callable[[], bool]


class EventStream(Response):
    """A response that goes on until its reader goes, the server ends or the reader may read no more.

    Args:
        render: an event as its reader gets it.
    """

    def __init__(
        self, source: StreamSource, reader: StreamReader, render: Callable[[FeedEvent], dict[str, object]]
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._source = source
        self._times = source.times
        self._reader = reader
        self._position = reader.after
        self._told = reader.after
        self._wanted = reader.wanted
        self._render = render
        self._check_at = self._ping_at = 0.0
        self._send: Send

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send. Raises HTTPException 429 where there are as many streams as may be."""
        del scope
        self._send = send
        subscriber = Subscriber(asyncio.get_running_loop())
        with self._source.admission.admitted(self._reader.name):
            listener = asyncio.create_task(_listen(receive, subscriber))
            try:
                await self._serve(subscriber)
            except (TimeoutError, OSError):
                _log.debug("a stream of live events ends: its reader takes nothing")
            except OrderDeskError as error:
                _log.warning("a stream of live events ends (%s)", type(error).__name__)
            finally:
                listener.cancel()

    async def _serve(self, subscriber: Subscriber) -> None:
        await self._within(
            self._send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        )
        await self._write(encode_retry(self._times.retry))
        with self._source.watcher.feeding(subscriber):
            end = await self._run(subscriber)
        if end is not None:
            await self._write(encode_event("end", {"reason": end.value}))
            await self._within(self._send({"type": "http.response.body", "body": b"", "more_body": False}))

    async def _run(self, subscriber: Subscriber) -> StreamEnd | None:
        """Why the stream ends; None: its reader has gone."""
        self._check_at = _now() + self._times.check
        is_signed_out = await self._catch_up(subscriber)
        while not (subscriber.is_over or is_signed_out):
            for part in await subscriber.take(max(0.0, min(self._ping_at, self._check_at) - _now())):
                is_signed_out = is_signed_out or await self._pass_on(part, subscriber)
            if _now() >= self._ping_at:
                await self._ping()
            is_signed_out = is_signed_out or await self._is_signed_out()
        if subscriber.is_gone:
            return None
        if is_signed_out:
            return StreamEnd.SIGNED_OUT
        return StreamEnd.SHUTTING_DOWN if subscriber.is_stopped else StreamEnd.TOO_SLOW

    async def _is_signed_out(self) -> bool:
        """Whether the reader may read no more; looked at now and then."""
        if _now() < self._check_at:
            return False
        self._check_at = _now() + self._times.check
        return not await to_thread.run_sync(self._reader.may_read, limiter=self._source.threads)

    async def _catch_up(self, subscriber: Subscriber) -> bool:
        """Send what has happened since the reader's last event, as far as it is in the ledger now.

        Whether the reader may read no more, which ends it.
        """
        has_more = True
        while has_more and not subscriber.is_over:
            page = await to_thread.run_sync(self._source.read, self._position, limiter=self._source.threads)
            await self._send_page(page, page.events)
            has_more = page.has_more
            if await self._is_signed_out():
                return True
        return False

    async def _pass_on(self, part: FeedPart, subscriber: Subscriber) -> bool:
        """Send what a part has that was not sent; whether the reader may read no more."""
        # Something happened before the watcher began to look.
        if part.after > self._position and await self._catch_up(subscriber):
            return True
        if part.page.next_after > self._position or not part.page.is_complete:
            await self._send_page(part.page, [one for one in part.page.events if one.sequence > self._position])
        return False

    async def _send_page(self, page: FeedPage, events: Sequence[FeedEvent]) -> None:
        wanted = await self._select(events)
        pieces = [encode_event("case", self._render(event), event.sequence) for event in wanted]
        if wanted:
            self._told = wanted[-1].sequence
        if not page.is_complete:
            pieces.append(encode_event("reload", {"reason": "events were archived"}, page.next_after))
            self._told = page.next_after
        self._position = page.next_after
        if pieces:
            await self._write(*pieces)

    async def _select(self, events: Sequence[FeedEvent]) -> Sequence[FeedEvent]:
        if not events or not self._wanted.reads_ledger:
            return self._wanted.select(events)
        return await to_thread.run_sync(self._wanted.select, events, limiter=self._source.threads)

    async def _ping(self) -> None:
        """Show that we are there, and where to go on where nothing that the reader wants has happened."""
        await self._write(encode_comment("ping"))
        if self._position != self._told:
            await self._write(encode_position(self._position))
            self._told = self._position

    async def _write(self, *pieces: bytes) -> None:
        await self._within(self._send({"type": "http.response.body", "body": b"".join(pieces), "more_body": True}))
        self._ping_at = _now() + self._times.ping

    async def _within(self, sending: Awaitable[None]) -> None:
        await asyncio.wait_for(sending, self._times.send)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _listen(receive: Receive, subscriber: Subscriber) -> None:
    """Wait until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.leave()
