"""Events of orders, which rules hear, and what the rules did about them. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

__all__ = ["OrderEventKind", "OrderEvent", "RuleExecution"]


class OrderEventKind(enum.Enum):
    """What rules can react to."""

    ORDER_IMPORTED = "order imported"
    """Once per order, the first time it comes in."""
    ORDER_MOVED = "order moved"
    """An order came into another folder than it was in."""
    CASE_SETTLED = "case settled"
    """A cancellation is decided at one place."""
    CANCELED_EXTERNALLY = "canceled externally"
    """A place canceled an order by itself, and it was polled there. Which others follow is for rules to say."""
    ORDER_CANCELED = "order canceled"
    """The last place that held an order has said that it is canceled there, once per cancellation."""
    ACTION_FAILED = "action failed"
    """A rule's action could not be done."""


@frozen
class OrderEvent:
    """Something that happened to an order.

    Args:
        id: unique; the same again is the same event.
        field_values: beside the order's own, `FIELDS` by name.
        caused_by_rules: the names of the rules whose actions led here, first first.
    """

    id: str
    kind: OrderEventKind
    order_id: str
    at: datetime
    field_values: Mapping[str, str] = field(factory=dict, hash=False)
    caused_by_rules: tuple[str, ...] = ()


@frozen
class RuleExecution:
    """What came of one action of a rule that fired.

    Args:
        error: why it could not be done, else None.
        action: "" where the rule's filter failed on the order, so that nobody knows whether it would have fired.
    """

    rule: str
    action: str
    message: str
    error: str | None = None
