"""The store's records as its API writes them: PHP's empty arrays, and numbers that are texts in one place only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from orderdesk_devkit.simulators.orderdesk.records import NUMBERS, Record, number
from orderdesk_devkit.simulators.orderdesk.state import StoredOrder

__all__ = ["Views"]

_TEXT_WHEN_MIXED: Final = frozenset({"email_count", "price", "amount"})
"""Numbers that the reference's sample order has as text; every other one is a number there."""
_FREE: Final = frozenset({"checkout_data", "order_metadata", "variation_list", "metadata"})
"""Whose keys and values are the client's own: they are never rewritten."""


class Views:
    """How records are written. `option` tells what is chosen for a switch."""

    def __init__(self, option: Callable[[str], str]) -> None:
        self._option = option

    def order(self, order: StoredOrder, *, history: bool = False) -> Record:
        """An order as a reply shows it, with its shipments; its history only where it is asked for."""
        shown: Record = {name: self._value(name, value) for name, value in order.record.items()}
        shown["order_shipments"] = [dict(row) for row in order.shipments]
        if history:
            shown["order_history"] = [dict(row) for row in order.history]
        return shown

    def item(self, item: Mapping[str, Any]) -> Record:
        """An item as a reply shows it."""
        return {name: self._value(name, value) for name, value in item.items()}

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            if not value:
                return [] if self._option("empty_objects") == "list" else {}
            return dict(value) if name in _FREE else self.item(value)
        if isinstance(value, list):
            return [self.item(one) if isinstance(one, dict) else one for one in value]
        if name not in NUMBERS:
            return value
        how = self._option("numbers")
        as_text = how == "texts" or (how == "mixed" and name in _TEXT_WHEN_MIXED)
        return _written(number(value)) if as_text else number(value)


def _written(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
