"""The orders that Order Desk posts: its rule action Post Order JSON, read and verified. Pure.

A form is posted, whose field `order` holds the order's JSON. The header X-ORDER-DESK-HASH is the HMAC-SHA256 of that
field's text, in hex, keyed with the store's API key, and X-ORDER-DESK-STORE-ID names the store
(https://help.orderdesk.com/article/34-post-order-information-to-a-custom-script). The hash is over the text as it was
sent: made anew of the parsed JSON it would be another one, for PHP escapes slashes and keeps its own order of keys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from attrs import frozen

from orderdesk_sdk.errors import SignatureVerificationError, ValidationError
from orderdesk_sdk.orders.serialization.json_text import parse_json
from orderdesk_sdk.secret import Secret

__all__ = ["PostedOrder", "read_posted_order"]

LOCATION = "Post Order JSON"
MAX_NAME_LENGTH = 100
"""Characters of an order's id or number, and of an appointment's name."""
MAX_FIELDS = 50
"""Fields of the form. Order Desk sends one."""
_FORM = "application/x-www-form-urlencoded"
_ID = re.compile(r"[0-9A-Za-z._-]{1,100}")


@frozen
class PostedOrder:
    """What a posted order says of itself.

    Args:
        number: the cart's number, else the id.
        appointment_id: the name of the appointment that sent it, the same when it is sent again. Not signed. None: none
            was sent.
        digest: of the order's whole text.
    """

    store_id: str
    order_id: str
    number: str
    appointment_id: str | None
    digest: str


def read_posted_order(headers: Mapping[str, str], body: bytes, *, store_id: str, keys: Iterable[Secret]) -> PostedOrder:
    """A posted order, once it is found to come from this store.

    Args:
        headers: names in lower case.
        body: as it came.
        keys: any of them is good, as while one is being changed; an empty one never is.

    Raises SignatureVerificationError for one that was not signed with a key or names another store, ValidationError for
    one that cannot be read.
    """
    kind = headers.get("content-type", _FORM).partition(";")[0].strip().lower()
    if kind != _FORM:
        raise ValidationError(f"a form was expected, not {kind[:60]!r}", location=LOCATION)
    text = _order_field(body)
    _verify(headers, text, store_id, keys)
    order = parse_json(text, location=LOCATION)
    if not isinstance(order, Mapping):
        raise ValidationError("the field order is not an object", location=LOCATION)
    order_id = _name_at(order, "id")
    if order_id is None or not _ID.fullmatch(order_id):
        raise ValidationError("the order has no id", location=LOCATION)
    appointment = headers.get("x-order-desk-appointment-id", "").strip()
    is_named = appointment.isprintable() and 0 < len(appointment) <= MAX_NAME_LENGTH
    digest = hashlib.sha256(text).hexdigest()
    number = _name_at(order, "source_id") or order_id
    return PostedOrder(store_id, order_id, number, appointment if is_named else None, digest)


def _order_field(body: bytes) -> bytes:
    """The bytes of the one field `order`, decoded once and otherwise as they came."""
    fields = body.split(b"&", MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        raise ValidationError("the form has too many fields", location=LOCATION)
    values = []
    for field in fields:
        name, equals, value = field.partition(b"=")
        if equals and _decode(name) == b"order":
            values.append(_decode(value))
    if len(values) != 1:
        raise ValidationError(
            f"the form has {len(values) or 'no'} field{'s' * (len(values) > 1)} named order", location=LOCATION
        )
    return values[0]


def _decode(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))


def _verify(headers: Mapping[str, str], text: bytes, store_id: str, keys: Iterable[Secret]) -> None:
    """Raises SignatureVerificationError. How long it takes tells nothing of how much of a guess is right."""
    usable = [key.reveal().encode() for key in keys if key.reveal()]
    if not usable:
        raise SignatureVerificationError(
            "there is no key to judge its hash by", location=LOCATION, hint="configure the store's API key"
        )
    shown = headers.get("x-order-desk-hash", "").strip().lower().encode("utf-8", "replace")
    made = [hmac.digest(key, text, "sha256").hex().encode() for key in usable]
    is_signed = sum(hmac.compare_digest(one, shown) for one in made) > 0  # Every key is compared.
    sender = headers.get("x-order-desk-store-id", "").strip().encode("utf-8", "replace")
    is_ours = hmac.compare_digest(sender, store_id.encode())
    if not (is_signed and is_ours):
        text_of_fault = "its hash was not made with the store's API key" if is_ours else "it names another store"
        raise SignatureVerificationError(
            text_of_fault, location=LOCATION, hint="compare store id and API key with those in Order Desk"
        )


def _name_at(order: Mapping[str, object], key: str) -> str | None:
    """A text or whole number, as text; None where there is none, or it is no name."""
    value = order.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if text.isprintable() and 0 < len(text) <= MAX_NAME_LENGTH else None
