"""Statuses: what "change the status at the cart" leads to, at each cart: a cancellation, or an errand."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.cases.validation import wanted_placements
from orderdesk_sdk.desk.cancellations import Standing, Wish, Wishes
from orderdesk_sdk.errors import InputError, NotAllowedError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.handlers.status_change import CANCELED, settable_statuses
from orderdesk_sdk.runtime.scheduler import InlineEngine

__all__ = ["StatusStanding", "Statuses"]


@frozen
class StatusStanding:
    """Where the wish for a status stands. canceled: the cancellation, where the status is "canceled"; else None.

    changes: one per cart, for any other status.
    """

    status: str
    canceled: Standing | None = None
    changes: tuple[StatusChange, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        settled = self.canceled is None or self.canceled.is_settled
        return settled and not any(change.is_open for change in self.changes)


class Statuses:
    """Makes wishes for a status."""

    def __init__(self, host: HostById, connections: Connections, engine: InlineEngine, wishes: Wishes) -> None:
        self._host = host
        self._connections = connections
        self._engine = engine
        self._wishes = wishes

    def make(
        self,
        order: Order,
        status: str,
        *,
        by: str,
        at: Sequence[str] = (),
        reason: str | None = None,
        key: str | None = None,
        chain: tuple[str, ...] = (),
    ) -> StatusStanding:
        """Give an order a status at its carts, or at the connections `at`. Raises as `Desk.change_status` says."""
        placements = self._carts(order, at)
        if status == CANCELED:
            names = tuple(placement.connection for placement in placements)
            wish = Wish(order=order.id, by=by, reason=reason, key=key, at=names, chain=chain)
            return StatusStanding(status, canceled=self._wishes.make(wish))
        if reason is not None:
            raise InputError("a reason is for canceling only", place=f"order {order.number}", remedy="leave it out")
        self._demand(order, placements, status)
        changes = [
            self._engine.change_status(
                order,
                placement,
                status,
                by=by,
                key=None if key is None else f"{key} at {placement.connection}",
                chain=chain,
            )
            for placement in placements
        ]
        return StatusStanding(status, changes=tuple(changes))

    def _carts(self, order: Order, at: Sequence[str]) -> tuple[Placement, ...]:
        placements = wanted_placements(order, self._host.placements(order.id), at)
        found = tuple(placement for placement in placements if at or placement.role is Role.CART)
        if not found:
            raise NotAllowedError(
                "the order is at no cart, so there is no status to change",
                place=f"order {order.number}",
                remedy="register its cart with `orderdesk place`, or cancel it at its services",
            )
        return found

    def _demand(self, order: Order, placements: Sequence[Placement], status: str) -> None:
        """Refuse a status before anything is sent anywhere, where one of the places cannot set it."""
        for placement in placements:
            integration = self._connections.get(placement.connection).integration
            known = settable_statuses(integration)
            if status not in known:
                raise InputError(
                    f"{integration.title} cannot set the status {status!r}",
                    place=f"order {order.number} at {placement.connection}",
                    remedy=f"it can set: {', '.join(known) or 'none'}",
                )
