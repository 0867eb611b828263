"""Orders as Order Desk posts them, byte by byte as PHP writes: slashes and letters escaped, its own order of keys."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote_plus

from attrs import frozen

from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.runtime.connection_config import make_from_table

__all__ = ["API_KEY", "STORE_ID", "STORE_MESSAGES", "Posted", "php_order", "posted_order", "store_messages"]

STORE_ID, API_KEY = "20117", "an-api-key-of-a-store"


def store_messages(store_id: str = STORE_ID, api_key: str = API_KEY, **limits: object) -> MessageConfig:
    """The settings of a desk that takes a store's orders; other limits than the defaults by name."""
    table = {"store_id": store_id, "api_key": {"text": api_key}, **limits}
    return make_from_table(MessageConfig, table, "[messages]", {})


STORE_MESSAGES = store_messages()


@frozen
class Posted:
    """A request of Order Desk."""

    headers: dict[str, str]
    body: bytes


def php_order(order_id: str, number: str = "1042", *, updated: str = "2026-11-30 17:00:00") -> str:
    """The JSON of an order that is no other program's: keys in no order, escaped slashes, text beyond ASCII."""
    return (
        f'{{"source_name":"Shopify \\/ EU","id":"{order_id}","email":"mara@example.com","folder_id":21654,'
        f'"shipping":{{"first_name":"M\\u00e4ra","last_name":"Łindt","city":"K\\u00f6ln"}},'
        f'"source_id":"{number}","order_total":10.50,"checkout_data":[],"date_updated":"{updated}"}}'
    )


def posted_order(
    text: str, *, key: str = API_KEY, store_id: str = STORE_ID, appointment: str | None = None, **headers: str
) -> Posted:
    """A signed request.

    Args:
        headers: others, with _ in place of -.
    """
    made = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-ORDER-DESK-STORE-ID": store_id,
        "X-ORDER-DESK-HASH": hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    if appointment is not None:
        made["X-ORDER-DESK-APPOINTMENT-ID"] = appointment
    return Posted(made, b"order=" + quote_plus(text.encode()).encode())
