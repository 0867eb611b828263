"""Reach: a wish to cancel a whole order follows the order to every place that it is submitted to meanwhile.

Ledger and host may be two databases, so no transaction covers both. Whoever registers a place looks for wishes again
when the host has it; whoever makes a wish looks for places again when the ledger has it. Of the two, the later one sees
the other. What a crash leaves undone is found in the ledger by `catch_up`, or by the next look at a case of the wish.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import latest_cases
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import open_cases
from orderdesk_sdk.errors import ConflictError, NotFoundError, OrderDeskError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import LEASE, Casebook

__all__ = ["Reach"]


class Reach:
    """Extends wishes to places. Safe from many threads and processes: to extend twice is to extend once."""

    def __init__(self, book: Casebook, host: HostById, connections: Connections) -> None:
        self._book = book
        self._ledger = book.ledger
        self._clock = book.clock
        self._host = host
        self._connections = connections

    def begin(self, order: Order, placement: Placement) -> Registration:
        """Before the host is told of a placement: what `complete` needs, recorded; the wish that is open reaches there.

        A crash leaves a registration that `catch_up` finds, and perhaps a case that waits for the placement.
        """
        was_there = any(known.connection == placement.connection for known in self._host.placements(order.id))
        wishes = self._over(order.id)
        begun = Registration(secrets.token_hex(6), order.id, placement.connection, self._clock.now(), wishes, was_there)
        self._ledger.begin_registration(begun)
        self.extend(order, placement, was_there=was_there)
        return begun

    def complete(self, begun: Registration, order: Order, placement: Placement) -> Cancellation | None:
        """Now that the host has the placement: the wish that reaches there, of those that came or were open meanwhile.

        One that is settled by now counts as well, if it was made since the registration began: whoever made it wanted
        the order canceled wherever it is.
        """
        extended = self.extend(order, placement, since=begun.wishes, was_there=begun.was_there)
        self._ledger.forget_registration(begun)
        return extended

    def drop(self, begun: Registration) -> None:
        """The host did not take the placement: nothing is wished there, unless somebody else has registered it."""
        if not any(known.connection == begun.connection for known in self._host.placements(begun.order_id)):
            follows = {wish.id for wish in self._ledger.cancellations(begun.order_id) if wish.extends is not None}
            for case in self._ledger.cases(order_id=begun.order_id):
                if case.connection == begun.connection and case.cancellation_id in follows:
                    self._withdraw(case, "it was not submitted there after all")
        self._ledger.forget_registration(begun)

    def cover(self, order_id: str, placements: Sequence[Placement]) -> tuple[Case, ...]:
        """Extend the wishes that are open to those of an order's placements that have no case; the cases of these."""
        missing = self._missing(order_id, placements)
        if not missing:
            return ()
        order = self._host.order(order_id)
        extended = [self.extend(order, placement, was_there=False) for placement in missing]
        return tuple(
            case
            for wish in extended
            if wish is not None
            for case in self._ledger.cases(cancellation_id=wish.id)
            if case.state is State.REQUESTED
        )

    def catch_up(self) -> tuple[str, ...]:
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

    def extend(
        self, order: Order, placement: Placement, *, since: Collection[str] | None = None, was_there: bool
    ) -> Cancellation | None:
        """The wish that now reaches a place, by an extension recorded here or before; None where no wish does.

        A wish for the whole order, wherever it is, reaches a place while a case of it is open, or when it is none of
        those in `since`; unless a person took it back. was_there: the order was at the place before, so what was asked
        there counts.
        """
        cases = self._ledger.cases(order_id=order.id)
        wishes = {wish.id: wish for wish in self._ledger.cancellations(order.id)}
        here = [case for case in cases if case.connection == placement.connection]
        for case in here:
            if case.is_open:
                is_new = case.state is State.REQUESTED and case.attempt == 0 and not case.gathered
                return wishes[case.cancellation_id] if is_new else None
        if was_there and latest_cases(here, [placement]):
            return None
        for wish in reversed(wishes.values()):
            if wish.lines or wish.at or wish.extends is not None:
                continue
            its = [case for case in cases if wish.id in (case.cancellation_id, wishes[case.cancellation_id].extends)]
            lives = any(case.is_open for case in its) or (since is not None and wish.id not in since)
            if lives and not self._is_taken_back(wish, its):
                return self._extended(wish, placement, here)
        return None

    def take_back(self, order: Order, *, after_all: bool = False) -> None:
        """Note that a person takes back what is wanted of an order now: it does not follow the order any more.

        after_all: it is wanted after all, and follows again.
        """
        for wish in self._ledger.cancellations(order.id):
            turns = self._turns(wish)
            if turns % 2 == after_all:
                self._ledger.name(_turn(wish, turns), "", wish)

    def _turns(self, wish: Cancellation) -> int:
        """How often persons changed their minds about a wish; odd: it is taken back."""
        turns = 0
        while self._ledger.wish(_turn(wish, turns), "") is not None:
            turns += 1
        return turns

    def _extended(self, wish: Cancellation, placement: Placement, here: Sequence[Case]) -> Cancellation:
        # Named by what was withdrawn there before: registered under a wrong number, say, and now under the right one.
        again = sum(case.state is State.WITHDRAWN for case in here)
        extended = evolve(
            wish,
            id=secrets.token_hex(6),
            key=f"{wish.key} > {placement.connection}{f' {again}' if again else ''}",
            asked_at=self._clock.now(),
            at=(placement.connection,),
            extends=wish.id,
        )
        opened = open_cases(extended, [placement], self._connections.configured_slug)
        return self._ledger.open(extended, "", opened)[0]

    def _is_taken_back(self, wish: Cancellation, its: Iterable[Case]) -> bool:
        """Whether a person took a wish back, in whole or at one of its places.

        A case that was withdrawn by nobody says nothing of what is wanted: a cart that was left alone (law 8), say.
        """
        if self._turns(wish) % 2:
            return True
        return any(
            isinstance(entry.content, Event) and entry.content.kind is EventKind.WITHDRAW and entry.content.person
            for case in its
            if case.state is State.WITHDRAWN
            for entry in self._ledger.history(case.id)
        )

    def _over(self, order_id: str) -> tuple[str, ...]:
        """The wishes for an order of which nothing is open. Those that are open now are about what comes now."""
        wishes = {wish.id: wish for wish in self._ledger.cancellations(order_id)}
        lives = {case.cancellation_id for case in self._ledger.cases(order_id=order_id) if case.is_open}
        lives |= {wishes[name].extends or name for name in lives if name in wishes}
        return tuple(name for name in wishes if name not in lives)

    def _missing(self, order_id: str, placements: Sequence[Placement]) -> tuple[Placement, ...]:
        if len(placements) < 2:  # The one place is that of the case which is being looked at.
            return ()
        latest = latest_cases(self._ledger.cases(order_id=order_id), placements)
        return tuple(placement for placement in placements if placement.connection not in latest)

    def _resume(self, begun: Registration) -> None:
        try:
            placements = self._host.placements(begun.order_id)
        except NotFoundError:
            placements = ()
        for placement in placements:
            if placement.connection == begun.connection:
                self.complete(begun, self._host.order(begun.order_id), placement)
                return
        if self._clock.now() - begun.began_at > LEASE:  # Whoever began it is dead, or looks for wishes himself.
            self.drop(begun)

    def _withdraw(self, case: Case, why: str) -> None:
        while case.state is State.REQUESTED:
            try:
                case = self._book.apply(case, Event(EventKind.WITHDRAW, self._clock.now(), text=why))
            except ConflictError:
                case = self._ledger.case(case.id)  # A worker has found, too, that the order is not there.


def _turn(wish: Cancellation, turns: int) -> str:
    """The key that names a wish once it was taken back, or wanted again, for the next time."""
    return f"taken back {wish.id}: {turns}"
