"""References to orders in URLs: an order's id where a path can hold it, else the id in base64url behind a ~."""

from __future__ import annotations

import base64
import binascii
import re

from orderdesk_sdk.errors import NotFoundError

__all__ = ["order_id", "order_ref"]

_PLAIN = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,200}", re.ASCII)
_MAX_LENGTH = 1000
"""Characters of a reference; no order's id makes one as long."""


def order_ref(order_id: str) -> str:
    """The reference of an order, for a path."""
    if _PLAIN.fullmatch(order_id):
        return order_id
    return "~" + base64.urlsafe_b64encode(order_id.encode()).decode().rstrip("=")


def order_id(reference: str) -> str:
    """The id that `order_ref` gave this reference for. Raises NotFoundError for any other text."""
    if _PLAIN.fullmatch(reference):
        return reference
    try:
        if not reference.startswith("~") or len(reference) > _MAX_LENGTH:
            raise ValueError
        text = reference[1:]
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        found = ""
    if not found or order_ref(found) != reference:
        raise NotFoundError("there is no such order", hint="take the reference from a list of orders")
    return found
