"""Handling a cancel: what is due is done, once, and what came of it is in the ledger before anybody hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.damaged_rows import DamagedRowError
from orderdesk_sdk.cases.policy import failures, polling, requesting
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY, is_window_open
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.policy.withdrawal import is_rejected_with_steps, is_withdrawing
from orderdesk_sdk.cases.prior_steps import results_of_attempt, unsettled_writes
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    OrderDeskError,
    PluginError,
    ValidationError,
)
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Batch, Button
from orderdesk_sdk.runtime.cancellation_extension import CancellationExtender
from orderdesk_sdk.runtime.cancellation_opening import CancellationOpening
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE, CaseContext, ContextLoader
from orderdesk_sdk.runtime.eligibility_reader import UnreadEligibilityError
from orderdesk_sdk.runtime.handlers.cancel_call import CancelCall
from orderdesk_sdk.runtime.handlers.email import CancellationEmail
from orderdesk_sdk.runtime.handlers.poll_call import PollCall
from orderdesk_sdk.runtime.withdrawal import StepUndoing

__all__ = ["CancellationHandler"]

MOST_GATHERED = 100_000
"""How many gathered cases of a connection are looked at in one round; the others come with the next."""


class CancellationHandler:
    """Handles cancel cases."""

    kind = CancelCase

    def __init__(
        self, loader: ContextLoader, extender: CancellationExtender, connections: Connections, email: CancellationEmail
    ) -> None:
        self._loader = loader
        self._extender = extender
        self._connections = connections
        self._clock = loader.clock
        self._cancel_call = CancelCall(loader, email)
        self._poll_call = PollCall(loader)
        self._undoing = StepUndoing(loader, connections)

    def handle(self, case: CancelCase, watchdog: Watchdog, context: CaseContext | None = None) -> CancelCase:
        """Do what is due; the case as it is then.

        Args:
            context: what was read just now; None reads it.
        """
        try:
            return self._and_undo(self._handle(case, watchdog, context=context), watchdog)
        except (ValidationError, ConfigurationError, PluginError) as error:
            return self._connection_failed(self._loader.ledger.case(case.id, CancelCase), error)
        except DamagedRowError as error:  # Of its cancellation, its history or another case: a backup may mend it.
            return self._damaged(self._loader.ledger.case(case.id, CancelCase), error)

    def handle_opening(self, opening: CancellationOpening, watchdog: Watchdog, context: CaseContext) -> CancelCase:
        """Do what is due for the one case of a cancellation that is yet to be recorded; the case as it is then.

        Raises ConflictError where another cancellation was faster.
        """
        (case,) = opening.cases
        try:
            connection = self._connections.get(case.connection)
            if self._is_sent_by_itself(case, connection, context):
                after = self._cancel_call.send(case, connection, context, watchdog, opening=opening)
                after = self._and_undo(after, watchdog)
                return self.handle(after, watchdog) if requesting.retries_exhausted(after, self._clock.now()) else after
        except (ValidationError, ConfigurationError, PluginError) as error:
            opening.require_recorded()
            return self._connection_failed(self._loader.ledger.case(case.id, CancelCase), error)
        opening.require_recorded()
        opening.followed_cases()
        return self.handle(case, watchdog, context)

    def _is_sent_by_itself(self, case: CancelCase, connection: Connection, context: CaseContext) -> bool:
        """Whether a new case is asked for now, alone and over HTTP: nothing of it is read, or decided otherwise."""
        remote_order = context.remote_order
        if case.role is ConnectionRole.CART or self._event_before_sending(case, connection, remote_order) is not None:
            return False
        route, reason = connection.route(case.route), context.cancellation.reason
        if self._loader.eligibility.needs_reading(route, reason, context.order, remote_order):
            return False
        return isinstance(route, Button) and route.batch is None

    def poll(self, case: CancelCase, watchdog: Watchdog) -> CancelCase:
        """Ask the service now where it stands, whatever is due; the case as it is then."""
        return self._and_undo(self._handle(case, watchdog, poll=True), watchdog)

    def retry(self, case: CancelCase, watchdog: Watchdog, by: str) -> CancelCase:
        """Send the request again, as a person has decided; the case as it is then."""
        return self._and_undo(self._handle(case, watchdog, person=by), watchdog)

    def before_verdict(self, case: CancelCase, event: Event) -> None:
        """Undo what was done before a cancel that a person rejects. Raises InProgressError where that must wait."""
        self._undoing.before_verdict(case, event)

    def _and_undo(self, case: CancelCase, watchdog: Watchdog) -> CancelCase:
        """A case that has just been rejected, with what was done before its cancel being undone."""
        is_due = case.due_at is not None and case.due_at <= self._clock.now()
        return self._handle(case, watchdog) if is_due and is_rejected_with_steps(case) else case

    def _handle(
        self,
        case: CancelCase,
        watchdog: Watchdog,
        *,
        poll: bool = False,
        person: str | None = None,
        context: CaseContext | None = None,
    ) -> CancelCase:
        if is_withdrawing(case):
            return self._undoing.finish_withdrawal(case)
        try:
            connection = self._connections.get(case.connection)
            remote_order = context.remote_order if context is not None else self._remote_order(case)
        except DamagedRowError:
            raise
        except OrderDeskError as error:
            return self._connection_failed(case, error)
        if is_rejected_with_steps(case) and not poll and person is None:
            ended = self._undoing.finish_rejection(case, connection.integration)
            if ended is not None:
                return ended
        if case.state is State.SENDING:
            return self._cancel_call.resume(case, connection, remote_order, watchdog)
        if poll or case.state is State.REPORTED:
            return self._poll_call.send(case, connection, remote_order, watchdog)
        if person is not None:
            self._require_cart_unblocked(case)
            return self._send(case, connection, remote_order, context, watchdog, person=person)
        if polling.is_overdue(case, self._clock.now()):
            return self._handle_deadline(case, connection, remote_order, watchdog)
        if case.state in (State.ACKNOWLEDGED, State.UNKNOWN):
            return self._handle_requested(case, connection, remote_order, context, watchdog)
        if case.state is State.ACTION_REQUIRED:
            return case if case.remind_at is None else self._poll_call.send(case, connection, remote_order, watchdog)
        return self._handle_pending(case, connection, remote_order, context, watchdog)

    def _handle_requested(
        self,
        case: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        context: CaseContext | None,
        watchdog: Watchdog,
    ) -> CancelCase:
        """A request has gone out: the case is polled, or sent again where a poll has just allowed that."""
        now = self._clock.now()
        first = self._loader.cart_blocked_by(case) if case.retry_allowed else None
        if first is not None and first.kind is EventKind.ESCALATED:
            return self._loader.apply(case, first)
        if first is not None and first.kind is EventKind.DEFERRED:
            # It is read again when the others are settled: what allows a second request must be fresh then.
            return self._loader.apply(case, evolve(first, kind=EventKind.STILL_PENDING))
        # What was read before a pause allows nothing any more, nor does it once the way has closed.
        timely = now - case.updated_at < LEASE and is_window_open(case, connection.integration, remote_order, now)
        if case.retry_allowed and first is None and timely:
            return self._send(case, connection, remote_order, context, watchdog)
        return self._poll_call.send(case, connection, remote_order, watchdog)

    def _handle_pending(
        self,
        case: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        context: CaseContext | None,
        watchdog: Watchdog,
    ) -> CancelCase:
        """Nothing has been sent on the present route: it is, unless something keeps it from being."""
        now = self._clock.now()
        event = self._event_before_sending(case, connection, remote_order)
        if _is_caused_by_time(case, event, now):
            case = self._poll_call.send_if_supported(case, connection, remote_order, watchdog) or case
            if case.state is not State.PENDING:
                return case
            event = self._event_before_sending(case, connection, remote_order)
        if event is not None:
            after = self._apply_instead(case, event, context or self._loader.load(case, remote_order))
            return self.handle(after, watchdog) if event.kind is EventKind.FELL_BACK else after
        try:
            after = self._send(case, connection, remote_order, context, watchdog)
        except UnreadEligibilityError as error:
            event = failures.on_unread_reasons(case, connection.integration, remote_order, error.unread, now)
            return self._loader.apply(case, event)
        # That was the last try: whoever comes next is not kept waiting for another look at it.
        return self.handle(after, watchdog) if requesting.retries_exhausted(after, self._clock.now()) else after

    def batch_key(self, case: CancelCase) -> Batch | None:
        """How a requested case that was gathered is asked for together with others; None: by itself."""
        if case.state is not State.PENDING or not case.is_batched or is_withdrawing(case):
            return None
        integration = self._connections.integration(case.connection)
        return None if isinstance(integration, str) else _batch(case, integration.cancel)

    def batches(self, connection: str, batch: Batch) -> Sequence[Sequence[CancelCase]]:
        """The groups that a connection is asked for together."""
        # Those that are not due yet as well: they wait for nothing but others to go with.
        waiting = self._loader.ledger.cases(
            CancelCase, connection=connection, states=(State.PENDING,), limit=MOST_GATHERED
        )
        group = [case for case in waiting if self.batch_key(case) is not None]
        if batch.one_call_per_interval:
            group = self._next_call(group, batch)
        return [group[at : at + batch.max_size] for at in range(0, len(group), batch.max_size)]

    def _next_call(self, group: Sequence[CancelCase], batch: Batch) -> list[CancelCase]:
        """Those of a group that go in the next call, longest due first; the others are told in which later one."""
        now = self._clock.now()
        due = [case for case in group if case.due_at is None or case.due_at <= now]
        if all(case.consecutive_failures for case in due):  # A retry takes no other case along whose time has not come.
            group = due
        by_due_time = sorted(group, key=lambda case: case.due_at or now)
        for at, case in enumerate(by_due_time[batch.max_size :]):
            event = requesting.join_batch(batch, now, calls=1 + at // batch.max_size)
            if case.due_at is None or event.due_at is None or case.due_at < event.due_at:
                with suppress(ConflictError):  # Another process has the case, and knows when it goes on.
                    self._loader.apply(case, event)
        return by_due_time[: batch.max_size]

    def handle_batch(self, cases: Sequence[CancelCase], watchdog: Watchdog) -> None:
        """Do what is due for requested cases of one connection that are asked for together."""
        connection = self._connections.get(cases[0].connection)
        wanted = []
        for case in cases:
            try:
                context = self._loader.load(case, self._remote_order(case))
            except NotFoundError as error:
                self._connection_failed(case, error)
                continue
            event = self._event_before_sending(case, connection, context.remote_order)
            if event is None:
                wanted.append((case, context))
            elif _is_caused_by_time(case, event, self._clock.now()):
                self.handle(case, watchdog, context)
            else:
                self._apply_instead(case, event, context)
        if wanted:
            self._cancel_call.send_batch(wanted, connection, watchdog)

    def build_request(self, case: CancelCase) -> CancelRequest:
        """What the case's present route is asked to do. Raises what keeps it from being asked."""
        return self._loader.cancel_request(case, self._connections.get(case.connection), self._loader.load(case))

    def abandon(self, case_id: str, reason: str) -> CancelCase:
        """Settle what a hanging plugin left: its case is taken from it and goes on without it."""
        case = self._loader.ledger.case(case_id, CancelCase)
        if case.state not in (*OPEN, State.CANCELED):  # Another process has settled it meanwhile.
            return case  # (A canceled one may be polled, which can hang.)
        integration = self._connections.integration(case.connection)
        declared = None if isinstance(integration, str) else integration
        event = failures.after_plugin_error(
            case, declared, reason, self._clock.now(), may_have_sent=self._may_have_sent(case)
        )
        return self._loader.apply(case, self._with_steps(case, event))

    def _remote_order(self, case: CancelCase) -> RemoteOrder:
        """The remote order of a case, after a look whether its order was registered at a connection without a case."""
        remote_orders = self._loader.remote_orders(case)
        self._extender.extend_to_uncovered(case.order_id, remote_orders)
        return self._loader.remote_order(case, remote_orders)

    def _send(
        self,
        case: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        context: CaseContext | None,
        watchdog: Watchdog,
        *,
        person: str | None = None,
    ) -> CancelCase:
        context = context or self._loader.load(case, remote_order)
        self._loader.read_reasons(case, connection, context)
        return self._cancel_call.send(case, connection, context, watchdog, person=person)

    def _event_before_sending(
        self, case: CancelCase, connection: Connection, remote_order: RemoteOrder
    ) -> Event | None:
        """What a requested case does instead of being asked for now; None: it is asked for."""
        now = self._clock.now()
        integration = connection.integration
        event = self._loader.cart_blocked_by(case) or requesting.next_step(case, integration, remote_order, now)
        if event is None and integration.unavailable_reason is not None:
            why = integration.unavailable_reason(connection.settings)
            event = (
                escalate(case, now, why, "cancel the order at the service by hand, then confirm or reject")
                if why
                else None
            )
        if event is None and not case.is_batched:
            batch = _batch(case, integration.cancel)
            event = requesting.join_batch(batch, now) if batch is not None else None
        return event

    def _apply_instead(self, case: CancelCase, event: Event, context: CaseContext) -> CancelCase:
        """Apply what comes instead of asking. A person is not asked to do either what a listener forbids."""
        event = self._undoing.event_with_steps(case, event)
        vetoed, notes = self._loader.apply_veto(case, context) if event.kind is EventKind.ESCALATED else (None, ())
        return vetoed or self._loader.apply(case, event, *notes)

    def _require_cart_unblocked(self, case: CancelCase) -> None:
        """Law 8 holds for persons too."""
        first = self._loader.cart_blocked_by(case)
        if first is not None:
            raise InvalidStateError(
                first.message or "the cart is canceled last",
                location=f"case {case.id}",
                hint="settle the cases at the other connections, or confirm what a person has done at the cart",
            )

    def _handle_deadline(
        self, case: CancelCase, connection: Connection, remote_order: RemoteOrder, watchdog: Watchdog
    ) -> CancelCase:
        """Patience has run out: the case is read a last time, and only then goes on without the service's word."""
        read = self._poll_call.send_if_supported(case, connection, remote_order, watchdog) or case
        if (read.state, read.route) != (case.state, case.route):
            return read
        lapsed = evolve(read, due_at=case.due_at, remind_at=case.remind_at)
        event = polling.on_deadline(lapsed, connection.integration, remote_order, self._clock.now())
        told_nothing = read is not case and case.state is not State.ACTION_REQUIRED and read.consecutive_failures > 0
        if event is None or (
            event.kind is EventKind.FELL_BACK
            and told_nothing
            and read.consecutive_failures < RETRY_POLICY.max_plugin_errors
        ):
            return read  # After a pause a service that does not answer at once is asked again before others are.
        return self._loader.apply(read, event)

    def _damaged(self, case: CancelCase, error: DamagedRowError) -> CancelCase:
        now = self._clock.now()
        if case.state is State.SENDING:  # What was sent cannot be read, so nothing of it may be sent again.
            return self._loader.apply(case, escalate(case, now, str(error), error.hint))
        return self._loader.apply(case, failures.on_connection_error(case, error, now))

    def _connection_failed(self, case: CancelCase, error: OrderDeskError) -> CancelCase:
        now = self._clock.now()
        if case.state is State.SENDING:
            event = failures.after_plugin_error(case, None, str(error), now, may_have_sent=self._may_have_sent(case))
            event = self._with_steps(case, event)
        else:
            event = failures.on_connection_error(case, error, now)
        context: CaseContext | None = None
        if case.state is State.PENDING:
            with suppress(NotFoundError):
                context = self._loader.load(case)
        if context is None:
            return self._loader.apply(case, event)
        return self._apply_instead(case, self._loader.cart_blocked_by(case) or event, context)

    def _may_have_sent(self, case: CancelCase) -> bool:
        return bool(unsettled_writes(self._loader.attempt_entries(case)))

    def _with_steps(self, case: CancelCase, event: Event) -> Event:
        """An event that ends an attempt whose flow was left, with what the history has of its prior steps."""
        if case.state is not State.SENDING:
            return event
        return evolve(event, steps=results_of_attempt(case.attempt, self._loader.attempt_entries(case)))


def _is_caused_by_time(case: CancelCase, event: Event | None, now: datetime) -> bool:
    """Whether a requested case would go another way, or on with one, by the clock alone, so that a look comes first.

    Args:
        event: what it does instead of being asked for; None: it is asked for.
    """
    paused = now - case.updated_at >= LEASE
    if event is None:
        return paused and case.last_sent_at is not None
    decides = event.kind in (EventKind.FELL_BACK, EventKind.ESCALATED, EventKind.UNSUPPORTED)
    return decides and (paused or case.last_sent_at is not None)


def _batch(case: CancelCase, routes: Sequence[object]) -> Batch | None:
    route = routes[case.route] if case.route < len(routes) else None
    return route.batch if isinstance(route, Button) else None
