"""Statuses: what "change the status at the cart" leads to, at each cart: a cancellation, or a case."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.cases.validation import select_remote_orders
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus, NewCancellation
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.handlers.status_change import CANCELED, settable_statuses
from orderdesk_sdk.runtime.scheduler import Scheduler

__all__ = ["StatusChangeStatus", "StatusChangeService"]


@frozen
class StatusChangeStatus:
    """Where the cancellation for a status stands. canceled: the cancellation, where the status is "canceled".

    Else None.

    changes: one per cart, for any other status.
    """

    status: str
    cancellation: CancellationStatus | None = None
    changes: tuple[StatusChange, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        settled = self.cancellation is None or self.cancellation.is_settled
        return settled and not any(change.is_open for change in self.changes)


class StatusChangeService:
    """Makes cancellations for a status."""

    def __init__(
        self,
        order_store: OrderStoreById,
        connections: Connections,
        scheduler: Scheduler,
        cancellations: CancellationService,
    ) -> None:
        self._order_store = order_store
        self._connections = connections
        self._scheduler = scheduler
        self._cancellations = cancellations

    def create(
        self,
        order: Order,
        status: str,
        *,
        requested_by: str,
        connections: Sequence[str] = (),
        reason: str | None = None,
        idempotency_key: str | None = None,
        caused_by_rules: tuple[str, ...] = (),
    ) -> StatusChangeStatus:
        """Give an order a status at its carts, or at the connections `connections`.

        Raises as `Desk.change_status` says.
        """
        remote_orders = self._carts(order, connections)
        if status == CANCELED:
            names = tuple(remote_order.connection for remote_order in remote_orders)
            cancellation = NewCancellation(
                order_id=order.id,
                requested_by=requested_by,
                reason=reason,
                idempotency_key=idempotency_key,
                connections=names,
                caused_by_rules=caused_by_rules,
            )
            return StatusChangeStatus(status, cancellation=self._cancellations.create(cancellation))
        if reason is not None:
            raise ValidationError(
                "a reason is for canceling only", location=f"order {order.number}", hint="leave it out"
            )
        self._validate(order, remote_orders, status)
        changes = [
            self._scheduler.change_status(
                order,
                remote_order,
                status,
                requested_by=requested_by,
                idempotency_key=None if idempotency_key is None else f"{idempotency_key} at {remote_order.connection}",
                caused_by_rules=caused_by_rules,
            )
            for remote_order in remote_orders
        ]
        return StatusChangeStatus(status, changes=tuple(changes))

    def _carts(self, order: Order, connections: Sequence[str]) -> tuple[RemoteOrder, ...]:
        remote_orders = select_remote_orders(order, self._order_store.remote_orders(order.id), connections)
        found = tuple(
            remote_order for remote_order in remote_orders if connections or remote_order.role is ConnectionRole.CART
        )
        if not found:
            raise InvalidStateError(
                "the order is at no cart, so there is no status to change",
                location=f"order {order.number}",
                hint="register its cart with `orderdesk register`, or cancel it at its services",
            )
        return found

    def _validate(self, order: Order, remote_orders: Sequence[RemoteOrder], status: str) -> None:
        """Refuse a status before anything is sent anywhere, where one of the places cannot set it."""
        for remote_order in remote_orders:
            integration = self._connections.get(remote_order.connection).integration
            known = settable_statuses(integration)
            if status not in known:
                raise ValidationError(
                    f"{integration.title} cannot set the status {status!r}",
                    location=f"order {order.number} at {remote_order.connection}",
                    hint=f"it can set: {', '.join(known) or 'none'}",
                )
