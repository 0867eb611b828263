"""The case contexts: what a case is about, read from ledger and host, and the writing down of what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.eligibility import describe_reading, eligibility_rule, reads_reasons, rule_as_read
from orderdesk_sdk.cases.ledger import CaseUpdate, Ledger
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.policy.withdrawal import is_rejected_with_steps, rejection_with_steps
from orderdesk_sdk.cases.side_effects import requested_effects
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.validation import with_line_ids
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.errors import NotFoundError, OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.reasons import Reason, resolve_reason
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Route
from orderdesk_sdk.runtime.change_log import log_change
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.eligibility_reader import EligibilityReader
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.runtime.unresolved_request import unresolved_request

C = TypeVar("C", bound=Case)

__all__ = ["LEASE", "ContextLoader", "CaseContext", "read_coverage"]

LEASE = minutes(5)
"""How long a claim holds. Whoever has not finished by then is taken for dead; what it still writes is fenced off."""
CART_RETRY_DELAY = minutes(1)
"""How often a cart that waits for the others looks again."""


@frozen
class CaseContext:
    """What was just read for a case, so that what is done with it need not read it again.

    Args:
        is_only_case: the cancellation has no other case. It never will: its cases are recorded together with it.
    """

    order: Order
    remote_order: RemoteOrder
    cancellation: Cancellation
    is_only_case: bool = False


def read_coverage(ledger: Ledger, host: OrderStoreById, order: Order) -> CancellationCoverage:
    """What has been canceled of an order, and where, as ledger and host have it now."""
    # In this order: an order is registered somewhere last, so whoever sees that sees what was written down before it.
    remote_orders = host.remote_orders(order.id)
    record = ledger.order_record(order.id)
    return CancellationCoverage.of(order, remote_orders, record.cancellations, record.cases, record.registrations)


class ContextLoader:
    """Reads and writes cases. Safe from many threads."""

    def __init__(
        self, ledger: Ledger, order_store: OrderStoreById, connections: Connections, listeners: Listeners, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self._order_store = order_store
        self._connections = connections
        self._listeners = listeners
        self.eligibility = EligibilityReader(ledger, connections, clock)

    def load(self, case: CancelCase, remote_order: RemoteOrder | None = None) -> CaseContext:
        """Order, remote order and cancellation of a case.

        Raises NotFoundError where the order is no longer registered at this connection.

        Args:
            remote_order: where it was just read; None reads it.
        """
        order = self._order_store.get_order(case.order_id)
        remote_order = remote_order or self.remote_order(case)
        cancellation = with_line_ids(order, self.cancellation(case))
        is_only = len(self.ledger.cases(CancelCase, cancellation_id=case.cancellation_id)) == 1
        return CaseContext(order, remote_order, cancellation, is_only)

    def remote_orders(self, case: CancelCase) -> tuple[RemoteOrder, ...]:
        """Every place of a case's order."""
        return self._order_store.remote_orders(case.order_id)

    def remote_order(self, case: CancelCase, remote_orders: Sequence[RemoteOrder] | None = None) -> RemoteOrder:
        """The remote order of a case, of those that were just read; None reads them.

        Raises NotFoundError where the order is no longer registered at this connection.
        """
        for remote in self.remote_orders(case) if remote_orders is None else remote_orders:
            if remote.connection == case.connection:
                return remote
        raise NotFoundError(
            f"order {case.order_number} is no longer registered at {case.connection}",
            location=f"case {case.id}",
            hint="register it again with `orderdesk register`",
        )

    def cancellation(self, case: CancelCase) -> Cancellation:
        """The cancellation that a case belongs to."""
        return next(
            cancellation
            for cancellation in self.ledger.cancellations(case.order_id)
            if cancellation.id == case.cancellation_id
        )

    def attempt_entries(self, case: CancelCase) -> Sequence[object]:
        """What was recorded in the present attempt, in order."""
        return [entry.content for entry in self.ledger.history(case.id) if entry.attempt == case.attempt]

    def cancel_request(
        self, case: CancelCase, connection: Connection, context: CaseContext, at: datetime | None = None
    ) -> CancelRequest:
        """What the present route is asked to do. Raises ValidationError for a reason that it does not take.

        Args:
            at: when the flow began, by whose readings a reason holds that is read per order; None: now.
        """
        route, order, remote_order = connection.route(case.route), context.order, context.remote_order
        reading = None
        if reads_reasons(route):
            reading = self.eligibility.reading_at(order, remote_order, at or self.clock.now())
        rule = rule_as_read(route, reading, remote_order)
        reason = resolve_reason(rule, context.cancellation.reason, connection.settings, order, f"case {case.id}")
        return CancelRequest(
            context.order,
            context.remote_order,
            case.cancellation_id,
            reason,
            context.cancellation.lines,
            route.name if isinstance(route, Button) else None,
            side_effects=requested_effects(connection.integration, case.side_effects),
            submitted_order=self._submitted_order(case, route),
        )

    def read_reasons(self, case: CancelCase, connection: Connection, context: CaseContext) -> None:
        """Ask the service which reasons it takes, where the route's are read per order and no reading holds.

        What is sent again is the same request, so nothing is read for it. Raises what `EligibilityReader.read` raises.
        """
        route, order, remote_order = connection.route(case.route), context.order, context.remote_order
        cancellation = context.cancellation
        if not self.eligibility.needs_reading(route, cancellation.reason, order, remote_order):
            return
        before = self.ledger.history(case.id) if case.last_sent_at is not None else ()
        if unresolved_request(before, is_whole_order=not cancellation.lines) is None:
            self.eligibility.read(connection, order, remote_order, by=f"case {case.id}")

    def eligibility_notes(self, case: CancelCase, connection: Connection, context: CaseContext) -> tuple[str, ...]:
        """What the service said before it is asked, for the case's history; nothing where it was not read."""
        if eligibility_rule(connection.route(case.route)) is None:
            return ()
        reading = self.eligibility.reading_at(context.order, context.remote_order, self.clock.now())
        return (describe_reading(reading),) if reading is not None and reading.is_of(context.remote_order) else ()

    def _submitted_order(self, case: CancelCase, route: Route) -> Order | None:
        if not isinstance(route, Button) or not route.needs_submission:
            return None
        return self._order_store.submitted_order(case.order_id, case.connection)

    def poll_request(self, case: CancelCase, remote_order: RemoteOrder) -> PollRequest:
        """What a poll is asked to look for."""
        order = self._order_store.get_order(case.order_id)
        lines = with_line_ids(order, self.cancellation(case)).lines
        return PollRequest(order, remote_order, case.last_sent_at, lines, case.request_reference)

    def cart_blocked_by(self, case: CancelCase) -> Event | None:
        """Law 8: a cart is told last, after every fulfillment case settled as canceled; None when it may be told."""
        if case.role is not ConnectionRole.CART:
            return None
        now = self.clock.now()
        block = read_coverage(self.ledger, self._order_store, self._order_store.get_order(case.order_id)).blocks_cart(
            case
        )
        if block is None:
            return None
        if block.waits:
            return Event(EventKind.DEFERRED, now, due_at=now + CART_RETRY_DELAY, message=block.message)
        if (
            case.last_sent_at is not None
        ):  # An earlier way has asked it already, so the cancellation cannot be taken back.
            return escalate(case, now, block.message)
        return Event(EventKind.WITHDRAWN, now, message=block.message)

    def apply_veto(self, case: CancelCase, context: CaseContext) -> tuple[CancelCase | None, tuple[str, ...]]:
        """The case, refused, where a listener wants nothing of its cancellation done; else None.

        And the faults of listeners.

        Each case asks for all cases of its cancellation, and heeds a veto that another met before a crash: so a veto at
        one place comes before anything goes out, or to a person, at another.
        """
        if case.state is not State.PENDING:
            return None, ()
        if case.attempt > 0:  # It was looked at before, when nothing spoke against it, and has asked for nothing since.
            against = self.other_veto(case, context) if case.last_sent_at is None else None
            return (self._reject_by_veto(case, against) if against is not None else None), ()
        if context.is_only_case and not self._listeners.can_veto:
            return None, ()
        notes: list[str] = []
        cases = () if context.is_only_case else self.ledger.cases(CancelCase, cancellation_id=case.cancellation_id)
        others = [other for other in cases if other.id != case.id]
        for other in [case, *others]:
            if _is_vetoed(other):
                return self._reject_by_veto(case, _veto_message(other)), ()
            if other.state is not State.PENDING:
                continue
            reason, faults = self._listeners.veto(self._request_of(other, context))
            notes += faults
            if reason is not None:
                where = "" if other is case else f" (said of {other.connection})"
                return self._reject_by_veto(case, f"{reason}{where}", *notes), ()
        return None, tuple(dict.fromkeys(notes))

    def other_veto(self, case: CancelCase, context: CaseContext | None = None) -> str | None:
        """The veto that another case of the same cancellation has met, in words; None where none has."""
        if context is not None and context.is_only_case:
            return None
        for other in self.ledger.cases(CancelCase, cancellation_id=case.cancellation_id):
            if other.id != case.id and _is_vetoed(other):
                return _veto_message(other)
        return None

    def _reject_by_veto(self, case: CancelCase, message: str, *notes: str) -> CancelCase:
        with suppress(OrderDeskError):  # A connection that cannot be used has no secrets to hide either.
            message = self._connections.get(case.connection).redactor.redact_text(message)
        declared = self._connections.integration(case.connection)
        event = Event(EventKind.REJECTED, self.clock.now(), rejection=Rejection.VETOED, message=message)
        integration = None if isinstance(declared, str) else declared
        return self.apply(case, rejection_with_steps(case, event, integration), *notes)

    def _remote_order_of(self, other: CancelCase, mine: RemoteOrder) -> RemoteOrder:
        try:
            return self.remote_order(other)
        except NotFoundError:  # No longer registered there; as far as is known, it was there under this number.
            return RemoteOrder(other.connection, other.remote_id, mine.submitted_at, other.role)

    def _request_of(self, other: CancelCase, context: CaseContext) -> CancelRequest:
        mine = context.remote_order
        remote_order = mine if mine.connection == other.connection else self._remote_order_of(other, mine)
        try:
            asked = CaseContext(context.order, remote_order, context.cancellation)
            return self.cancel_request(other, self._connections.get(other.connection), asked)
        except OrderDeskError:  # It cannot be asked there as it stands; the veto may still be about it.
            reason = Reason(text=context.cancellation.reason)
            return CancelRequest(
                context.order, remote_order, context.cancellation.id, reason, context.cancellation.lines
            )

    def apply(self, case: C, event: Event, *notes: str) -> C:
        """Change a case by an event, and tell the listeners."""
        change = transition(case, event)
        self.ledger.write(CaseUpdate(case, change.case, [*notes, event], order_events=change.order_events))
        self.notify_listeners(change.case, event)
        return change.case

    def notify_listeners(self, case: Case, event: Event) -> None:
        """Tell the log and the listeners of a change; the faults of those that failed go into the case's history."""
        log_change(case, event)
        for fault in self._listeners.notify(case, event):
            self.ledger.append(case, [fault], if_unchanged=False)

    def save_service_status(self, case: CancelCase, answer: Answer) -> None:
        """Keep the service's own status word with the remote order."""
        if answer.status is not None:
            self._order_store.record_status(case.order_id, case.connection, answer.status, self.clock.now())


def _is_vetoed(case: CancelCase) -> bool:
    return case.rejection is Rejection.VETOED and (case.state is State.REJECTED or is_rejected_with_steps(case))


def _veto_message(vetoed: CancelCase) -> str:
    """The veto that a case has met, as the others of its cancellation tell it.

    It may have met it at another one itself.
    """
    text = vetoed.message or "a listener vetoed the cancellation"
    return text if "(said of " in text else f"{text} (said of {vetoed.connection})"
