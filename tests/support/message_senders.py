"""Senders of messages, for tests: they give one to a desk and look at what is kept of it."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_sdk.cases.messages import InboundMessage, MessageSource
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.receipt import MessageReceipt
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from tests.support.posted_orders import Posted

__all__ = ["MILL", "ORDER_ID", "only_message", "post", "raising", "send"]

MILL, CANCEL = MessageSource.webhook("mill"), MessageSource.cancel()
ORDER_ID = "id-1042"


def send(desk: Desk, request: WebhookRequest, source: MessageSource = MILL) -> MessageReceipt:
    """Send a webhook."""
    return desk.messages.receive(source, request.headers, request.body, request.query)


def post(desk: Desk, posted: Posted) -> MessageReceipt:
    """Post an order, as Order Desk does."""
    return desk.messages.receive(CANCEL, posted.headers, posted.body)


def only_message(desk: Desk) -> InboundMessage:
    """The one message that is kept."""
    (message,) = desk.messages.list()
    return message


def raising(error: Exception) -> Callable[..., None]:
    """Something to be called that raises."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail
