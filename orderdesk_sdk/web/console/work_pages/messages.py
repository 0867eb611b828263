"""What came in, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.cases.messages import InboundMessage, MessageState
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.forms import see_other
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.console.views.work.messages import MESSAGE_TONES, MessagesPage, message_facts, state_filters
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.references import order_ref

__all__ = ["retry_message", "show_message", "show_messages"]

PAGE = 50


def show_messages(request: Request) -> Response:
    """The messages, the newest first."""
    desk, query = desk_of(request), request.query_params
    state = next((one for one in MessageState if one.value == query.get("state")), None)
    before = _moment(query.get("before", ""))
    found = desk.messages.list((state,) if state is not None else (), limit=PAGE, before=before)
    kept = {"state": state.value} if state is not None else {}
    last = found[-1].received_at.astimezone(UTC).isoformat() if len(found) == PAGE else ""
    page = MessagesPage(
        messages=found,
        filters=state_filters(desk.messages.counts(), state),
        next_href=f"/messages?{urlencode({**kept, 'before': last})}" if last else None,
        first_href=f"/messages?{urlencode(kept)}" if before is not None else None,
        is_narrowed=state is not None or before is not None,
    )
    return render(request, "messages.html", {"title": "Messages", "page": page})


def show_message(request: Request) -> Response:
    """What is kept of one message."""
    desk = desk_of(request)
    message = desk.messages.get(request.path_params["id"])
    subject = order_subject(message.order_id) if message.order_id is not None else f"message {message.id}"
    desk.audit.record(
        caller_of(request).name, AuditAction.MESSAGE_VIEWED, subject, address=client_address(request.scope)
    )
    return render(request, "message.html", _message_data(request, message))


def retry_message(request: Request, form: FormData) -> Response:  # noqa: ARG001 - the form has no fields
    """Let a failed or refused message be tried again."""
    desk, caller = desk_of(request), caller_of(request)
    message_id = request.path_params["id"]
    try:
        message = desk.messages.retry(message_id, by=caller.name)
    except InvalidStateError as error:
        return render(request, "message.html", _message_data(request, desk.messages.get(message_id), error), status=409)
    desk.audit.record(
        caller.name, AuditAction.MESSAGE_RETRIED, f"message {message.id}", address=client_address(request.scope)
    )
    return see_other(f"/messages/{message.id}", "message-retried")


def _message_data(
    request: Request, message: InboundMessage, error: OrderDeskError | None = None
) -> Mapping[str, object]:
    return {
        "title": "Message",
        "message": message,
        "tone": MESSAGE_TONES[message.state.value],
        "facts": message_facts(message),
        "may_retry": message.state in (MessageState.FAILED, MessageState.REFUSED),
        "refusal": role_refusal(caller_of(request).role, Role.SUPERVISOR),
        "ref": order_ref(message.order_id) if message.order_id is not None else None,
        "error": error,
    }


def _moment(text: str) -> datetime | None:
    """A moment out of an address; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
