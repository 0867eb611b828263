"""Cancel orders where they really are: plugins declare how, a core asks, follows up and proves the result.

The names below are the public ones; each is loaded when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import Case, State
    from orderdesk_sdk.cases.plan import Plan
    from orderdesk_sdk.cases.receipt import Receipt
    from orderdesk_sdk.desk.cancellations import Standing
    from orderdesk_sdk.desk.config import Config, read_config
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.errors import OrderDeskError
    from orderdesk_sdk.orders.order import Order, Placement
    from orderdesk_sdk.plugin.hookspecs import hookimpl
    from orderdesk_sdk.plugin.integration import Integration
    from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = [
    "Case",
    "Config",
    "ConnectionConfig",
    "Desk",
    "Integration",
    "Order",
    "OrderDeskError",
    "Placement",
    "Plan",
    "Receipt",
    "Standing",
    "State",
    "hookimpl",
    "read_config",
]

_HOMES = {
    "Case": "cases.case",
    "Config": "desk.config",
    "ConnectionConfig": "runtime.connection_config",
    "Desk": "desk.desk",
    "Integration": "plugin.integration",
    "Order": "orders.order",
    "OrderDeskError": "errors",
    "Placement": "orders.order",
    "Plan": "cases.plan",
    "Receipt": "cases.receipt",
    "Standing": "desk.cancellations",
    "State": "cases.case",
    "hookimpl": "plugin.hookspecs",
    "read_config": "desk.config",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
