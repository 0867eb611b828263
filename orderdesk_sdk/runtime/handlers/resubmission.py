"""Resubmitting: a canceled order goes out again under a new number, never while the original is unsettled (law 9)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import assert_never

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import TWICE, CancellationCoverage, ResubmissionBlockKind
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.integration import NoResubmission, SameNumber
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.handlers.redriving import RedrivingHandler
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["ResubmissionHandler"]

OTHER_NUMBER_HINT = "give another number with --number, or change [resubmission].suffix"


class ResubmissionHandler(RedrivingHandler[ResubmitCase, ResubmitRequest, RemoteOrder, CancellationCoverage]):
    """Opens resubmissions and handles them."""

    kind = ResubmitCase
    result_type = RemoteOrder
    find_out_hint = (
        "find out at the service, then confirm or reject the case;"
        " an order that the service does not have may be resubmitted under another number"
    )

    def open(
        self, original: Order, *, requested_by: str, connection: str | None, number: str | None
    ) -> tuple[ResubmitCase, CancellationCoverage]:
        """Record the resubmission, or find the one that is there; with it, what was read about the original.

        The duplicate is made when it is advanced: written down first, so that a crash leaves no duplicate that nobody
        knows of.

        Raises InvalidStateError while the original is unsettled or not canceled, and where the integration takes no
        resubmission; ValidationError for a number that the service would mangle, or knows as the canceled order's.
        """
        # Read before the ledger's transaction, in which no host over a network must be asked.
        known = read_coverage(self._ledger, self._order_store, original)
        case = _canceled_case(known, connection)
        target = connection or case.connection
        places = {remote.connection for remote in known.remote_orders}

        def earlier(resubmissions: Sequence[ResubmitCase]) -> ResubmitCase | None:
            return _existing_resubmission(places, target, number, resubmissions)

        found = earlier(self._ledger.cases(ResubmitCase, order_id=original.id))
        if found is not None:
            return found, known
        try:
            wanted = self._wanted(known, case, target, number, requested_by)
        except ValidationError:
            # Somebody who asks for the same at this moment may have made the duplicate, which then has the number.
            found = earlier(self._ledger.cases(ResubmitCase, order_id=original.id))
            if found is None:
                raise
            return found, known
        opened, is_new = self._ledger.open_case(wanted, f"{wanted.order_number} at {target}", earlier)
        if not is_new and opened.order_id != original.id:
            raise ValidationError(
                f"the number {opened.order_number!r} is kept for order {opened.original_number},"
                " which was resubmitted as it",
                location=f"resubmit {original.number} at {target}",
                hint=OTHER_NUMBER_HINT,
            )
        return opened, known

    def _wanted(
        self, known: CancellationCoverage, case: CancelCase, target: str, number: str | None, by: str
    ) -> ResubmitCase:
        """The resubmission that is asked for. Raises what the integration, or its rule for numbers, has against it."""
        original = known.order
        integration = self._connections.get(target).integration
        rule = integration.resubmission
        if isinstance(rule, NoResubmission):
            raise InvalidStateError(rule.reason, location=f"resubmit {original.number} at {target}")
        keeps_number = isinstance(rule, SameNumber)
        new_number = number or (original.number if keeps_number else self._order_store.next_free_number(original.id))
        remote_id = case.remote_id if keeps_number else new_number
        self._validate_number(known, new_number, remote_id, target, keeps_number)
        now = self._clock.now()
        return ResubmitCase(
            id=f"r{secrets.token_hex(6)}",
            order_number=new_number,
            order_id=original.id,
            original_number=original.number,
            connection=target,
            integration=self._connections.integration_slug(target),
            remote_id=remote_id,
            role=integration.role,
            requested_by=by,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            due_at=now,
        )

    def _validate_number(
        self, known: CancellationCoverage, number: str, remote_id: str, target: str, same: bool
    ) -> None:
        """Refuse a number that another order has, that the service would mangle, or, unless `same`, has canceled."""
        original = known.order
        rule = self._connections.get(target).integration.remote_id_format
        fault = number_error(number, rule)
        fault = self._number_owner(original, number, remote_id, target) or fault
        if not same and number in (original.number, *(remote.remote_id for remote in known.remote_orders)):
            # The service has it, so a look for an earlier try of ours would take the canceled order for one.
            fault = f"the number {number!r} is the canceled order's own, and this service wants a new one"
        if fault:
            raise ValidationError(
                fault,
                location=f"resubmit {original.number} at {target}",
                hint=OTHER_NUMBER_HINT,
            )

    def _number_owner(
        self, original: Order, number: str, remote_id: str, target: str, *, copied: bool = False
    ) -> str | None:
        """Whose a number is, in words, where it is another order's here or at the connection; None where it is free.

        copied: a duplicate of the original may have it already.
        """
        others = [
            owner
            for owner in self._order_store.find_ids(number)
            if owner != original.id and not (copied and self._order_store.original_of(owner) == original.id)
        ]
        if others and number != original.number:  # Its own number it may keep, whoever has it beside it.
            return f"the number {number!r} belongs to another order (id {others[0]})"
        there = self._order_store.find_by_remote_id(target, remote_id)
        if there is not None and there != original.id and self._order_store.original_of(there) != original.id:
            return f"the number {remote_id!r} is another order's at {target} (id {there})"
        return None

    def start_flow(self, request: ResubmitRequest, connection: Connection, now: datetime) -> object:
        hook = connection.plugin.manager.hook.orderdesk_resubmit
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, case: ResubmitCase) -> CancellationCoverage:
        return read_coverage(self._ledger, self._order_store, self._order_store.get_order(case.order_id))

    def build_request(self, case: ResubmitCase, known: CancellationCoverage, *, may_exist: bool) -> ResubmitRequest:
        _demand_canceled(case, known, unsure=may_exist)
        taken = self._number_owner(known.order, case.order_number, case.remote_id, case.connection, copied=True)
        if taken:
            raise ValidationError(taken, location=f"resubmission {case.id}", hint="resubmit again with another number")
        there = next((remote for remote in known.remote_orders if remote.connection == case.connection), None)
        return ResubmitRequest(self._duplicate(case, known.order), there, may_exist=may_exist)

    def why_blocked(self, known: CancellationCoverage) -> str | None:
        block = known.blocks_resubmission()
        return f"{block.message}, and {TWICE}" if block is not None else None

    def send_condition(self, case: ResubmitCase) -> SendCondition:
        def why() -> str | None:
            try:
                _demand_canceled(case, self.read(case), unsure=False)
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
            text = f"the number {outcome.remote_id} is taken: an order is there already"
            remedy = "resubmit again with another number; look at the service whose order it is"
            return Event(
                EventKind.REJECTED, now, rejection=Rejection.NOT_ALLOWED, message=text, hint=remedy, evidence=proof
            )
        self._register(sending_case, outcome, sending_case.requested_by)
        return Event(EventKind.DONE, now, evidence=proof)

    def save_confirmed(self, case: ResubmitCase, by: str) -> None:
        role = self._connections.get(case.connection).integration.role
        self._register(case, RemoteOrder(case.connection, case.remote_id, self._clock.now(), role), by)

    def _register(self, case: ResubmitCase, remote_order: RemoteOrder, by: str) -> None:
        copy = self._duplicate(case)
        if not any(found.connection == remote_order.connection for found in self._order_store.remote_orders(copy.id)):
            self._order_store.add_remote_order(copy.id, remote_order, by=by)

    def _duplicate(self, case: ResubmitCase, original: Order | None = None) -> Order:
        """The order that is submitted: the duplicate, made now where it is not there yet.

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
            found
            for found in self._order_store.find_ids(case.order_number)
            if self._order_store.original_of(found) == case.order_id
        )
        return next((self._order_store.get_order(found) for found in copies), None)


def _canceled_case(known: CancellationCoverage, at: str | None) -> CancelCase:
    """The case that a resubmission makes up for: at a connection, or the first. Raises InvalidStateError, see law 9."""
    block = known.blocks_resubmission()
    # What is being registered is over in a moment: the resubmission waits for that itself.
    if block is not None and block.kind is not ResubmissionBlockKind.BEING_REGISTERED:
        raise InvalidStateError(block.message, location=f"order {known.order.number}", hint=block.hint)
    wanted = known.latest.get(at) if at is not None else None
    return wanted or next(iter(known.latest.values()))


def _demand_canceled(case: ResubmitCase, known: CancellationCoverage, *, unsure: bool) -> None:
    """The original may have gone somewhere else since this was asked for, or ship after all.

    Raises InvalidStateError for what passes, and ValidationError for what does not. unsure: what may be there already
    must be found, wherever the original is; see `against`.
    """
    block = known.blocks_resubmission()
    if block is None:
        return
    match block.kind:
        case ResubmissionBlockKind.UNSETTLED | ResubmissionBlockKind.BEING_REGISTERED:
            raise InvalidStateError(block.message, location=f"order {known.order.number}", hint=block.hint)
        case ResubmissionBlockKind.STILL_ACTIVE | ResubmissionBlockKind.NOT_CANCELED:
            if not unsure:
                raise ValidationError(block.message, location=f"resubmission {case.id}", hint=block.hint)
        case _:
            assert_never(block.kind)


def _existing_resubmission(
    connections: Collection[str], target: str, number: str | None, resubmissions: Sequence[ResubmitCase]
) -> ResubmitCase | None:
    """Of all resubmissions of an original, the one that is what is asked for now; None where none is.

    Each of the original's places is made up for once; another connection takes the place of all of them. Raises
    InvalidStateError where one more would make the order twice.
    """
    living = [found for found in resubmissions if found.is_open or found.state is State.DONE]
    for found in living:
        if found.connection == target and number in (None, found.order_number):
            return found
    for found in living:
        # At the same one, another number is what a person gives who has found out that the first one is not there.
        if found.connection != target and not {found.connection, target} <= set(connections):
            raise InvalidStateError(
                f"the order was resubmitted to {found.connection} as {found.order_number} ({found.state.value})",
                location=f"resubmit {found.original_number} at {target}",
                hint=f"a second one would duplicate the order; cancel {found.order_number}, then resubmit that",
            )
    return None
