"""Streams of live events on real sockets: a server of nothing else, a reader, and a process that writes elsewhere.

    with serve_streams(ledger) as server, StreamReading(server.port) as reader:
        reader.wait_for(lambda: reader.sequences == [1, 2])

python -m tests.support.live_streams LOCATION FIRST COUNT    writes cases into a ledger as another process does
"""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import uvicorn
from anyio import CapacityLimiter
from attrs import field, frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orderdesk_sdk.cases.event_feed import FeedEvent
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.desk.feed import EventFeedService
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import open_ledger
from orderdesk_sdk.web.live.admission import StreamAdmission
from orderdesk_sdk.web.live.filters import CallerEvents
from orderdesk_sdk.web.live.stream import EventStream, StreamFilter, StreamReader, StreamSource, StreamTimes
from orderdesk_sdk.web.live.watcher import FeedWatcher
from orderdesk_sdk.web.live.wire import parse_position
from tests.support.builders import open_case
from tests.support.waiting import eventually

__all__ = ["ReceivedEvent", "StreamReading", "StreamServer", "serve_streams", "write_cases"]

SOON = 120.0


def write_cases(ledger: Ledger, first: int, count: int) -> None:
    """Open so many cases, one line of the ledger each, of orders with these numbers."""
    for number in range(first, first + count):
        open_case(ledger, str(number))


@frozen
class StreamServer:
    """A server that streams. ended: its threads have ended."""

    port: int
    watcher: FeedWatcher
    server: uvicorn.Server
    thread: threading.Thread

    def stop(self) -> None:
        """End it as `orderdesk serve` does."""
        self.watcher.close()
        self.server.should_exit = True
        self.thread.join(SOON)
        assert not self.thread.is_alive(), "the server does not end"


@contextmanager
def serve_streams(
    ledger: Ledger,
    *,
    times: StreamTimes | None = None,
    per_caller: int = 100,
    wanted: Callable[[], StreamFilter] = lambda: CallerEvents(lambda _: True),
    may_read: Callable[[], bool] = lambda: True,
) -> Iterator[StreamServer]:
    """Serve the feed of a ledger; `?caller=` names who reads, and everybody sees everything."""
    feed = EventFeedService(ledger)
    watcher = FeedWatcher(feed, every=0.02)
    source = StreamSource(
        lambda after: feed.read(after, 50),
        watcher,
        StreamAdmission(per_caller, 1000),
        CapacityLimiter(4),
        times or StreamTimes(),
    )

    async def events(request: Request) -> Response:
        text = request.headers.get("last-event-id") or request.query_params.get("after", "")
        after = parse_position(text)
        reader = StreamReader(
            request.query_params.get("caller", "Ann"), after if after is not None else feed.head(), wanted(), may_read
        )
        return EventStream(source, reader, render)

    app = Starlette(routes=[Route("/events", events)])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", loop="asyncio")
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        made = StreamServer(listening.getsockname()[1], watcher, server, thread)
        thread.start()
        eventually(lambda: server.started, "the server answers")
        try:
            yield made
        finally:
            made.stop()


def render(event: FeedEvent) -> dict[str, object]:
    """As little of an event as a test needs."""
    return {"order": event.order_id, "case": event.case_id, "summary": event.summary}


@frozen
class ReceivedEvent:
    """An event as a reader gets it. position: None where it moves nothing."""

    name: str
    data: Mapping[str, Any]
    position: int | None


@frozen(eq=False)
class StreamReading:
    """A reader, whose thread takes what comes until it is closed or the stream ends."""

    port: int
    path: str = "/events?after=0"
    last_seen: int | None = None
    events: list[ReceivedEvent] = field(factory=list)
    comments: list[str] = field(factory=list)
    positions: list[int] = field(factory=list)
    ended: threading.Event = field(factory=threading.Event)
    _made: list[Any] = field(factory=list)

    def __enter__(self) -> Self:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        headers = {} if self.last_seen is None else {"Last-Event-ID": str(self.last_seen)}
        connection.request("GET", self.path, headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        self._made.extend((connection, response, connection.sock))
        threading.Thread(target=self._read, args=(response,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        connection, _, sock = self._made
        with suppress(OSError):  # The server may have closed it.
            sock.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(SOON)
        connection.close()

    @property
    def headers(self) -> http.client.HTTPMessage:
        """Of the answer."""
        headers: http.client.HTTPMessage = self._made[1].headers
        return headers

    @property
    def sequences(self) -> list[int]:
        """The positions of the events about cases, in the order in which they came."""
        return [one.position for one in self.events if one.name == "case" and one.position is not None]

    def wait_for(self, condition: Callable[[], bool], what: str = "the events come") -> None:
        """Wait until a condition holds."""
        eventually(condition, f"{what} (came: {self.sequences[-5:]}, ended: {self.ended.is_set()})", SOON)

    def _read(self, response: http.client.HTTPResponse) -> None:
        fields: dict[str, str] = {}
        try:
            while line := response.readline():
                text = line.decode().rstrip("\n")
                if text.startswith(":"):
                    self.comments.append(text[1:].strip())
                elif text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                else:
                    self._dispatch(fields)
                    fields = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # The test has closed it, or the server broke off.
        finally:
            self.ended.set()

    def _dispatch(self, fields: Mapping[str, str]) -> None:
        position = int(fields["id"]) if "id" in fields else None
        if position is not None:
            self.positions.append(position)
        if "data" in fields:
            self.events.append(ReceivedEvent(fields["event"], json.loads(fields["data"]), position))


def _write(location: str, first: int, count: int) -> None:
    where = Secret(location) if location.startswith("postgres") else Path(location)
    with closing(open_ledger(where, keeps_events=False)) as ledger:
        write_cases(ledger, first, count)


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
