"""Webhook profiles: how to read webhooks whose shape their recipient configures at the service.

[connections.acme.settings.webhook]
order = "/sourceOrderId"                # JSON pointers (RFC 6901) into the message: the order's number at the service
event = "/event"                        # what happened, or
status = "/status"                      # what the order now is; at least one of the two
event_id = "/id"                        # what stays the same when the message is sent again; may be left out
header = "authorization"                # where the agreed token comes: a header,
token_path = "/token"                   # a field of the message,
query = "token"                         # or a parameter of the URL; one of the three
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, SignatureVerificationError
from orderdesk_sdk.plugin.profiles.json_pointer import read_pointer, value_at_pointer
from orderdesk_sdk.plugin.routes import normalize_status
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.toolkit.signatures import verify_token
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.secret import Secret

__all__ = ["WebhookProfile", "notifications_by_profile", "read_webhook_profile"]

LOCATION = "message"
POINTERS = ("order", "event", "status", "event_id", "token_path")
_NAMES = {"header": "must be a header's name", "query": "must be the name of a parameter"}


@frozen
class WebhookProfile:
    """Where in a message its parts stand, as JSON pointers; None: the messages do not have it.

    Args:
        header: lower case.
        query: the name of a parameter of the URL.
    """

    order: str
    event: str | None = None
    status: str | None = None
    event_id: str | None = None
    token_path: str | None = None
    header: str | None = None
    query: str | None = None


def read_webhook_profile(value: object, location: str) -> WebhookProfile:
    """A profile as configured. Raises ConfigurationError that names the field, with a hint."""
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table was expected", location=location)
    for name in value:
        if name not in (*POINTERS, *_NAMES):
            known = ", ".join((*POINTERS, *_NAMES))
            raise ConfigurationError(f"unknown key {name!r}", location=location, hint=f"known are {known}")
    if "order" not in value:
        raise ConfigurationError("is missing", location=f"{location}.order", hint="say where the order's number stands")
    if "event" not in value and "status" not in value:
        raise ConfigurationError("event or status is missing", location=location, hint="say where one of them stands")
    if sum(name in value for name in ("token_path", *_NAMES)) != 1:
        hint = 'add one of token_path = "/token" (in the message), header = "authorization" and query = "token"'
        raise ConfigurationError("the location of the token must be given once", location=location, hint=hint)
    for name in _NAMES:
        given = value.get(name, name)
        if not isinstance(given, str) or not given.strip():
            raise ConfigurationError(_NAMES[name], location=f"{location}.{name}")
    pointers = {name: read_pointer(value[name], f"{location}.{name}") for name in POINTERS if name in value}
    header, query = (str(value[name]).strip() if name in value else None for name in _NAMES)
    return WebhookProfile(**pointers, header=header.lower() if header is not None else None, query=query)


def notifications_by_profile(
    profile: WebhookProfile | None, request: WebhookRequest, token: Secret, kinds: Mapping[str, NotificationKind]
) -> tuple[OrderNotification, ...]:
    """What a message by a profile is about, after its token was found to be `token`.

    Args:
        kinds: what events and statuses mean, their words folded; any other word means that something changed.

    Raises SignatureVerificationError for another token, or where no profile or token is configured, and
    MalformedResponseError.
    """
    if profile is None or not token.reveal():
        raise SignatureVerificationError(
            "this connection expects no webhooks", hint="configure webhook and its token, or send none"
        )
    document = _json(request.body)
    _verify_token(profile, request, document, token)
    if document is None:
        raise MalformedResponseError(f"the webhook is not JSON ({len(request.body)} bytes)", location=LOCATION)
    words = [
        str(value_at_pointer(document, pointer, LOCATION)) for pointer in (profile.event, profile.status) if pointer
    ]
    kind = next(
        (kinds[normalize_status(word)] for word in words if normalize_status(word) in kinds), NotificationKind.CHANGED
    )
    event_id = _text_at(document, profile.event_id) if profile.event_id else None
    return (OrderNotification(_text_at(document, profile.order), kind, event_id),)


def _verify_token(profile: WebhookProfile, request: WebhookRequest, document: object, token: Secret) -> None:
    shown: object = request.headers.get(profile.header or "", "")
    if profile.query is not None:
        shown = request.query.get(profile.query, "")
    if profile.token_path is not None:
        try:
            shown = value_at_pointer(document, profile.token_path, LOCATION)
        except MalformedResponseError:
            shown = ""
    verify_token(str(shown), token, location=LOCATION)


def _json(body: bytes) -> object:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def _text_at(document: object, pointer: str) -> str:
    """The text at a place; templates also write a number without its quotes."""
    value = value_at_pointer(document, pointer, LOCATION)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise MalformedResponseError(f"{pointer} is not a text", location=LOCATION)
    return str(value).strip()
