"""Status changes of orders at their carts: each is a cancellation, or a case of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import State, settling_hint
from orderdesk_sdk.cases.status_change import CANCELED, StatusCase, settable_statuses
from orderdesk_sdk.cases.validation import select_remote_orders
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import ConflictError, InProgressError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder

__all__ = ["StatusChangeStatus", "StatusChangeService"]


@frozen
class StatusChangeStatus:
    """Where a status change stands.

    Args:
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
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self._clock = parts.clock
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
        resolved = self._order_store.resolve(order)
        return self.open(resolved, status, by=by, connections=connections, reason=reason)

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
        remote_orders = self._carts(order, connections)
        if status == CANCELED:
            names = tuple(remote_order.connection for remote_order in remote_orders)
            wanted = self._cancellations.draft(
                order, by=person, reason=reason, idempotency_key=idempotency_key, connections=names
            )
            wanted = evolve(wanted, caused_by_rules=caused_by_rules)
            return StatusChangeStatus(status, cancellation=self._cancellations.open(order, wanted))
        if reason is not None:
            raise ValidationError(
                "a reason is for canceling only", location=f"order {order.number}", hint="leave it out"
            )
        self._validate(order, remote_orders, status)
        changes = []
        for remote_order in remote_orders:
            key = None if idempotency_key is None else f"{idempotency_key} at {remote_order.connection}"
            wanted_case = self._draft(order, remote_order, status, person, caused_by_rules)
            opened = self._open_case(wanted_case, key)
            changes.append(self._scheduler.change_status(opened, order, remote_order))
        return StatusChangeStatus(status, changes=tuple(changes))

    def _draft(
        self, order: Order, remote_order: RemoteOrder, status: str, by: str, caused_by_rules: tuple[str, ...]
    ) -> StatusCase:
        now = self._clock.now()
        return StatusCase(
            id=f"s{secrets.token_hex(6)}",
            order_id=order.id,
            order_number=order.number,
            connection=remote_order.connection,
            integration=self._connections.integration_slug(remote_order.connection),
            remote_id=remote_order.remote_id,
            role=remote_order.role,
            requested_by=by,
            status=status,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            due_at=now,
            caused_by_rules=caused_by_rules,
        )

    def _open_case(self, wanted: StatusCase, idempotency_key: str | None) -> StatusCase:
        """Record the status change, or find the one that is under way there.

        Args:
            idempotency_key: names the change; the same key again is the same change.

        Raises InProgressError where another status is being set right now, and ConflictError where the key names
        another change.
        """

        def under_way(cases: Sequence[StatusCase]) -> StatusCase | None:
            return next((one for one in cases if one.is_open and one.connection == wanted.connection), None)

        opened, is_new = self._ledger.open_case(wanted, idempotency_key, under_way)
        is_same = (opened.order_id, opened.connection, opened.status) == (
            wanted.order_id,
            wanted.connection,
            wanted.status,
        )
        if not is_new and not is_same:
            raise _conflict(opened)
        return opened

    def _carts(self, order: Order, connections: Sequence[str]) -> tuple[RemoteOrder, ...]:
        remote_orders = select_remote_orders(order, self._order_store.remote_orders(order.id), connections)
        carts = tuple(
            remote_order for remote_order in remote_orders if connections or remote_order.role is ConnectionRole.CART
        )
        if not carts:
            raise InvalidStateError(
                "the order is registered at no cart",
                location=f"order {order.number}",
                hint="register its cart with `orderdesk register`, or cancel the order at its services",
            )
        return carts

    def _validate(self, order: Order, remote_orders: Sequence[RemoteOrder], status: str) -> None:
        """Refuse a status before anything is sent anywhere, where one of the places cannot set it."""
        for remote_order in remote_orders:
            integration = self._connections.get(remote_order.connection).integration
            settable = settable_statuses(integration)
            if status not in settable:
                raise ValidationError(
                    f"{integration.title} cannot set the status {status!r}",
                    location=f"order {order.number} at {remote_order.connection}",
                    hint=f"the integration can set: {', '.join(settable) or 'none'}",
                )


def _conflict(running: StatusCase) -> ConflictError:
    """What to raise where another status change than the wanted one is under way there, or has its key."""
    location = f"order {running.order_number} at {running.connection}"
    if running.is_open:
        return InProgressError(
            f"the status is being set to {running.status!r}", location=location, hint=settling_hint(running)
        )
    return ConflictError(
        "this key was used for another status", location=location, hint="use a new key for a new change"
    )
