"""Reach: a cancellation to cancel a whole order follows the order to every place that it is submitted to meanwhile.

Ledger and host may be two databases, so no transaction covers both. Whoever registers a place looks for cancellations
again when the host has it; whoever makes a cancellation looks for places again when the ledger has it. Of the two, the
later one sees the other. What a crash leaves undone is found in the ledger by `resume_registrations`, or by the next
look at a case of the cancellation.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.policy.withdrawal import withdrawal_event
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import open_cancel_cases
from orderdesk_sdk.errors import ConflictError, NotFoundError, OrderDeskError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import LEASE, ContextLoader

__all__ = ["CancellationExtender"]


class CancellationExtender:
    """Extends cancellations to places. Safe from many threads and processes: to extend twice is to extend once."""

    def __init__(self, loader: ContextLoader, order_store: OrderStoreById, connections: Connections) -> None:
        self._loader = loader
        self._ledger = loader.ledger
        self._clock = loader.clock
        self._order_store = order_store
        self._connections = connections

    def begin_registration(self, order: Order, remote_order: RemoteOrder) -> Registration:
        """What `complete_registration` needs, recorded before the order store is told of a remote order.

        The cancellation that is open reaches there. A crash leaves a registration that `resume_registrations` finds,
        and perhaps a case that waits for the remote order.
        """
        was_there = any(
            remote.connection == remote_order.connection for remote in self._order_store.remote_orders(order.id)
        )
        cancellations = self._settled_cancellations(order.id)
        begun = Registration(
            secrets.token_hex(6), order.id, remote_order.connection, self._clock.now(), cancellations, was_there
        )
        self._ledger.begin_registration(begun)
        self.extend_to(order, remote_order, already_registered=was_there)
        return begun

    def complete_registration(
        self, registration: Registration, order: Order, remote_order: RemoteOrder
    ) -> Cancellation | None:
        """Now that the host has the remote order.

        The cancellation that reaches there, of those that came or were open meanwhile.

        One that is settled by now counts as well, if it was made since the registration began: whoever made it wanted
        the order canceled wherever it is.
        """
        extended = self.extend_to(
            order,
            remote_order,
            settled_before=registration.settled_cancellations,
            already_registered=registration.already_registered,
        )
        self._ledger.discard_registration(registration)
        return extended

    def abandon_registration(self, registration: Registration) -> None:
        """The order store did not take the remote order: nothing is requested, unless another process took it."""
        if not any(
            remote.connection == registration.connection
            for remote in self._order_store.remote_orders(registration.order_id)
        ):
            follows = {
                cancellation.id
                for cancellation in self._ledger.cancellations(registration.order_id)
                if cancellation.extends is not None
            }
            for case in self._ledger.cases(CancelCase, order_id=registration.order_id):
                if case.connection == registration.connection and case.cancellation_id in follows:
                    self._withdraw(case, "The order was not submitted to this connection after all")
        self._ledger.discard_registration(registration)

    def extend_to_uncovered(self, order_id: str, remote_orders: Sequence[RemoteOrder]) -> tuple[CancelCase, ...]:
        """Extend the open cancellations to those of an order's remote orders that have no case; the new cases."""
        missing = self._uncovered(order_id, remote_orders)
        if not missing:
            return ()
        order = self._order_store.get_order(order_id)
        extended = [self.extend_to(order, remote_order, already_registered=False) for remote_order in missing]
        return tuple(
            case
            for cancellation in extended
            if cancellation is not None
            for case in self._ledger.cases(CancelCase, cancellation_id=cancellation.id)
            if case.state is State.PENDING
        )

    def resume_registrations(self) -> tuple[str, ...]:
        """Look after the registrations that others began and have not completed; what kept it from that, a line each.

        Whoever began one may be at it this moment: then both do the same, and it is done once.
        """
        problems = []
        for begun in self._ledger.registrations():
            try:
                self._resume(begun)
            except OrderDeskError as error:
                problems.append(f"order id {begun.order_id} at {begun.connection}: {error}")
        return tuple(problems)

    def extend_to(
        self,
        order: Order,
        remote_order: RemoteOrder,
        *,
        settled_before: Collection[str] | None = None,
        already_registered: bool,
    ) -> Cancellation | None:
        """The cancellation that now reaches a place, by an extension recorded here or before; None where none does.

        A cancellation for the whole order, wherever it is, reaches a place while a case of it is open, or when it is
        none of those in `settled_before`; unless a person withdrew it.

        Args:
            already_registered: the order was at the connection before, so what was requested there counts.
        """
        cases = self._ledger.cases(CancelCase, order_id=order.id)
        cancellations = {cancellation.id: cancellation for cancellation in self._ledger.cancellations(order.id)}
        here = [case for case in cases if case.connection == remote_order.connection]
        for case in here:
            if case.is_open:
                is_new = case.state is State.PENDING and case.attempt == 0 and not case.is_batched
                return cancellations[case.cancellation_id] if is_new else None
        if already_registered and latest_cases(here, [remote_order]):
            return None
        for cancellation in reversed(cancellations.values()):
            if cancellation.lines or cancellation.connections or cancellation.extends is not None:
                continue
            its = [
                case
                for case in cases
                if cancellation.id in (case.cancellation_id, cancellations[case.cancellation_id].extends)
            ]
            lives = any(case.is_open for case in its) or (
                settled_before is not None and cancellation.id not in settled_before
            )
            if lives and not self._is_withdrawn(cancellation, its):
                return self._record_extension(cancellation, remote_order, here)
        return None

    def withdraw(self, order: Order, *, after_all: bool = False) -> None:
        """Note that a person takes back what is wanted of an order now: it does not follow the order any more.

        Args:
            after_all: it is wanted after all, and follows again.
        """
        for cancellation in self._ledger.cancellations(order.id):
            changes_of_mind = self._withdrawal_count(cancellation)
            if changes_of_mind % 2 == after_all:
                self._ledger.alias_key(_extension_key(cancellation, changes_of_mind), "", cancellation)

    def _withdrawal_count(self, cancellation: Cancellation) -> int:
        """How often persons changed their minds about a cancellation; odd: it is taken back."""
        changes_of_mind = 0
        while self._ledger.find_by_key(_extension_key(cancellation, changes_of_mind), "") is not None:
            changes_of_mind += 1
        return changes_of_mind

    def _record_extension(
        self, cancellation: Cancellation, remote_order: RemoteOrder, cases_there: Sequence[CancelCase]
    ) -> Cancellation:
        # Named by what was withdrawn there before: registered under a wrong number, say, and now under the right one.
        again = sum(case.state is State.WITHDRAWN for case in cases_there)
        extended = evolve(
            cancellation,
            id=secrets.token_hex(6),
            idempotency_key=f"{cancellation.idempotency_key} > {remote_order.connection}{f' {again}' if again else ''}",
            requested_at=self._clock.now(),
            connections=(remote_order.connection,),
            extends=cancellation.id,
            side_effects=(),  # No plan showed them there, so nobody has allowed them.
        )
        opened = open_cancel_cases(extended, [remote_order], self._connections.integration_slug_or_empty)
        return self._ledger.open_cancellation(extended, "", opened)[0]

    def _is_withdrawn(self, cancellation: Cancellation, cases: Iterable[CancelCase]) -> bool:
        """Whether a person took a cancellation back, in whole or at one of its places.

        A case that no person withdrew says nothing of what is wanted: a cart that was left alone (law 8), say.
        """
        if self._withdrawal_count(cancellation) % 2:
            return True
        return any(
            isinstance(entry.content, Event) and entry.content.kind is EventKind.WITHDRAWN and entry.content.person
            for case in cases
            if case.state is State.WITHDRAWN
            for entry in self._ledger.history(case.id)
        )

    def _settled_cancellations(self, order_id: str) -> tuple[str, ...]:
        """The cancellations for an order of which nothing is open. Those that are open now are about what comes now."""
        cancellations = {cancellation.id: cancellation for cancellation in self._ledger.cancellations(order_id)}
        lives = {case.cancellation_id for case in self._ledger.cases(CancelCase, order_id=order_id) if case.is_open}
        lives |= {cancellations[name].extends or name for name in lives if name in cancellations}
        return tuple(name for name in cancellations if name not in lives)

    def _uncovered(self, order_id: str, remote_orders: Sequence[RemoteOrder]) -> tuple[RemoteOrder, ...]:
        if len(remote_orders) < 2:  # The one place is that of the case which is being looked at.
            return ()
        latest = latest_cases(self._ledger.cases(CancelCase, order_id=order_id), remote_orders)
        return tuple(remote_order for remote_order in remote_orders if remote_order.connection not in latest)

    def _resume(self, registration: Registration) -> None:
        try:
            remote_orders = self._order_store.remote_orders(registration.order_id)
        except NotFoundError:
            remote_orders = ()
        for remote_order in remote_orders:
            if remote_order.connection == registration.connection:
                self.complete_registration(
                    registration, self._order_store.get_order(registration.order_id), remote_order
                )
                return
        if (
            self._clock.now() - registration.started_at > LEASE
        ):  # Whoever began it is dead, or looks for cancellations himself.
            self.abandon_registration(registration)

    def _withdraw(self, case: CancelCase, reason: str) -> None:
        declared = self._connections.integration(case.connection)
        integration = None if isinstance(declared, str) else declared
        while case.state is State.PENDING and case.withdrawn_by is None:
            try:
                event = withdrawal_event(case, integration, self._clock.now(), None, reason)
                case = self._loader.apply(case, event)  # What is to be undone before, is when it is due.
            except ConflictError:
                case = self._ledger.case(case.id, CancelCase)  # A worker has found, too, that the order is not there.


def _extension_key(cancellation: Cancellation, withdrawals: int) -> str:
    """The key that names a cancellation once it was taken back, or wanted again, for the next time."""
    return f"withdrawn {cancellation.id}: {withdrawals}"
