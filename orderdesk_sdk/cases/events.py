"""Events of orders, which trigger rules, and what the rules did about them. Pure."""

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
    """An order was moved to another folder."""
    CASE_SETTLED = "case settled"
    """A cancellation is settled at one connection."""
    CANCELED_EXTERNALLY = "canceled externally"
    """A service canceled an order by itself, and a poll has proved it. Which others follow is for rules to say."""
    ORDER_CANCELED = "order canceled"
    """The last connection that held an order has canceled it, once per cancellation."""
    CANCEL_REQUESTED = "cancel requested"
    """Somebody else asks us to cancel it, once per request."""
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
    """What came of one action of a rule that matched.

    Args:
        error: why it could not be done, else None.
        action: "" where the rule's filter failed on the order, so that it is unknown whether the rule matches.
    """

    rule: str
    action: str
    message: str
    error: str | None = None
