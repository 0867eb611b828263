"""What the services of a desk share."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.rule_trigger import RuleTrigger
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.scheduler import Scheduler

__all__ = ["DeskParts", "require_actor"]


@frozen
class DeskParts:
    """The parts that every service of one desk works with."""

    ledger: Ledger
    order_store: OrderStoreById
    connections: Connections
    scheduler: Scheduler
    clock: Clock
    rule_trigger: RuleTrigger


def require_actor(by: str) -> str:
    """The name of whoever makes a request, without blanks around it. Raises ValidationError for a blank one."""
    if not by.strip():
        raise ValidationError("`by` is required", hint="name the person or rule making this request")
    return by.strip()
