"""The casebook: what a case is about, read from ledger and host, and the writing down of what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from attrs import frozen

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.ledger import Ledger, Write
from orderdesk_sdk.cases.policy.escalation import hand_over
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.validation import with_line_ids
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.errors import NotFoundError, OrderDeskError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.answer import Answer, Refusal
from orderdesk_sdk.plugin.reasons import Reason, resolve_reason
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.listeners import Listeners

__all__ = ["LEASE", "Casebook", "Known", "read_coverage"]

LEASE = minutes(5)
"""How long a claim holds. Whoever has not finished by then is taken for dead; what it still writes is fenced off."""
LOOK_AGAIN = minutes(1)
"""How often a cart that waits for the others looks again."""


@frozen
class Known:
    """What the opener of a case has just read, so that its first advance need not read it again."""

    order: Order
    placement: Placement
    wish: Cancellation


def read_coverage(ledger: Ledger, host: HostById, order: Order) -> CancellationCoverage:
    """What has been canceled of an order, and where, as ledger and host have it now."""
    # In this order: an order is registered somewhere last, so whoever sees that sees what was written down before it;
    # and a cancellation is written down with its cases, so whoever sees these sees it.
    remote_orders = host.placements(order.id)
    registrations = ledger.registrations(order_id=order.id)
    cases = ledger.cases(order_id=order.id)
    return CancellationCoverage.of(order, remote_orders, ledger.cancellations(order.id), cases, registrations)


class Casebook:
    """Reads and writes cases. Safe from many threads."""

    def __init__(
        self, ledger: Ledger, host: HostById, connections: Connections, listeners: Listeners, clock: Clock
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self._host = host
        self._connections = connections
        self._listeners = listeners

    def known(self, case: Case) -> Known:
        """Order, placement and wish of a case. Raises NotFoundError where the order is no longer registered there."""
        order = self._host.order(case.order_id)
        return Known(order, self.placement(case), with_line_ids(order, self.wish(case)))

    def placements(self, case: Case) -> tuple[Placement, ...]:
        """Every place of a case's order."""
        return self._host.placements(case.order_id)

    def placement(self, case: Case, among: Sequence[Placement] | None = None) -> Placement:
        """The placement of a case, of those that were just read; None reads them.

        Raises NotFoundError where the order is no longer registered there.
        """
        for placement in self.placements(case) if among is None else among:
            if placement.connection == case.connection:
                return placement
        raise NotFoundError(
            f"order {case.order_number} is no longer registered at {case.connection}",
            place=f"case {case.id}",
            remedy="register it again with `orderdesk place`",
        )

    def wish(self, case: Case) -> Cancellation:
        """The wish that a case belongs to."""
        return next(wish for wish in self.ledger.cancellations(case.order_id) if wish.id == case.cancellation_id)

    def attempt(self, case: Case) -> Sequence[object]:
        """What was recorded in the present attempt, in order."""
        return [entry.content for entry in self.ledger.history(case.id) if entry.attempt == case.attempt]

    def cancel_request(self, case: Case, connection: Connection, known: Known) -> CancelRequest:
        """What the present route is asked to do. Raises InputError for a reason that it does not take."""
        rule = connection.route(case.route).reasons
        reason = resolve_reason(rule, known.wish.reason, connection.settings, known.order, f"case {case.id}")
        return CancelRequest(known.order, known.placement, case.cancellation_id, reason, known.wish.lines)

    def check_request(self, case: Case, placement: Placement) -> CheckRequest:
        """What a read-back is asked to look for."""
        order = self._host.order(case.order_id)
        lines = with_line_ids(order, self.wish(case)).lines
        return CheckRequest(order, placement, case.asked_at, lines, case.reference)

    def others_first(self, case: Case) -> Event | None:
        """Law 8: a cart is told last, after every fulfillment case settled as canceled; None when it may be told."""
        if case.role is not Role.CART:
            return None
        now = self.clock.now()
        block = read_coverage(self.ledger, self._host, self._host.order(case.order_id)).blocks_cart(case)
        if block is None:
            return None
        if block.waits:
            return Event(EventKind.WAIT, now, due_at=now + LOOK_AGAIN, text=block.message)
        if case.asked_at is not None:  # An earlier way has asked it already, so the wish cannot be taken back.
            return hand_over(case, now, block.message)
        return Event(EventKind.WITHDRAW, now, text=block.message)

    def veto(self, case: Case, known: Known) -> tuple[Case | None, tuple[str, ...]]:
        """The case, refused, where a listener wants nothing of its wish done; else None. And the faults of listeners.

        Each case asks for all cases of its wish, and heeds a veto that another met before a crash: so a veto at one
        place comes before anything goes out, or to a person, at another.
        """
        if case.state is not State.REQUESTED:
            return None, ()
        if case.attempt > 0:  # It was looked at before, when nothing spoke against it, and has asked for nothing since.
            against = self.vetoed_elsewhere(case) if case.asked_at is None else None
            return (self._vetoed(case, against) if against is not None else None), ()
        notes: list[str] = []
        cases = self.ledger.cases(cancellation_id=case.cancellation_id)
        others = [other for other in cases if other.id != case.id]
        for other in [case, *others]:
            if _is_vetoed(other):
                return self._vetoed(case, _said_of(other)), ()
            if other.state is not State.REQUESTED:
                continue
            reason, faults = self._listeners.veto(self._request_of(other, known))
            notes += faults
            if reason is not None:
                where = "" if other is case else f" (said of {other.connection})"
                return self._vetoed(case, f"{reason}{where}", *notes), ()
        return None, tuple(dict.fromkeys(notes))

    def vetoed_elsewhere(self, case: Case) -> str | None:
        """The veto that another case of the same wish has met, in words; None where none has."""
        for other in self.ledger.cases(cancellation_id=case.cancellation_id):
            if other.id != case.id and _is_vetoed(other):
                return _said_of(other)
        return None

    def _vetoed(self, case: Case, text: str, *notes: str) -> Case:
        with suppress(OrderDeskError):  # A connection that cannot be used has no secrets to hide either.
            text = self._connections.get(case.connection).client.redactor.text(text)
        return self.apply(case, Event(EventKind.REFUSED, self.clock.now(), refusal=Refusal.VETOED, text=text), *notes)

    def _placement_of(self, other: Case, mine: Placement) -> Placement:
        try:
            return self.placement(other)
        except NotFoundError:  # No longer registered there; as far as is known, it was there under this number.
            return Placement(other.connection, other.remote_id, mine.submitted_at, other.role)

    def _request_of(self, other: Case, known: Known) -> CancelRequest:
        mine = known.placement
        placement = mine if mine.connection == other.connection else self._placement_of(other, mine)
        try:
            asked = Known(known.order, placement, known.wish)
            return self.cancel_request(other, self._connections.get(other.connection), asked)
        except OrderDeskError:  # It cannot be asked there as it stands; the veto may still be about it.
            reason = Reason(text=known.wish.reason)
            return CancelRequest(known.order, placement, known.wish.id, reason, known.wish.lines)

    def apply(self, case: Case, event: Event, *notes: str) -> Case:
        """Change a case by an event, and tell the listeners."""
        after = transition(case, event)
        self.ledger.write(Write(case, after, [*notes, event]))
        self.tell(after, event)
        return after

    def tell(self, case: Case, event: Event) -> None:
        """Tell the listeners of a change; the faults of those that failed go into the case's history."""
        for fault in self._listeners.changed(case, event):
            self.ledger.append(case, [fault], fenced=False)

    def note_status(self, case: Case, answer: Answer) -> None:
        """Keep the service's own status word with the placement."""
        if answer.status is not None:
            self._host.note_status(case.order_id, case.connection, answer.status, self.clock.now())


def _is_vetoed(case: Case) -> bool:
    return case.state is State.REFUSED and case.refusal is Refusal.VETOED


def _said_of(vetoed: Case) -> str:
    """The veto that a case has met, as the others of its wish tell it; it may have met it at another one itself."""
    text = vetoed.text or "a listener forbade it"
    return text if "(said of " in text else f"{text} (said of {vetoed.connection})"
