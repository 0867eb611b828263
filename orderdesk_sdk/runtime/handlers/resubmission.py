"""Resubmitting: a canceled order goes out again under a new number, never while the original is unsettled (law 9)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.validation import cancels_whole_order, latest_cases
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.integration import NoResubmission, SameNumber
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.handlers.base import CaseHandler
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["ResubmissionHandler"]

OTHER_NUMBER_HINT = "give another number with --number, or let duplicates be numbered otherwise: [resubmit].suffix"
DUPLICATE_ORDER = "a resubmission would make the order twice"


class ResubmissionHandler(CaseHandler[Resubmission, ResubmitRequest, RemoteOrder]):
    """Opens resubmissions and advances them."""

    result_type = RemoteOrder
    find_out_hint = "find out at the service, confirm or refuse it; what is not there may be made under another number"

    def open(self, original: Order, *, requested_by: str, connection: str | None, number: str | None) -> Resubmission:
        """Record the resubmission, or find the one that is there. The duplicate is made when it is advanced: written
        down first, so that a crash leaves no duplicate that nobody knows of.

        Raises InvalidStateError while the original is unsettled or not canceled, and where the integration takes no
        resubmission; ValidationError for a number that the service would mangle, or knows as the canceled order's.
        """
        case = self._canceled_case(original, connection)
        target = connection or case.connection

        # Read before the ledger's transaction, in which no host over a network must be asked.
        places = {placement.connection for placement in self._order_store.remote_orders(original.id)}

        def earlier(known: Sequence[Resubmission]) -> Resubmission | None:
            return _existing_resubmission(places, target, number, known)

        found = earlier(self._ledger.resubmissions(original_id=original.id))
        if found is not None:
            return found
        rule = self._connections.get(target).integration.resubmission
        if isinstance(rule, NoResubmission):
            raise InvalidStateError(rule.reason, location=f"resubmit {original.number} at {target}")
        new_number = number or (
            original.number if isinstance(rule, SameNumber) else self._order_store.next_free_number(original.id)
        )
        remote_id = case.remote_id if isinstance(rule, SameNumber) else new_number
        try:
            self._validate_number(original, new_number, remote_id, target, isinstance(rule, SameNumber))
        except ValidationError:
            # Somebody who asks for the same at this moment may have made the duplicate, which then has the number.
            found = earlier(self._ledger.resubmissions(original_id=original.id))
            if found is None:
                raise
            return found
        now = self._clock.now()
        opened, is_new = self._ledger.open_resubmission(
            Resubmission(
                id=f"r{secrets.token_hex(6)}",
                order_number=new_number,
                original_id=original.id,
                original_number=original.number,
                connection=target,
                integration=self._connections.integration_slug(target),
                remote_id=remote_id,
                requested_by=requested_by,
                state=ErrandState.PENDING,
                created_at=now,
                updated_at=now,
                due_at=now,
            ),
            earlier,
        )
        if not is_new and opened.original_id != original.id:
            raise ValidationError(
                f"the number {new_number!r} is kept for order {opened.original_number}, which was resubmitted as it",
                location=f"resubmit {original.number} at {target}",
                hint=OTHER_NUMBER_HINT,
            )
        return opened

    def _canceled_case(self, original: Order, connection: str | None) -> Case:
        latest = {case.connection: case for case in self._ledger.cases(order_id=original.id)}
        if not latest:
            raise InvalidStateError(
                "it has not been canceled", location=f"order {original.number}", hint="cancel it first"
            )
        self._require_settled(original)
        lives = self._still_active_at(original)
        if lives:
            raise InvalidStateError(lives, location=f"order {original.number}", hint=DUPLICATE_ORDER)
        wanted = latest.get(connection) if connection is not None else None
        return wanted or next(iter(latest.values()))

    def _require_settled(self, original: Order) -> None:
        latest = {case.connection: case for case in self._ledger.cases(order_id=original.id)}
        unsettled = [f"{case.connection} is {case.state.value}" for case in latest.values() if case.is_open]
        if unsettled:
            raise InvalidStateError(
                f"its cancellation is not settled: {', '.join(unsettled)}",
                location=f"order {original.number}",
                hint="wait until it is, or let a person confirm or refuse the case; else the order may be made twice",
            )

    def _still_active_at(self, original: Order) -> str | None:
        """Where the original goes on, in words; None where all of it is canceled, settled or not."""
        placements = self._order_store.remote_orders(
            original.id
        )  # First: a place is registered when its case is written down.
        latest = latest_cases(self._ledger.cases(order_id=original.id), placements)
        wishes = {wish.id: wish for wish in self._ledger.cancellations(original.id)}
        lives = [f"{case.connection} ({case.state.value})" for case in latest.values() if _leaves_order_active(case)]
        lives += [
            f"{placement.connection} (never asked to cancel)"
            for placement in placements
            if placement.role is not ConnectionRole.CART and placement.connection not in latest
        ]
        lives += [
            f"{case.connection} (only a part is canceled)"
            for case in latest.values()
            if case.state is State.CANCELED
            and case.role is not ConnectionRole.CART
            and not cancels_whole_order(case, wishes[case.cancellation_id], original)
        ]
        return f"the original goes on at {', '.join(lives)}" if lives else None

    def _validate_number(self, original: Order, number: str, remote_id: str, target: str, same: bool) -> None:
        """Refuse a number that another order has, that the service would mangle, or, unless `same`, has canceled."""
        rule = self._connections.get(target).integration.remote_id_format
        fault = number_error(number, rule)
        fault = self._number_owner(original, number, remote_id, target) or fault
        if not same and number in self._numbers_of(original):
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

    def _numbers_of(self, original: Order) -> set[str]:
        """Every number that the original goes by, here or at a service."""
        return {original.number, *(found.remote_id for found in self._order_store.remote_orders(original.id))}

    def start_flow(self, request: ResubmitRequest, connection: Connection, now: datetime) -> object:
        hook = connection.plugin.manager.hook.orderdesk_resubmit
        started: object = hook(request=request, service=connection.service(now))
        return started

    def build_request(self, case: Resubmission, *, may_exist: bool) -> ResubmitRequest:
        self._require_canceled(case, may_exist=may_exist)
        original = self._order_store.get_order(case.original_id)
        taken = self._number_owner(original, case.order_number, case.remote_id, case.connection, copied=True)
        if taken:
            raise ValidationError(taken, location=f"resubmission {case.id}", hint="resubmit again with another number")
        return ResubmitRequest(self._duplicate(case), self._original(case), may_exist=may_exist)

    def _require_canceled(self, case: Resubmission, *, may_exist: bool) -> None:
        """The original may have gone somewhere else since this was asked for, or ship after all."""
        original = self._order_store.get_order(case.original_id)
        self._require_settled(original)
        coming = self._ledger.registrations(order_id=original.id)
        if coming:
            raise InvalidStateError(
                f"it is being registered at {coming[0].connection}", location=f"order {original.number}"
            )
        lives = self._still_active_at(original)
        if lives and not may_exist:  # What may be there already must be found, see `why_blocked`.
            raise ValidationError(
                lives, location=f"resubmission {case.id}", hint=f"{DUPLICATE_ORDER}; cancel it there, and ask again"
            )

    def why_blocked(self, case: Resubmission) -> str | None:
        lives = self._still_active_at(self._order_store.get_order(case.original_id))
        return f"{lives}, and {DUPLICATE_ORDER}" if lives else None

    def send_condition(self, case: Resubmission) -> SendCondition:
        def why() -> str | None:
            try:
                self._require_canceled(case, may_exist=False)
            except OrderDeskError as error:
                return error.message
            return None

        return SendCondition(why, case.original_id)

    def description(self, case: Resubmission) -> str:
        return f"submitting {case.order_number} as {case.remote_id}"

    def settle_by_result(
        self, sending_case: Resubmission, outcome: RemoteOrder | Answer, now: datetime, *, may_have_sent: bool
    ) -> Resubmission | None:
        if not isinstance(outcome, RemoteOrder):
            return None
        if not may_have_sent:  # Whoever made what is there, it was not us.
            return sending_case.with_state(
                ErrandState.REJECTED,
                now,
                message=f"the number {outcome.remote_id} is taken: an order is there already",
                hint="resubmit again with another number; look at the service whose order it is",
            )
        self._register(sending_case, outcome, sending_case.requested_by)
        return sending_case.with_state(ErrandState.DONE, now)

    def save_confirmed(self, case: Resubmission, by: str) -> None:
        role = self._connections.get(case.connection).integration.role
        self._register(case, RemoteOrder(case.connection, case.remote_id, self._clock.now(), role), by)

    def _register(self, case: Resubmission, remote_order: RemoteOrder, by: str) -> None:
        copy = self._duplicate(case)
        if not any(found.connection == remote_order.connection for found in self._order_store.remote_orders(copy.id)):
            self._order_store.add_remote_order(copy.id, remote_order, by=by)

    def find(self, case_id: str) -> Resubmission:
        return self._ledger.resubmission(case_id)

    def _duplicate(self, case: Resubmission) -> Order:
        """The order that is submitted: the duplicate, made now where it is not there yet."""
        if case.order_number == case.original_number:
            return self._order_store.get_order(case.original_id)
        copy = self._existing_duplicate(case)
        if copy is None:
            try:
                return self._order_store.duplicate(case.original_id, by=case.requested_by, number=case.order_number)
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

    def _existing_duplicate(self, case: Resubmission) -> Order | None:
        """The duplicate, where it is there already."""
        copies = (
            found
            for found in self._order_store.find_ids(case.order_number)
            if self._order_store.original_of(found) == case.original_id
        )
        return next((self._order_store.get_order(found) for found in copies), None)

    def _original(self, case: Resubmission) -> RemoteOrder | None:
        placements = self._order_store.remote_orders(case.original_id)
        return next((found for found in placements if found.connection == case.connection), None)


def _leaves_order_active(case: Case) -> bool:
    """Whether a settled case leaves something of the original that is still made or shipped."""
    if (
        case.role is ConnectionRole.CART
    ):  # It makes nothing; one that was left alone goes with a fulfillment that refused.
        return case.state in (State.REJECTED, State.SHIPPED_ANYWAY)
    return case.state is not State.CANCELED


def _existing_resubmission(
    connections: Collection[str], target: str, number: str | None, resubmissions: Sequence[Resubmission]
) -> Resubmission | None:
    """Of all resubmissions of an original, the one that is what is asked for now; None where none is.

    Each of the original's places is made up for once; another connection takes the place of all of them. Raises
    InvalidStateError where one more would make the order twice.
    """
    living = [found for found in resubmissions if found.is_open or found.state is ErrandState.DONE]
    for found in living:
        if found.connection == target and number in (None, found.order_number):
            return found
    for found in living:
        # At the same one, another number is what a person gives who has found out that the first one is not there.
        if found.connection != target and not {found.connection, target} <= set(connections):
            raise InvalidStateError(
                f"it was resubmitted to {found.connection} as {found.order_number} ({found.state.value})",
                location=f"resubmit {found.original_number} at {target}",
                hint=f"a second one would make the order twice; cancel {found.order_number}, then resubmit that",
            )
    return None
