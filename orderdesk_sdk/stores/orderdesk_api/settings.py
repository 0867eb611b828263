"""The account of a store at Order Desk: the `[orders]` table of a configuration that has a store's id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings, url
from orderdesk_sdk.secret import Secret

__all__ = ["DEFAULT_URL", "OrderDeskSettings", "is_order_desk", "read_connection_names"]

DEFAULT_URL = "https://app.orderdesk.me/api/v2"
"""Order Desk's own API. Source: https://apidocs.orderdesk.com/"""
_STORE_ID = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
_ONLY_HERE = frozenset({"store_id", "api_key", "contact"})
_CONTACT = re.compile(r"(?=.*(?:@|://))[!-'*-~]{3,100}", re.ASCII)
"""An address or URL that may stand in a comment of a User-Agent: visible characters but parentheses."""


def is_order_desk(table: Mapping[str, object]) -> bool:
    """Whether a table `[orders]` is meant to lead to a store at Order Desk, perhaps with a key missing."""
    return any(name in _ONLY_HERE or (isinstance(value, Mapping) and name != "url") for name, value in table.items())


def _read_store_id(value: object, location: str) -> str:
    if not isinstance(value, str) or not _STORE_ID.fullmatch(value):
        raise ConfigurationError("this is not a store id", location=location, hint='write it as store_id = "12345"')
    return value


def _read_contact(value: object, location: str) -> str:
    if not isinstance(value, str) or not _CONTACT.fullmatch(value):
        raise ConfigurationError(
            "this is not an e-mail address or URL", location=location, hint='write it as contact = "ops@example.com"'
        )
    return value


def _read_timezone(value: object, location: str) -> str:
    try:
        return str(ZoneInfo(str(value))) if value else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"{value!r} is not a time zone", location=location, hint='write it as "America/Los_Angeles"'
        ) from None


def read_connection_names(value: object, location: str) -> Mapping[str, str]:
    """The table of connections by Order Desk's names. Raises ConfigurationError."""
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(connection, str) for name, connection in value.items()
    ):
        raise ConfigurationError(
            "a table of Order Desk's names and connections was expected",
            location=location,
            hint='write it as connections = { "Bay Photo" = "bay", "Etsy" = "" }',
        )
    return dict(value)


@settings
class OrderDeskSettings:
    """A store at Order Desk. The first three have no default."""

    store_id: str = custom(_read_store_id, help="the store's id, at Store Settings > API")
    api_key: Secret = secret(help="the store's API key, made at Store Settings > API")
    contact: str = custom(_read_contact, help="an e-mail address or URL that Order Desk may write to about the calls")
    url: str = url(help="where the API is", default=DEFAULT_URL)
    connections: Mapping[str, str] = custom(
        read_connection_names,
        help="which connection Order Desk's name of a cart or a service stands for; an empty text: none of ours",
        default={},
    )
    canceled_folder: str = setting(
        str, help="where a canceled order is moved, last of all; an empty text: nowhere", default="Canceled"
    )
    remote_number: str = setting(
        str,
        help="the number of an order at a service for which Order Desk has none: the cart's, or Order Desk's id",
        default="source_id",
        choices=("source_id", "id"),
    )
    item_methods: str = setting(
        str,
        help="whether an item's fulfillment method counts for every order, or once the order was submitted anywhere",
        default="submitted",
        choices=("submitted", "always", "never"),
    )
    timezone: str = custom(
        _read_timezone,
        help="the store's time zone, for a store that does not tell it; an empty text: as the store says",
        default="",
    )
    search_days: int = setting(
        int,
        help="how many days back orders are listed, and looked for by their number",
        default=400,
        minimum=1,
        maximum=3650,
    )
    reuse_reads_for: int = setting(
        int, help="seconds for which an order that was read is not read again; 0: always", default=1, maximum=60
    )
