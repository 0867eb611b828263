"""Changing a status at a cart: asked for once, read before it is written, settled by what the service says."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.requests import StatusChangeRequest
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.handlers.read_first import ReadFirstHandler

__all__ = ["StatusChangeHandler"]


class StatusChangeHandler(ReadFirstHandler[StatusCase, StatusChangeRequest, Answer, tuple[Order, RemoteOrder]]):
    """Handles status changes."""

    kind = StatusCase
    result_type = Answer
    find_out_hint = (
        "find out which status the order has at the service, set it by hand if need be, then confirm or reject the case"
    )

    def start_flow(self, request: StatusChangeRequest, connection: Connection, now: datetime) -> object:
        hook = connection.plugin.manager.hook.orderdesk_change_status
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, case: StatusCase) -> tuple[Order, RemoteOrder]:
        for remote_order in self._order_store.remote_orders(case.order_id):
            if remote_order.connection == case.connection:
                return self._order_store.get_order(case.order_id), remote_order
        raise NotFoundError(
            "the order is no longer registered at this connection",
            location=f"order {case.order_number} at {case.connection}",
            hint="register it again with `orderdesk register`",
        )

    def build_request(
        self,
        case: StatusCase,
        context: tuple[Order, RemoteOrder],
        *,
        may_exist: bool,  # noqa: ARG002 - its flows look at first anyway
    ) -> StatusChangeRequest:
        order, remote_order = context
        return StatusChangeRequest(order, remote_order, case.status)

    def why_blocked(self, context: object) -> str | None:  # noqa: ARG002 - a status may always be set
        return None

    def description(self, case: StatusCase) -> str:
        return f"setting {case.remote_id} to {case.status}"

    def settle_by_result(
        self,
        sending_case: StatusCase,
        outcome: Answer,
        proof: Evidence | None,
        now: datetime,
        *,
        may_have_sent: bool,  # noqa: ARG002 - what it is, counts
    ) -> Event | None:
        if outcome.status is not None:
            self._order_store.record_status(sending_case.order_id, sending_case.connection, outcome.status, now)
        done = outcome.outcome is Outcome.CHANGED
        return (
            Event(EventKind.DONE, now, message=outcome.message, service_status=outcome.status, evidence=proof)
            if done
            else None
        )

    def save_confirmed(self, case: StatusCase, by: str) -> None:
        """Nothing: which word the service has for it, only the service says."""
