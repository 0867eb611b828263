"""Resubmitting: a canceled order goes out again under a new number, never while the original is unsettled (law 9)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import assert_never

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.coverage import TWICE, CancellationCoverage, ResubmissionBlockKind
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.errors import InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.integration import NoResubmit, SameNumber
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.url_paths import number_fault
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import read_coverage
from orderdesk_sdk.runtime.handlers.base import ErrandRunner
from orderdesk_sdk.runtime.journal import Hold

__all__ = ["Resubmitter"]

OTHER_NUMBER = "give another number with --number, or let duplicates be numbered otherwise: [resubmit].suffix"


class Resubmitter(ErrandRunner[Resubmission, ResubmitRequest, Placement, CancellationCoverage]):
    """Opens resubmissions and advances them."""

    ends_with = Placement
    find_out = "find out at the service, confirm or refuse it; what is not there may be made under another number"

    def open(
        self, original: Order, *, by: str, at: str | None, number: str | None
    ) -> tuple[Resubmission, CancellationCoverage]:
        """Record the resubmission, or find the one that is there; with it, what was read about the original.

        The duplicate is made when it is advanced: written down first, so that a crash leaves no duplicate that nobody
        knows of.

        Raises NotAllowedError while the original is unsettled or not canceled, and where the integration takes no
        resubmission; InputError for a number that the service would mangle, or knows as the canceled order's.
        """
        # Read before the ledger's transaction, in which no host over a network must be asked.
        known = read_coverage(self._ledger, self._host, original)
        case = _canceled_case(known, at)
        target = at or case.connection
        places = {remote.connection for remote in known.remote_orders}

        def earlier(resubmissions: Sequence[Resubmission]) -> Resubmission | None:
            return _earlier(places, target, number, resubmissions)

        found = earlier(self._ledger.resubmissions(original_id=original.id))
        if found is not None:
            return found, known
        try:
            wanted = self._wanted(known, case, target, number, by)
        except InputError:
            # Somebody who asks for the same at this moment may have made the duplicate, which then has the number.
            found = earlier(self._ledger.resubmissions(original_id=original.id))
            if found is None:
                raise
            return found, known
        opened, is_new = self._ledger.open_resubmission(wanted, earlier)
        if not is_new and opened.original_id != original.id:
            raise InputError(
                f"the number {opened.order_number!r} is kept for order {opened.original_number},"
                " which was resubmitted as it",
                place=f"resubmit {original.number} at {target}",
                remedy=OTHER_NUMBER,
            )
        return opened, known

    def _wanted(
        self, known: CancellationCoverage, case: Case, target: str, number: str | None, by: str
    ) -> Resubmission:
        """The resubmission that is asked for. Raises what the integration, or its rule for numbers, has against it."""
        original = known.order
        rule = self._connections.get(target).integration.resubmit
        if isinstance(rule, NoResubmit):
            raise NotAllowedError(rule.why, place=f"resubmit {original.number} at {target}")
        keeps_number = isinstance(rule, SameNumber)
        new_number = number or (original.number if keeps_number else self._host.free_number(original.id))
        remote_id = case.remote_id if keeps_number else new_number
        self._demand_number(known, new_number, remote_id, target, keeps_number)
        now = self._clock.now()
        return Resubmission(
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
        )

    def _demand_number(self, known: CancellationCoverage, number: str, remote_id: str, target: str, same: bool) -> None:
        """Refuse a number that another order has, that the service would mangle, or, unless `same`, has canceled."""
        original = known.order
        rule = self._connections.get(target).integration.remote_id
        fault = number_fault(number, rule)
        fault = self._taken(original, number, remote_id, target) or fault
        if not same and number in (original.number, *(remote.remote_id for remote in known.remote_orders)):
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

    def start(self, request: ResubmitRequest, connection: Connection, now: datetime) -> object:
        hook = connection.loaded.manager.hook.orderdesk_resubmit
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, work: Resubmission) -> CancellationCoverage:
        return read_coverage(self._ledger, self._host, self._host.order(work.original_id))

    def request(self, work: Resubmission, known: CancellationCoverage, *, unsure: bool) -> ResubmitRequest:
        _demand_canceled(work, known, unsure=unsure)
        taken = self._taken(known.order, work.order_number, work.remote_id, work.connection, copied=True)
        if taken:
            raise InputError(taken, place=f"resubmission {work.id}", remedy="resubmit again with another number")
        there = next((remote for remote in known.remote_orders if remote.connection == work.connection), None)
        return ResubmitRequest(self._duplicate(work, known.order), there, unsure=unsure)

    def against(self, known: CancellationCoverage) -> str | None:
        block = known.blocks_resubmission()
        return f"{block.message}, and {TWICE}" if block is not None else None

    def hold(self, work: Resubmission) -> Hold:
        def why() -> str | None:
            try:
                _demand_canceled(work, self.read(work), unsure=False)
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

    def _duplicate(self, work: Resubmission, original: Order | None = None) -> Order:
        """The order that is submitted: the duplicate, made now where it is not there yet.

        original: as it was just read; None reads it where it goes out again itself.
        """
        if work.order_number == work.original_number:
            return original or self._host.order(work.original_id)
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


def _canceled_case(known: CancellationCoverage, at: str | None) -> Case:
    """The case that a resubmission makes up for: at a connection, or the first. Raises NotAllowedError, see law 9."""
    block = known.blocks_resubmission()
    # What is being registered is over in a moment: the resubmission waits for that itself.
    if block is not None and block.kind is not ResubmissionBlockKind.BEING_REGISTERED:
        raise NotAllowedError(block.message, place=f"order {known.order.number}", remedy=block.hint)
    wanted = known.latest.get(at) if at is not None else None
    return wanted or next(iter(known.latest.values()))


def _demand_canceled(work: Resubmission, known: CancellationCoverage, *, unsure: bool) -> None:
    """The original may have gone somewhere else since this was asked for, or ship after all.

    Raises NotAllowedError for what passes, and InputError for what does not. unsure: what may be there already must be
    found, wherever the original is; see `against`.
    """
    block = known.blocks_resubmission()
    if block is None:
        return
    match block.kind:
        case ResubmissionBlockKind.UNSETTLED | ResubmissionBlockKind.BEING_REGISTERED:
            raise NotAllowedError(block.message, place=f"order {known.order.number}", remedy=block.hint)
        case ResubmissionBlockKind.STILL_ACTIVE | ResubmissionBlockKind.NOT_CANCELED:
            if not unsure:
                raise InputError(block.message, place=f"resubmission {work.id}", remedy=block.hint)
        case _:
            assert_never(block.kind)


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
