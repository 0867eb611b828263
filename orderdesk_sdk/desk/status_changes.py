"""Status changes of orders at their carts: each is a cancellation, or a case of its own."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cases.validation import select_remote_orders
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.runtime.handlers.status_change import CANCELED, settable_statuses

__all__ = ["StatusChangeStatus", "StatusChangeService"]


@frozen
class StatusChangeStatus:
    """Where a status change stands.

    cancellation: where the status is "canceled"; None for any other.
    changes: one per cart, for any other status.
    """

    status: str
    cancellation: CancellationStatus | None = None
    changes: tuple[StatusCase, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        settled = self.cancellation is None or self.cancellation.is_settled
        return settled and not any(change.is_open for change in self.changes)


class StatusChangeService:
    """Statuses of orders at their carts. Reached as `desk.status_changes`."""

    def __init__(self, parts: DeskParts, cancellations: CancellationService) -> None:
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self.rule_trigger = parts.rule_trigger
        self._cancellations = cancellations

    @then_rules_act
    def create(
        self, order: str, status: str, *, by: str, connections: Sequence[str] = (), reason: str | None = None
    ) -> StatusChangeStatus:
        """Give an order a status at its carts, or at the connections `connections`.

        "canceled" is a cancellation there like any other: the cart is told last (law 8), and `reason` is for it. Raises
        ValidationError for a status that cannot be set, with those that can, and InvalidStateError for an order that is
        at no cart.
        """
        found = self._order_store.resolve(order)
        return self.open(found, status, by=by, connections=connections, reason=reason)

    def open(
        self,
        order: Order,
        status: str,
        *,
        by: str,
        connections: Sequence[str] = (),
        reason: str | None = None,
        idempotency_key: str | None = None,
        caused_by_rules: tuple[str, ...] = (),
    ) -> StatusChangeStatus:
        """As `create`, for whoever is not a person, a rule's action say: the rules do not act on it at once."""
        person = require_actor(by)
        placements = self._carts(order, connections)
        if status == CANCELED:
            names = tuple(placement.connection for placement in placements)
            wanted = self._cancellations.draft(
                order, by=person, reason=reason, idempotency_key=idempotency_key, connections=names
            )
            wanted = evolve(wanted, caused_by_rules=caused_by_rules)
            return StatusChangeStatus(status, cancellation=self._cancellations.open(order, wanted))
        if reason is not None:
            raise ValidationError(
                "a reason is for canceling only", location=f"order {order.number}", hint="leave it out"
            )
        self._validate(order, placements, status)
        changes = [
            self._scheduler.change_status(
                order,
                placement,
                status,
                requested_by=person,
                idempotency_key=None if idempotency_key is None else f"{idempotency_key} at {placement.connection}",
                caused_by_rules=caused_by_rules,
            )
            for placement in placements
        ]
        return StatusChangeStatus(status, changes=tuple(changes))

    def _carts(self, order: Order, connections: Sequence[str]) -> tuple[RemoteOrder, ...]:
        placements = select_remote_orders(order, self._order_store.remote_orders(order.id), connections)
        found = tuple(placement for placement in placements if connections or placement.role is ConnectionRole.CART)
        if not found:
            raise InvalidStateError(
                "the order is registered at no cart",
                location=f"order {order.number}",
                hint="register its cart with `orderdesk register`, or cancel it at its services",
            )
        return found

    def _validate(self, order: Order, remote_orders: Sequence[RemoteOrder], status: str) -> None:
        """Refuse a status before anything is sent anywhere, where one of the places cannot set it."""
        for placement in remote_orders:
            integration = self._connections.get(placement.connection).integration
            known = settable_statuses(integration)
            if status not in known:
                raise ValidationError(
                    f"{integration.title} cannot set the status {status!r}",
                    location=f"order {order.number} at {placement.connection}",
                    hint=f"it can set: {', '.join(known) or 'none'}",
                )
