"""A sound API profile, and what its flows are given."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.plugin.profiles.api_profile import ApiProfile, read_api_profile
from orderdesk_sdk.plugin.service import Service
from tests.support.builders import NOW

PLACE = "[connections.acme].settings.api"
SERVICE = Service("acme", None, "https://acme.example/v1/", NOW, "agent", ConnectionRole.FULFILLMENT)
ORDER = Order("id-7", "A 7")
GOOD: Mapping[str, Any] = {
    "cancel": {
        "method": "POST",
        "path": "/orders/{remote_id}/cancel",
        "body": {"order": "{order_number}", "notes": ["{reason}", 1, None], "really": True},
        "accepted": [200, 202],
        "rejected": [409, 422],
        "not_found": [404],
    },
    "read": {
        "path": "/orders/{remote_id}",
        "status": "/order/states/0/name",
        "number": "/order/number",
        "canceled": ["Cancelled"],
        "shipped": ["shipped"],
        "pending": ["in production"],
    },
}


def changed(table: str, **values: object) -> dict[str, Any]:
    """The good profile with values of one of its tables set otherwise; None leaves the value out."""
    made: dict[str, Any] = deepcopy(dict(GOOD))
    made[table] = {name: value for name, value in {**made[table], **values}.items() if value is not None}
    return made


def good(**cancel: object) -> ApiProfile:
    """The good profile with values of its cancel set otherwise."""
    return read_api_profile(changed("cancel", **cancel), PLACE)
