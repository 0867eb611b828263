"""Postback profiles: how to read messages whose shape their recipient configures at the service. Nothing is invented.

[connections.acme.settings.postback]
order = "/sourceOrderId"                # JSON pointers (RFC 6901) into the message: the order's number at the service
event = "/event"                        # what happened, or
status = "/status"                      # what the order now is; at least one of the two
delivery = "/id"                        # what stays the same when the message is sent again; may be left out
header = "authorization"                # where the agreed token comes: a header,
token_at = "/token"                     # or a place in the message; one of the two
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, UntrustedMessage
from orderdesk_sdk.plugin.profiles.json_pointer import read_pointer, value_pointed
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply
from orderdesk_sdk.plugin.webhooks import Hint, HintKind, Message
from orderdesk_sdk.secret import Secret

__all__ = ["PostbackProfile", "postback_hints", "read_postback_profile"]

PLACE = "message"
POINTERS = ("order", "event", "status", "delivery", "token_at")


@frozen
class PostbackProfile:
    """Where in a message its parts stand, as JSON pointers; None: the messages do not have it. header: lower case."""

    order: str
    event: str | None = None
    status: str | None = None
    delivery: str | None = None
    token_at: str | None = None
    header: str | None = None


def read_postback_profile(value: object, place: str) -> PostbackProfile:
    """A profile as configured. Raises ConfigurationError that names the field and the remedy."""
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table was expected", place=place)
    for name in value:
        if name not in (*POINTERS, "header"):
            known = ", ".join((*POINTERS, "header"))
            raise ConfigurationError(f"unknown key {name!r}", place=place, remedy=f"known are {known}")
    if "order" not in value:
        raise ConfigurationError("is missing", place=f"{place}.order", remedy="say where the order's number stands")
    if "event" not in value and "status" not in value:
        raise ConfigurationError("event or status is missing", place=place, remedy="say where one of them stands")
    if ("token_at" in value) == ("header" in value):
        remedy = 'add token_at = "/token" for one in the message, or header = "authorization"; not both'
        raise ConfigurationError("there is not one place for the token", place=place, remedy=remedy)
    header = value.get("header")
    if header is not None and (not isinstance(header, str) or not header.strip()):
        raise ConfigurationError("must be a header's name", place=f"{place}.header")
    pointers = {name: read_pointer(value[name], f"{place}.{name}") for name in POINTERS if name in value}
    return PostbackProfile(**pointers, header=header.strip().lower() if header is not None else None)


def postback_hints(
    profile: PostbackProfile | None, message: Message, token: Secret, kinds: Mapping[str, HintKind]
) -> tuple[Hint, ...]:
    """What a message by a profile is about, after its token was found to be `token`.

    kinds: what events and statuses mean, their words folded; any other word means that something changed. Raises
    UntrustedMessage for another token, or where no profile or token is configured, and MalformedReply.
    """
    if profile is None or not token.reveal():
        raise UntrustedMessage("no messages are expected", remedy="configure postback and its token, or send none")
    document = _json(message.body)
    _demand_token(profile, message, document, token)
    if document is None:
        raise MalformedReply(f"it is not JSON ({len(message.body)} bytes)", place=PLACE)
    words = [str(value_pointed(document, pointer, PLACE)) for pointer in (profile.event, profile.status) if pointer]
    kind = next((kinds[fold(word)] for word in words if fold(word) in kinds), HintKind.CHANGED)
    delivery = _text(document, profile.delivery) if profile.delivery else None
    return (Hint(_text(document, profile.order), kind, delivery),)


def _demand_token(profile: PostbackProfile, message: Message, document: object, token: Secret) -> None:
    shown: object = message.headers.get(profile.header or "", "")
    if profile.token_at is not None:
        try:
            shown = value_pointed(document, profile.token_at, PLACE)
        except MalformedReply:
            shown = ""
    # In constant time: how long it takes must not tell how much of a guess is right.
    if not hmac.compare_digest(str(shown).encode("utf-8", "replace"), token.reveal().encode()):
        raise UntrustedMessage("the token in it is not the agreed one", remedy="compare it with the one configured")


def _json(body: bytes) -> object:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def _text(document: object, pointer: str) -> str:
    """The text at a place; templates also write a number without its quotes."""
    value = value_pointed(document, pointer, PLACE)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise MalformedReply(f"{pointer} is not a text", place=PLACE)
    return str(value).strip()
