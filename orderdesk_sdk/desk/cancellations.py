"""Wishes: whoever wants an order canceled, a person, a rule or a service that was heard, ends up here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import evolve, field, frozen

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.errand import deadline_of
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import (
    open_cancel_cases,
    request_fingerprint,
    select_remote_orders,
    validate,
    with_line_ids,
)
from orderdesk_sdk.cases.windows import next_open_route
from orderdesk_sdk.clock import MAX_CLOCK_SKEW, Clock
from orderdesk_sdk.errors import ConflictError, InProgressError, OrderDeskError, PluginError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.line_names import line_label, resolve_lines
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import CaseContext
from orderdesk_sdk.runtime.scheduler import Scheduler

__all__ = ["CancellationStatus", "NewCancellation", "CancellationService", "require_actor"]


@frozen
class CancellationStatus:
    """A cancellation and where its cases stand."""

    cancellation: Cancellation
    cases: tuple[Case, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(case.is_open for case in self.cases)


@frozen(kw_only=True)
class NewCancellation:
    """What somebody wants canceled. order: its id. See `Desk.cancel` for the rest.

    lines: by id or code, as somebody names them.
    chain: the rules whose actions led here, first first. heard_from: the connection whose service was heard to have
    canceled by itself; None where nobody but us wants it.
    """

    order_id: str
    requested_by: str
    reason: str | None = None
    idempotency_key: str | None = None
    connections: Sequence[str] = ()
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    send_now: bool = True
    caused_by_rules: tuple[str, ...] = ()
    reported_by: str | None = None


class CancellationService:
    """Makes cancellations of cancellations: recorded first, then asked for."""

    def __init__(
        self, ledger: Ledger, order_store: OrderStoreById, connections: Connections, scheduler: Scheduler, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._order_store = order_store
        self._connections = connections
        self._scheduler = scheduler
        self._extender = scheduler.extender
        self._clock = clock

    def create(self, request: NewCancellation) -> CancellationStatus:
        """Record a cancellation and do what is due; where it stands then. Raises what `Desk.cancel` raises."""
        found = self._order_store.get_order(request.order_id)
        content = request_fingerprint(found.id, request.reason, request.connections, request.lines)
        earlier = self._existing(found, request, content)
        if earlier is not None:
            return self.status(earlier)
        request = evolve(request, lines=resolve_lines(found, request.lines))
        if request.reported_by is None:
            # Before the places are read: what is submitted after that is there to be read.
            self._require_no_running_resubmission(found)
        known = self._order_store.remote_orders(found.id)
        remote_orders = select_remote_orders(found, known, request.connections)
        # Before the cases: the key below counts the cancellations, so a cancellation that is recorded in between has
        # the same one.
        cancellations = self._ledger.cancellations(found.id)
        cases = self._ledger.cases(order_id=found.id)
        coverage = CancellationCoverage.of(found, known, cancellations, cases)
        wanted = coverage.not_covered(request.lines, remote_orders, reported=request.reported_by is not None)
        if not wanted:
            # Read anew: the cancellation that is under way may have come after the ones above were read.
            latest = self._ledger.cancellations(found.id)[-1]
            if not (request.connections or request.lines):
                self._extender.withdraw(found, after_all=True)
            if request.idempotency_key is not None:
                self._ledger.alias_key(request.idempotency_key, content, latest)
            return self.status(latest)
        if request.reported_by is None:
            self._validate(found, wanted, request)
        key = request.idempotency_key
        if key is None:
            key, content = f"order {found.id}, cancellation {len(cancellations) + 1}", ""
        cancellation = Cancellation(
            secrets.token_hex(6),
            key,
            found.id,
            found.number,
            require_actor(request.requested_by),
            request.reason,
            self._clock.now(),
            dict(request.lines),
            request.caused_by_rules,
            request.reported_by,
            tuple(request.connections),
            line_names={line_id: line_label(found, line_id) for line_id in request.lines},
        )
        opened = open_cancel_cases(cancellation, wanted, self._connections.integration_slug_or_empty)
        recorded, new = self._ledger.open_cancellation(cancellation, content, opened)
        if not new:
            return self.status(recorded)
        # Registered since the places were read, by somebody who looked for cancellations too early to see this one.
        followed = self._extender.extend_to_uncovered(found.id, self._order_store.remote_orders(found.id))
        if not request.send_now:
            return CancellationStatus(recorded, opened)
        just_read = {remote_order.connection: CaseContext(found, remote_order, recorded) for remote_order in wanted}
        return CancellationStatus(recorded, self._scheduler.process((*opened, *followed), just_read)[: len(opened)])

    def _existing(self, order: Order, new: NewCancellation, fingerprint: str) -> Cancellation | None:
        """The cancellation that has the key of this one already.

        Raises ConflictError where that one wants something else.
        """
        if new.idempotency_key is None:
            return None
        try:
            return self._ledger.find_by_key(new.idempotency_key, fingerprint)
        except ConflictError:
            # Of the same content where the same lines are only named another way: by id, and by code.
            for known in self._ledger.cancellations(order.id):
                same = (known.idempotency_key, known.reason, sorted(known.connections)) == (
                    new.idempotency_key,
                    new.reason,
                    sorted(new.connections),
                )
                if same and with_line_ids(order, known).lines == resolve_lines(order, new.lines):
                    return known
            raise

    def status(self, cancellation: Cancellation) -> CancellationStatus:
        """Where a cancellation stands now."""
        return CancellationStatus(cancellation, self._ledger.cases(cancellation_id=cancellation.id))

    def register(self, order: Order, remote_order: RemoteOrder, requested_by: str) -> CancellationStatus | None:
        """Let the host know where an order was submitted; where the cancellation stands that reaches there, or None.

        Submitted while it is being canceled: the cancellation follows it. Raises ValidationError for a number that the
        service would mangle and a time that is still to come, and what the host raises for clashes.
        """
        place = f"order {order.number} at {remote_order.connection}"
        fault = number_error(
            remote_order.remote_id, self._connections.get(remote_order.connection).integration.remote_id_format
        )
        if fault:
            raise ValidationError(fault, location=place, hint="give the number that the service knows")
        if remote_order.submitted_at > self._clock.now() + MAX_CLOCK_SKEW:
            text = f"it cannot have been submitted at {remote_order.submitted_at.isoformat()}, which is still to come"
            hint = "give the time at which it was submitted, with its offset from UTC, or none for now"
            raise ValidationError(text, location=place, hint=hint)
        begun = self._extender.begin_registration(order, remote_order)
        try:
            self._order_store.add_remote_order(order.id, remote_order, by=requested_by)
        except ValidationError:
            self._extender.abandon_registration(begun)
            raise
        extended = self._extender.complete_registration(begun, order, remote_order)
        if extended is None:
            return None
        cases = [case for case in self.status(extended).cases if case.state is State.PENDING]
        just_read = {remote_order.connection: CaseContext(order, remote_order, extended)}
        return CancellationStatus(extended, self._scheduler.process(cases, just_read))

    def withdraw(self, order: Order, requested_by: str, note: str | None) -> tuple[Case, ...]:
        """Withdraw every open case of an order that has sent nothing; all its open cases as they are then.

        What was heard of a service is nobody's cancellation, and stays.
        """
        text = note or f"taken back by {requested_by}"
        self._extender.withdraw(order)
        return tuple(
            self._withdraw_case(case, requested_by, text)
            for case in self._ledger.cases(order_id=order.id)
            if case.is_open and not case.is_reported
        )

    def _withdraw_case(self, case: Case, by: str, message: str) -> Case:
        while case.is_open and case.last_sent_at is None and case.state is not State.SENDING:
            try:
                return self._scheduler.apply(
                    case, Event(EventKind.WITHDRAWN, self._clock.now(), person=by, message=message)
                )
            except ConflictError:
                case = self._ledger.case(case.id)  # Somebody was faster; perhaps it is being sent this moment.
        if case.is_open:
            self._ledger.append(
                case, [f"{message}; but it was asked for already, so only its service can tell"], if_unchanged=False
            )
        return case

    def _require_no_running_resubmission(self, order: Order) -> None:
        """A duplicate on its way out is at no place yet, and will be in a moment: to say "nowhere" would be wrong."""
        originals = [order.id, self._order_store.original_of(order.id)]  # Itself, where it keeps its number.
        under_way = [
            found
            for original in originals
            if original is not None
            for found in self._ledger.resubmissions(original_id=original, open_only=True)
            if found.order_number == order.number
        ]
        if under_way:
            raise InProgressError(
                f"it is being submitted to {under_way[0].connection} right now",
                location=f"order {order.number}",
                hint=deadline_of(under_way[0]),
            )

    def _validate(self, order: Order, remote_orders: Sequence[RemoteOrder], new: NewCancellation) -> None:
        """Refuse, before anything is recorded, what a place would not take."""
        for remote_order in remote_orders:
            try:
                connection = self._connections.get(remote_order.connection)
            except OrderDeskError:
                continue  # It cannot be used now; its case says so and waits for somebody to mend it.
            routes = connection.integration.cancel
            index = next_open_route(routes, remote_order, self._clock.now())
            if index is not None:
                title = connection.integration.title
                with suppress(PluginError):  # It cannot say what it takes; its case will tell.
                    validate(routes[index], title, connection.settings, order, new.reason, new.lines)


def require_actor(by: str) -> str:
    """The name of whoever stands for something. Raises ValidationError for a blank one."""
    if not by.strip():
        raise ValidationError("somebody must stand for this", location="by", hint="give the name of the person or rule")
    return by.strip()
