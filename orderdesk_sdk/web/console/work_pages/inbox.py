"""The inbox."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.inbox import InboxKind
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.work.inbox import make_inbox

__all__ = ["read_number", "show_inbox"]

PAGE = 50
MAX_NUMBER = 100_000


def show_inbox(request: Request) -> Response:
    """What needs a person, most urgent first."""
    desk, query = desk_of(request), request.query_params
    chosen = next((kind for kind in InboxKind if kind.value == query.get("kind")), None)
    connections = desk.connections.names()
    connection = query.get("connection", "")
    if connection not in connections:
        connection = ""
    offset = read_number(query.get("offset", ""))
    kinds = (chosen,) if chosen is not None else ()
    page = desk.inbox.list(kinds=kinds, connection=connection or None, limit=PAGE, offset=offset)
    view = make_inbox(
        page,
        desk.inbox.counts(),
        desk.clock.now(),
        chosen=chosen,
        connection=connection,
        connections=connections,
        offset=offset,
    )
    return render(request, "inbox.html", {"title": "Inbox", "page": view})


def read_number(text: str) -> int:
    """A number out of an address; 0 for anything else."""
    return min(int(text), MAX_NUMBER) if text.isascii() and text.isdigit() and len(text) < 10 else 0
