"""How an order is named: by its id, by its number, or by a text of which nobody knows yet which of the two it is.

A person types a number, and now and then an id; one text may be the id of one order and the number of another, and two
shops may both have a 1001. So `id:` and `number:` say which it is, and inside the SDK only ids are used.
"""

from __future__ import annotations

from typing import Final

__all__ = ["OrderId", "OrderNumber", "order_ref"]


class OrderId(str):
    """An order's id, and nothing else: whatever number another order has."""

    __slots__ = ()


class OrderNumber(str):
    """An order's number, and nothing else."""

    __slots__ = ()


_KINDS: Final = (("id:", OrderId), ("number:", OrderNumber))


def order_ref(text: str) -> str:
    """What a person typed for an order: an `OrderId`, an `OrderNumber`, or the text as it is where it says neither."""
    if not isinstance(text, OrderId | OrderNumber):
        for prefix, kind in _KINDS:
            if text.startswith(prefix):
                return kind(text.removeprefix(prefix))
    return text
