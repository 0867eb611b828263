"""What a scheduler is made of, and its parts when they are made later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.transport.shutdown import Shutdown

if TYPE_CHECKING:
    from orderdesk_sdk.runtime.handlers.email import CancellationEmail

__all__ = ["SchedulerDependencies"]


@frozen(eq=False)
class SchedulerDependencies:
    """What a scheduler is made of.

    Args:
        make_email: makes what sends the cancellation e-mails, when the first case is handled.
    """

    ledger: Ledger
    order_store: OrderStoreById
    connections: Connections
    listeners: Listeners
    make_email: Callable[[], CancellationEmail]
    clock: Clock
    shutdown: Shutdown
