"""Resubmitting: a canceled order goes out again under a new number, never while the original is unsettled (law 9)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from orderdesk_sdk.answer import Answer
from orderdesk_sdk.case import Case, State
from orderdesk_sdk.connections import Connection
from orderdesk_sdk.declaration import NoResubmit, SameNumber
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.errands import ErrandRunner
from orderdesk_sdk.errors import InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.journal import Hold
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.paths import number_fault
from orderdesk_sdk.request import ResubmitRequest
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.wish import latest_of, leaves_nothing

__all__ = ["Resubmitter"]

OTHER_NUMBER = "give another number with --number, or let duplicates be numbered otherwise: [resubmit].suffix"
TWICE = "a resubmission would make the order twice"


class Resubmitter(ErrandRunner[Resubmission, ResubmitRequest, Placement]):
    """Opens resubmissions and advances them."""

    ends_with = Placement
    find_out = "find out at the service, confirm or refuse it; what is not there may be made under another number"

    def open(self, original: Order, *, by: str, at: str | None, number: str | None) -> Resubmission:
        """Record the resubmission, or find the one that is there. The duplicate is made when it is advanced: written
        down first, so that a crash leaves no duplicate that nobody knows of.

        Raises NotAllowedError while the original is unsettled or not canceled, and where the integration takes no
        resubmission; InputError for a number that the service would mangle, or knows as the canceled order's.
        """
        case = self._canceled_case(original, at)
        target = at or case.connection

        # Read before the ledger's transaction, in which no host over a network must be asked.
        places = {placement.connection for placement in self._host.placements(original.id)}

        def earlier(known: Sequence[Resubmission]) -> Resubmission | None:
            return _earlier(places, target, number, known)

        found = earlier(self._ledger.resubmissions(original_id=original.id))
        if found is not None:
            return found
        rule = self._connections.get(target).integration.resubmit
        if isinstance(rule, NoResubmit):
            raise NotAllowedError(rule.why, place=f"resubmit {original.number} at {target}")
        new_number = number or (
            original.number if isinstance(rule, SameNumber) else self._host.free_number(original.id)
        )
        remote_id = case.remote_id if isinstance(rule, SameNumber) else new_number
        try:
            self._demand_number(original, new_number, remote_id, target, isinstance(rule, SameNumber))
        except InputError:
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
                integration=self._connections.slug(target),
                remote_id=remote_id,
                asked_by=by,
                state=ErrandState.REQUESTED,
                opened_at=now,
                updated_at=now,
                due_at=now,
            ),
            earlier,
        )
        if not is_new and opened.original_id != original.id:
            raise InputError(
                f"the number {new_number!r} is kept for order {opened.original_number}, which was resubmitted as it",
                place=f"resubmit {original.number} at {target}",
                remedy=OTHER_NUMBER,
            )
        return opened

    def _canceled_case(self, original: Order, at: str | None) -> Case:
        latest = {case.connection: case for case in self._ledger.cases(order_id=original.id)}
        if not latest:
            raise NotAllowedError(
                "it has not been canceled", place=f"order {original.number}", remedy="cancel it first"
            )
        self._demand_settled(original)
        lives = self._lives(original)
        if lives:
            raise NotAllowedError(lives, place=f"order {original.number}", remedy=TWICE)
        wanted = latest.get(at) if at is not None else None
        return wanted or next(iter(latest.values()))

    def _demand_settled(self, original: Order) -> None:
        latest = {case.connection: case for case in self._ledger.cases(order_id=original.id)}
        unsettled = [f"{case.connection} is {case.state.value}" for case in latest.values() if case.is_open]
        if unsettled:
            raise NotAllowedError(
                f"its cancellation is not settled: {', '.join(unsettled)}",
                place=f"order {original.number}",
                remedy="wait until it is, or let a person confirm or refuse the case; else the order may be made twice",
            )

    def _lives(self, original: Order) -> str | None:
        """Where the original goes on, in words; None where all of it is canceled, settled or not."""
        placements = self._host.placements(original.id)  # First: a place is registered when its case is written down.
        latest = latest_of(self._ledger.cases(order_id=original.id), placements)
        wishes = {wish.id: wish for wish in self._ledger.cancellations(original.id)}
        lives = [f"{case.connection} ({case.state.value})" for case in latest.values() if _goes_on(case)]
        lives += [
            f"{placement.connection} (never asked to cancel)"
            for placement in placements
            if placement.role is not Role.CART and placement.connection not in latest
        ]
        lives += [
            f"{case.connection} (only a part is canceled)"
            for case in latest.values()
            if case.state is State.CANCELED
            and case.role is not Role.CART
            and not leaves_nothing(case, wishes[case.cancellation_id], original)
        ]
        return f"the original goes on at {', '.join(lives)}" if lives else None

    def _demand_number(self, original: Order, number: str, remote_id: str, target: str, same: bool) -> None:
        """Refuse a number that another order has, that the service would mangle, or, unless `same`, has canceled."""
        rule = self._connections.get(target).integration.remote_id
        fault = number_fault(number, rule)
        fault = self._taken(original, number, remote_id, target) or fault
        if not same and number in self._numbers_of(original):
            # The service has it, so a look for an earlier try of ours would take the canceled order for one.
            fault = f"the number {number!r} is the canceled order's own, and this service wants a new one"
        if fault:
            raise InputError(
                fault,
                place=f"resubmit {original.number} at {target}",
                remedy=OTHER_NUMBER,
            )

    def _taken(self, original: Order, number: str, remote_id: str, target: str, *, copied: bool = False) -> str | None:
        """Whose a number is, in words, where it is another order's here or at the connection; None where it is free.

        copied: a duplicate of the original may have it already.
        """
        others = [
            owner
            for owner in self._host.called(number)
            if owner != original.id and not (copied and self._host.copied_from(owner) == original.id)
        ]
        if others and number != original.number:  # Its own number it may keep, whoever has it beside it.
            return f"the number {number!r} belongs to another order (id {others[0]})"
        there = self._host.placed_as(target, remote_id)
        if there is not None and there != original.id and self._host.copied_from(there) != original.id:
            return f"the number {remote_id!r} is another order's at {target} (id {there})"
        return None

    def _numbers_of(self, original: Order) -> set[str]:
        """Every number that the original goes by, here or at a service."""
        return {original.number, *(found.remote_id for found in self._host.placements(original.id))}

    def start(self, request: ResubmitRequest, connection: Connection, now: datetime) -> object:
        hook = connection.loaded.manager.hook.orderdesk_resubmit
        started: object = hook(request=request, service=connection.service(now))
        return started

    def request(self, work: Resubmission, *, unsure: bool) -> ResubmitRequest:
        self._demand_canceled(work, unsure=unsure)
        original = self._host.order(work.original_id)
        taken = self._taken(original, work.order_number, work.remote_id, work.connection, copied=True)
        if taken:
            raise InputError(taken, place=f"resubmission {work.id}", remedy="resubmit again with another number")
        return ResubmitRequest(self._duplicate(work), self._original(work), unsure=unsure)

    def _demand_canceled(self, work: Resubmission, *, unsure: bool) -> None:
        """The original may have gone somewhere else since this was asked for, or ship after all."""
        original = self._host.order(work.original_id)
        self._demand_settled(original)
        coming = self._ledger.registrations(order_id=original.id)
        if coming:
            raise NotAllowedError(f"it is being registered at {coming[0].connection}", place=f"order {original.number}")
        lives = self._lives(original)
        if lives and not unsure:  # What may be there already must be found, see `against`.
            raise InputError(lives, place=f"resubmission {work.id}", remedy=f"{TWICE}; cancel it there, and ask again")

    def against(self, work: Resubmission) -> str | None:
        lives = self._lives(self._host.order(work.original_id))
        return f"{lives}, and {TWICE}" if lives else None

    def hold(self, work: Resubmission) -> Hold:
        def why() -> str | None:
            try:
                self._demand_canceled(work, unsure=False)
            except OrderDeskError as error:
                return error.text
            return None

        return Hold(why, work.original_id)

    def announce(self, work: Resubmission) -> str:
        return f"submitting {work.order_number} as {work.remote_id}"

    def settle(
        self, sending: Resubmission, outcome: Placement | Answer, now: datetime, *, sent: bool
    ) -> Resubmission | None:
        if not isinstance(outcome, Placement):
            return None
        if not sent:  # Whoever made what is there, it was not us.
            return sending.changed(
                ErrandState.REFUSED,
                now,
                text=f"the number {outcome.remote_id} is taken: an order is there already",
                remedy="resubmit again with another number; look at the service whose order it is",
            )
        self._register(sending, outcome, sending.asked_by)
        return sending.changed(ErrandState.DONE, now)

    def record(self, work: Resubmission, by: str) -> None:
        role = self._connections.get(work.connection).integration.role
        self._register(work, Placement(work.connection, work.remote_id, self._clock.now(), role), by)

    def _register(self, work: Resubmission, placement: Placement, by: str) -> None:
        copy = self._duplicate(work)
        if not any(found.connection == placement.connection for found in self._host.placements(copy.id)):
            self._host.place(copy.id, placement, by=by)

    def find(self, work_id: str) -> Resubmission:
        return self._ledger.resubmission(work_id)

    def _duplicate(self, work: Resubmission) -> Order:
        """The order that is submitted: the duplicate, made now where it is not there yet."""
        if work.order_number == work.original_number:
            return self._host.order(work.original_id)
        copy = self._copy(work)
        if copy is None:
            try:
                return self._host.duplicate(work.original_id, by=work.asked_by, number=work.order_number)
            except InputError:
                # Whoever works on it at the same time was faster: that duplicate is ours as well.
                copy = self._copy(work)
        if copy is None:
            raise InputError(
                f"the number {work.order_number!r} was given to another order meanwhile",
                place=f"resubmission {work.id}",
                remedy="resubmit again with another number",
            )
        return copy

    def _copy(self, work: Resubmission) -> Order | None:
        """The duplicate, where it is there already."""
        copies = (
            found for found in self._host.called(work.order_number) if self._host.copied_from(found) == work.original_id
        )
        return next((self._host.order(found) for found in copies), None)

    def _original(self, work: Resubmission) -> Placement | None:
        placements = self._host.placements(work.original_id)
        return next((found for found in placements if found.connection == work.connection), None)


def _goes_on(case: Case) -> bool:
    """Whether a settled case leaves something of the original that is still made or shipped."""
    if case.role is Role.CART:  # It makes nothing; one that was left alone goes with a fulfillment that refused.
        return case.state in (State.REFUSED, State.SHIPPED_ANYWAY)
    return case.state is not State.CANCELED


def _earlier(
    places: Collection[str], target: str, number: str | None, known: Sequence[Resubmission]
) -> Resubmission | None:
    """Of all resubmissions of an original, the one that is what is asked for now; None where none is.

    Each of the original's places is made up for once; another connection takes the place of all of them. Raises
    NotAllowedError where one more would make the order twice.
    """
    living = [found for found in known if found.is_open or found.state is ErrandState.DONE]
    for found in living:
        if found.connection == target and number in (None, found.order_number):
            return found
    for found in living:
        # At the same one, another number is what a person gives who has found out that the first one is not there.
        if found.connection != target and not {found.connection, target} <= set(places):
            raise NotAllowedError(
                f"it was resubmitted to {found.connection} as {found.order_number} ({found.state.value})",
                place=f"resubmit {found.original_number} at {target}",
                remedy=f"a second one would make the order twice; cancel {found.order_number}, then resubmit that",
            )
    return None
