"""The inbox."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.inbox import InboxKind
from orderdesk_sdk.desk.inbox import MAX_LISTED
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.csv_file import csv_file
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.work.inbox import make_inbox, row_texts
from orderdesk_sdk.web.middleware.client_address import client_address

__all__ = ["export_inbox", "read_number", "show_inbox"]

PAGE = 50
_HEAD = ("kind", "about", "connection", "state", "waiting since (UTC)", "due by (UTC)", "overdue", "why", "what to do")
MAX_NUMBER = 100_000


def show_inbox(request: Request) -> Response:
    """What needs a person, most urgent first."""
    desk, query = desk_of(request), request.query_params
    chosen = next((kind for kind in InboxKind if kind.value == query.get("kind")), None)
    seen_until = desk.feed.head()  # Before the rest is read: events from then on are told.
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
    data = {
        "title": "Inbox",
        "page": view,
        "may_export": caller_of(request).role.allows(Role.OPERATOR),
        "seen_until": seen_until,
    }
    return render(request, "inbox.html", data)


def export_inbox(request: Request) -> Response:
    """The same as a file for spreadsheets. That somebody took it is recorded before."""
    desk, caller = desk_of(request), caller_of(request)
    desk.audit.record(caller.name, AuditAction.EXPORTED, "inbox", "", client_address(request.scope))
    counts = desk.inbox.counts()
    page = desk.inbox.list(limit=MAX_LISTED)
    view = make_inbox(
        page, counts, desk.clock.now(), chosen=None, connection="", connections=desk.connections.names(), offset=0
    )
    return csv_file("inbox", _HEAD, map(row_texts, view.rows))


def read_number(text: str) -> int:
    """A number out of an address; 0 for anything else."""
    return min(int(text), MAX_NUMBER) if text.isascii() and text.isdigit() and len(text) < 10 else 0
