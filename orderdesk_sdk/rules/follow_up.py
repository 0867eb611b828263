"""What follows from an order event beside the rules, where an order store wants to hear of it."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.orders.order import Order

__all__ = ["EventFollowUp", "FollowUp"]


@frozen
class FollowUp:
    """What was done about an event.

    Args:
        executions: what could not be done, to be recorded with the event.
        goes_on: whether the rules are to act on it. False: it turned out not to be so.
    """

    executions: tuple[RuleExecution, ...] = ()
    goes_on: bool = True


class EventFollowUp(Protocol):
    """Is told of each event before the rules are. Told again after a crash, so it does nothing twice."""

    def follow(self, event: OrderEvent, order: Order) -> FollowUp:
        """Do what follows. Whatever it raises leaves the event pending."""
        raise NotImplementedError
