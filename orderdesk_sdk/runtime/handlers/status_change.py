"""Changing a status at a cart: asked for once, read before it is written, settled by what the service says."""

from __future__ import annotations

import secrets
from datetime import datetime

from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import StatusRequest
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.handlers.base import ErrandRunner

__all__ = ["CANCELED", "StatusChanger", "settable_statuses"]

CANCELED = "canceled"
"""The one status that every integration with a route can be asked for: it goes by a cancellation."""


def settable_statuses(integration: Integration) -> tuple[str, ...]:
    """The names of the statuses that an order can be given there, canceled included where there is a way to cancel."""
    return (*([CANCELED] if integration.cancel else []), *(status.name for status in integration.statuses))


class StatusChanger(ErrandRunner[StatusChange, StatusRequest, Answer, tuple[Order, Placement]]):
    """Opens status changes and advances them."""

    ends_with = Answer
    find_out = "look which status the order has at the service, set it there by hand if need be, then confirm or refuse"

    def open(
        self, order: Order, placement: Placement, status: str, *, by: str, key: str | None, chain: tuple[str, ...]
    ) -> StatusChange:
        """Record the wish, or find the one that is under way there.

        status: one that can be set there. key: names the wish; the same key again is the same wish. Raises
        UnderWayError where another one is being set right now.
        """
        now = self._clock.now()
        return self._ledger.open_status_change(
            StatusChange(
                id=f"s{secrets.token_hex(6)}",
                order_id=order.id,
                order_number=order.number,
                connection=placement.connection,
                integration=self._connections.slug(placement.connection),
                remote_id=placement.remote_id,
                asked_by=by,
                status=status,
                state=ErrandState.REQUESTED,
                opened_at=now,
                updated_at=now,
                due_at=now,
                chain=chain,
            ),
            key,
        )

    def start(self, request: StatusRequest, connection: Connection, now: datetime) -> object:
        hook = connection.loaded.manager.hook.orderdesk_change_status
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, work: StatusChange) -> tuple[Order, Placement]:
        for placement in self._host.placements(work.order_id):
            if placement.connection == work.connection:
                return self._host.order(work.order_id), placement
        raise NotFoundError(
            "the order is no longer registered there",
            place=f"order {work.order_number} at {work.connection}",
            remedy="register it again with `orderdesk place`",
        )

    def request(
        self,
        work: StatusChange,
        known: tuple[Order, Placement],
        *,
        unsure: bool,  # noqa: ARG002 - its flows look at first anyway
    ) -> StatusRequest:
        order, placement = known
        return StatusRequest(order, placement, work.status)

    def against(self, known: object) -> str | None:  # noqa: ARG002 - a status may always be set
        return None

    def announce(self, work: StatusChange) -> str:
        return f"setting {work.remote_id} to {work.status}"

    def settle(
        self,
        sending: StatusChange,
        outcome: Answer,
        now: datetime,
        *,
        sent: bool,  # noqa: ARG002 - what it is, counts
    ) -> StatusChange | None:
        if outcome.status is not None:
            self._host.note_status(sending.order_id, sending.connection, outcome.status, now)
        return sending.changed(ErrandState.DONE, now, text=outcome.text) if outcome.outcome is Outcome.CHANGED else None

    def record(self, work: StatusChange, by: str) -> None:
        """Nothing: which word the service has for it, only the service says."""

    def find(self, work_id: str) -> StatusChange:
        return self._ledger.status_change(work_id)
