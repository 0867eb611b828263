"""Messages that come in from a service: webhooks and notifications, and the hints that a plugin reads in them. Pure.

A message is never evidence. What it hints at is polled at the service, and only that settles a case.
"""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Iterable, Mapping

from attrs import field, frozen
from attrs.validators import instance_of, optional

from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation

__all__ = [
    "MessageChannel",
    "NotificationKind",
    "OrderNotification",
    "RegisteredWebhook",
    "WebhookList",
    "WebhookReply",
    "WebhookRequest",
    "WebhookSetup",
]


MAX_EVENT_ID_LENGTH = 100
"""Characters of a delivery's name that are kept."""


def _clean_event_id(text: str | None) -> str | None:
    if not isinstance(text, str):  # The validator says what is wrong with it.
        return text
    shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 10 * MAX_EVENT_ID_LENGTH])
    return " ".join(shown.split())[:MAX_EVENT_ID_LENGTH] or None


def _join_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


class MessageChannel(enum.Enum):
    """How a message came in."""

    HTTP = "http"
    """To a URL: anybody may have sent it, so the plugin verifies it."""
    QUEUE = "queue"
    """Out of a queue or a folder of the merchant's own, into which only those write whom the merchant lets."""


@frozen
class WebhookRequest:
    """One message as it came, over HTTP or out of a queue.

    Args:
        headers: names in lower case. One that came several times has all its values, joined by commas (RFC 9110, 5.3),
            so that no signature given twice fits.
        body: the raw bytes, as they were signed.
        query: the parameters of the URL it was sent to.
    """

    headers: Mapping[str, str] = field(converter=_join_headers, repr=False)
    body: bytes = field(repr=False)
    query: Mapping[str, str] = field(factory=dict, repr=False)
    channel: MessageChannel = MessageChannel.HTTP


class NotificationKind(enum.Enum):
    """What a message says of an order."""

    CANCELED = "canceled"
    """It is canceled there, by whomever."""
    SHIPPED = "shipped"
    """It has left, or a part of it has."""
    CHANGED = "changed"
    """Something else of it changed: look."""
    CANCEL_REQUESTED = "requested to be canceled"
    """Somebody else asks us to cancel it; `OrderNotification.request` says what, unless the message does not."""
    CANCEL_REQUEST_WITHDRAWN = "no longer requested to be canceled"
    """Whoever asked us to cancel it took that back."""


@frozen
class OrderNotification:
    """An order that is worth a look.

    Args:
        remote_id: its number at the service.
        event_id: the sender's name for this delivery, the same when it is sent again; None where it gives none. It is
            cut to `MAX_EVENT_ID_LENGTH` characters, and has no control characters: people read it.
        request: of CANCEL_REQUESTED and CANCEL_REQUEST_WITHDRAWN, which request it is; None where the message does not
            tell, so that the open requests must be listed.
    """

    remote_id: str = field(validator=instance_of(str))
    kind: NotificationKind = field(validator=instance_of(NotificationKind))
    event_id: str | None = field(default=None, converter=_clean_event_id, validator=optional(instance_of(str)))
    request: RequestedCancellation | None = field(default=None, validator=optional(instance_of(RequestedCancellation)))

    def __attrs_post_init__(self) -> None:
        if self.request is None:
            return
        if self.kind not in (NotificationKind.CANCEL_REQUESTED, NotificationKind.CANCEL_REQUEST_WITHDRAWN):
            raise ValueError(f"a notification that an order is {self.kind.value} has no request")
        if self.request.remote_id != self.remote_id:
            raise ValueError("the request of a notification is about another order")


def _success(_: object, __: object, status: object) -> None:
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status < 300:
        raise ValueError(f"a message that was taken is answered by a status from 200 to 299, not {status!r}")


_NO_CONTENT = (204, 205)


def _one_line(_: object, __: object, text: str) -> None:
    if not text.isprintable() or not text.isascii():
        raise ValueError(f"a content type is one line of ASCII, not {text!r}")


@frozen
class WebhookReply:
    """What a service wants to be answered once its message was taken; anything else makes it send the message again.

    Args:
        status: from 200 to 299.
        body: all of it; none with 204 and 205, which have none.
        content_type: of the body; no such header is sent without one.
    """

    status: int = field(default=200, validator=_success)
    body: str = field(default="", validator=instance_of(str))
    content_type: str = field(default="text/plain; charset=utf-8", validator=[instance_of(str), _one_line])

    def __attrs_post_init__(self) -> None:
        if self.body and self.status in _NO_CONTENT:
            raise ValueError(f"a response {self.status} has no body, and {self.body!r} is to be sent")


@frozen
class WebhookSetup:
    """What is to become of our webhook at the service.

    Args:
        address: where its messages come in: a URL of ours, which nobody can guess.
        wanted: True: it is to be registered, unless it is; False: it is to be removed, if it is there. None: what is
            there is listed, and nothing is changed.
    """

    address: str = field(repr=False)
    wanted: bool | None = None


@frozen
class RegisteredWebhook:
    """A webhook that is registered at the service, for whomever.

    Args:
        id: the service's own name for it.
        address: where it sends its messages.
        event: which messages, of a service with a registration for each event; None: all.
    """

    id: str = field(validator=instance_of(str))
    address: str = field(validator=instance_of(str), repr=False)
    event: str | None = field(default=None, validator=optional(instance_of(str)))


@frozen
class WebhookList:
    """What `orderdesk_webhooks` ends with: every webhook that is registered now."""

    webhooks: tuple[RegisteredWebhook, ...] = ()
