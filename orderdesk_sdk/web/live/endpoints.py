"""The addresses of live events: `/events` for a signed-in person's pages, `/api/v1/events` for a program's token.

    GET /events?order=REF&bulk=KEY&after=SEQUENCE

A reader who comes back sends `Last-Event-ID`, which counts more than `after`. Without either, it hears what happens
from now on.
"""

from __future__ import annotations

from anyio import CapacityLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.event_feed import FeedEvent
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.caller import Caller, caller_of, guarded
from orderdesk_sdk.web.live.admission import StreamAdmission
from orderdesk_sdk.web.live.filters import BulkEvents, CallerEvents, KeyReader
from orderdesk_sdk.web.live.stream import EventStream, StreamFilter, StreamReader, StreamSource
from orderdesk_sdk.web.live.watcher import FeedWatcher
from orderdesk_sdk.web.live.wire import HEADERS, parse_position
from orderdesk_sdk.web.references import order_id, order_ref

__all__ = ["API_EVENTS_PATH", "EVENTS_PATH", "LiveEvents"]

EVENTS_PATH = "/events"
API_EVENTS_PATH = "/api/v1/events"
STREAMS_PER_CALLER = 12
"""Streams that one person or program may have at once: a page has one, and a browser opens no more than six."""
STREAMS_IN_ALL = 300
LEDGER_THREADS = 4
"""Streams that may look into the ledger at once, so that they leave room for everybody else."""
MAX_KEY_LENGTH = 200
_PAGE = 500


class LiveEvents:
    """The streams of one app."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._source = StreamSource(
            lambda after: desk.feed.read(after, _PAGE),
            FeedWatcher(desk.feed),
            StreamAdmission(STREAMS_PER_CALLER, STREAMS_IN_ALL),
            CapacityLimiter(LEDGER_THREADS),
        )

    @property
    def routes(self) -> list[Route]:
        """The two addresses."""
        return [
            Route(path, guarded(self.stream, Role.VIEWER), methods=["GET"]) for path in (EVENTS_PATH, API_EVENTS_PATH)
        ]

    def close(self) -> None:
        """End all streams, and let none begin. A server calls it before it waits for its connections to end."""
        self._source.watcher.close()

    def stream(self, request: Request) -> Response:
        """The events that the caller sees, from where it left off. Raises HTTPException 400, NotFoundError."""
        caller = caller_of(request)
        if request.method == "HEAD":
            return Response(headers=HEADERS)
        kind = "program" if caller.token is not None else "person"
        reader = StreamReader(
            f"{kind} {caller.name}",
            self._position(request),
            self._filter(request, caller),
            lambda: self._desk.access.still_counts(caller.name, caller.session, caller.token),
        )
        return EventStream(self._source, reader, _render)

    def _position(self, request: Request) -> int:
        given = request.headers.get("last-event-id") or request.query_params.get("after")
        if given is None:
            return self._desk.feed.head()
        position = parse_position(given)
        if position is None:
            raise HTTPException(400)
        return min(position, self._desk.feed.head())  # A ledger that was restored has fewer than there were.

    def _filter(self, request: Request, caller: Caller) -> StreamFilter:
        reference, bulk = request.query_params.get("order"), request.query_params.get("bulk")
        seen = CallerEvents(caller.sees, order_id(reference) if reference is not None else None)
        if bulk is None:
            return seen
        if not 0 < len(bulk) <= MAX_KEY_LENGTH:
            raise HTTPException(400)
        ledger = self._desk.ledger
        keys = KeyReader(
            lambda prefix, after, limit: ledger.cancellations_by_key(prefix, after=after, limit=limit),
            ledger.cancellations,
        )
        return BulkEvents(seen, bulk, keys)


def _render(event: FeedEvent) -> dict[str, object]:
    """What a page needs of an event. No text of a person or a service."""
    return {
        "sequence": event.sequence,
        "at": event.at.isoformat(),
        "order": order_ref(event.order_id),
        "number": event.order_number,
        "case": event.case_id,
        "kind": event.case_kind,
        "connection": event.connection,
        "state": event.state.value,
        "summary": event.summary,
        "due_at": event.due_at.isoformat() if event.due_at is not None else None,
    }
