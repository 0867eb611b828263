"""The page of the settings of a live Order Desk store, made of the class that reads them."""

from __future__ import annotations

from docs.prose import table
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings

__all__ = ["order_store_page"]

_INTRO = (
    "The keys of `[orders]` in `orderdesk.toml` where the orders are in a live Order Desk store: wherever the table "
    "has a `store_id`. How it is used says [the page about it](../how-to/order-desk-store.md)."
)


def order_store_page() -> str:
    """A row for each setting."""
    rows = [(f"`{one.name}`", one.help, _default(one)) for one in settings_fields(OrderDeskSettings)]
    return "\n".join(
        ["# The settings of an Order Desk store", "", _INTRO, "", *table(("key", "what", "default"), rows)]
    )


def _default(field: SettingField) -> str:
    if field.required:
        return 'required, as `{ env = "NAME" }`' if field.kind is SettingKind.SECRET else "required"
    if field.choices:
        return f"`{field.default}`, of {', '.join(f'`{choice}`' for choice in field.choices)}"
    return f"`{field.default}`" if field.default else "none"
