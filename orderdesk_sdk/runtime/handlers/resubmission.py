"""Resubmitting: a canceled order goes out again under a new number, never while the original is unsettled (law 9)."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from orderdesk_sdk.cases.coverage import TWICE, CancellationCoverage, ResubmissionBlockKind
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.handlers.read_first import ReadFirstHandler
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["ResubmissionHandler", "number_owner"]


class ResubmissionHandler(ReadFirstHandler[ResubmitCase, ResubmitRequest, RemoteOrder, CancellationCoverage]):
    """Handles resubmissions."""

    kind = ResubmitCase
    result_type = RemoteOrder
    find_out_hint = (
        "find out at the service, then confirm or reject the case;"
        " an order that the service does not have may be resubmitted under another number"
    )

    def start_flow(self, request: ResubmitRequest, connection: Connection, now: datetime) -> object:
        hook = connection.plugin.manager.hook.orderdesk_resubmit
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, case: ResubmitCase) -> CancellationCoverage:
        return read_coverage(self._ledger, self._order_store, self._order_store.get_order(case.order_id))

    def build_request(self, case: ResubmitCase, context: CancellationCoverage, *, may_exist: bool) -> ResubmitRequest:
        _require_canceled(case, context, may_exist=may_exist)
        taken = number_owner(
            self._order_store, context.order, case.order_number, case.remote_id, case.connection, duplicated=True
        )
        if taken:
            raise ValidationError(taken, location=f"resubmission {case.id}", hint="resubmit again with another number")
        there = next((remote for remote in context.remote_orders if remote.connection == case.connection), None)
        return ResubmitRequest(self._duplicate(case, context.order), there, may_exist=may_exist)

    def why_blocked(self, context: CancellationCoverage) -> str | None:
        block = context.blocks_resubmission()
        return f"{block.message}, and {TWICE}" if block is not None else None

    def send_condition(self, case: ResubmitCase) -> SendCondition:
        def why() -> str | None:
            try:
                _require_canceled(case, self.read(case), may_exist=False)
            except OrderDeskError as error:
                return error.message
            return None

        return SendCondition(why, case.order_id)

    def description(self, case: ResubmitCase) -> str:
        return f"submitting {case.order_number} as {case.remote_id}"

    def settle_by_result(
        self,
        sending_case: ResubmitCase,
        outcome: RemoteOrder | Answer,
        proof: Evidence | None,
        now: datetime,
        *,
        may_have_sent: bool,
    ) -> Event | None:
        if not isinstance(outcome, RemoteOrder):
            return None
        if not may_have_sent:  # Whoever made what is there, it was not us.
            text = f"the number {outcome.remote_id} is taken: the service has an order under this number already"
            hint = "find out at the service whose order it is, then resubmit with another number"
            return Event(
                EventKind.REJECTED, now, rejection=Rejection.NOT_ALLOWED, message=text, hint=hint, evidence=proof
            )
        self._register(sending_case, outcome, sending_case.requested_by)
        return Event(EventKind.DONE, now, evidence=proof)

    def save_confirmed(self, case: ResubmitCase, by: str) -> None:
        role = self._connections.get(case.connection).integration.role
        self._register(case, RemoteOrder(case.connection, case.remote_id, self._clock.now(), role), by)

    def _register(self, case: ResubmitCase, remote_order: RemoteOrder, by: str) -> None:
        copy = self._duplicate(case)
        if not any(remote.connection == remote_order.connection for remote in self._order_store.remote_orders(copy.id)):
            self._order_store.add_remote_order(copy.id, remote_order, by=by)

    def _duplicate(self, case: ResubmitCase, original: Order | None = None) -> Order:
        """The order that is submitted: the duplicate, made now where it is not there yet.

        Args:
            original: as it was just read; None reads it where it goes out again itself.
        """
        if case.order_number == case.original_number:
            return original or self._order_store.get_order(case.order_id)
        copy = self._existing_duplicate(case)
        if copy is None:
            try:
                return self._order_store.duplicate(case.order_id, by=case.requested_by, number=case.order_number)
            except ValidationError:
                # Whoever works on it at the same time was faster: that duplicate is ours as well.
                copy = self._existing_duplicate(case)
        if copy is None:
            raise ValidationError(
                f"the number {case.order_number!r} was given to another order meanwhile",
                location=f"resubmission {case.id}",
                hint="resubmit again with another number",
            )
        return copy

    def _existing_duplicate(self, case: ResubmitCase) -> Order | None:
        """The duplicate, where it is there already."""
        copies = (
            order_id
            for order_id in self._order_store.find_ids(case.order_number)
            if self._order_store.original_of(order_id) == case.order_id
        )
        return next((self._order_store.get_order(order_id) for order_id in copies), None)


def number_owner(
    order_store: OrderStoreById, original: Order, number: str, remote_id: str, target: str, *, duplicated: bool = False
) -> str | None:
    """Whose a number is, in words, where it is another order's here or at the connection; None where it is free.

    Args:
        duplicated: a duplicate of the original may have it already.
    """
    others = [
        owner
        for owner in order_store.find_ids(number)
        if owner != original.id and not (duplicated and order_store.original_of(owner) == original.id)
    ]
    if others and number != original.number:  # Its own number it may keep, whoever has it beside it.
        return f"the number {number!r} belongs to another order (id {others[0]})"
    there = order_store.find_by_remote_id(target, remote_id)
    if there is not None and there != original.id and order_store.original_of(there) != original.id:
        return f"the number {remote_id!r} is another order's at {target} (id {there})"
    return None


def _require_canceled(case: ResubmitCase, context: CancellationCoverage, *, may_exist: bool) -> None:
    """The original may have gone somewhere else since this was asked for, or ship after all.

    Raises InvalidStateError for what passes, and ValidationError for what does not.

    Args:
        may_exist: what may be there already must be found, wherever the original is.
    """
    block = context.blocks_resubmission()
    if block is None:
        return
    match block.kind:
        case ResubmissionBlockKind.UNSETTLED | ResubmissionBlockKind.BEING_REGISTERED:
            raise InvalidStateError(block.message, location=f"order {context.order.number}", hint=block.hint)
        case ResubmissionBlockKind.STILL_ACTIVE | ResubmissionBlockKind.NOT_CANCELED:
            if not may_exist:
                raise ValidationError(block.message, location=f"resubmission {case.id}", hint=block.hint)
        case _:
            assert_never(block.kind)
