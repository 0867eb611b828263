"""Wishes: whoever wants an order canceled, a person, a rule or a service that was heard, ends up here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress

from attrs import evolve, field, frozen

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.errand import end_of
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import (
    demand,
    open_cases,
    wanted_placements,
    wish_content,
    with_line_ids,
)
from orderdesk_sdk.cases.windows import next_open
from orderdesk_sdk.clock import CLOCKS_DIFFER, Clock
from orderdesk_sdk.errors import ConflictError, InputError, OrderDeskError, PluginFault, UnderWayError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.lines import label, resolve_lines
from orderdesk_sdk.plugin.url_paths import number_fault
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import Known
from orderdesk_sdk.runtime.scheduler import InlineEngine

__all__ = ["Standing", "Wish", "Wishes", "name_of"]


@frozen
class Standing:
    """A wish and where its cases stand."""

    cancellation: Cancellation
    cases: tuple[Case, ...]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done."""
        return not any(case.is_open for case in self.cases)


@frozen(kw_only=True)
class Wish:
    """What somebody wants canceled. order: its id. See `Desk.cancel` for the rest.

    lines: by id or code, as somebody names them.
    chain: the rules whose actions led here, first first. heard_from: the connection whose service was heard to have
    canceled by itself; None where nobody but us wants it.
    """

    order: str
    by: str
    reason: str | None = None
    key: str | None = None
    at: Sequence[str] = ()
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    send: bool = True
    chain: tuple[str, ...] = ()
    heard_from: str | None = None


class Wishes:
    """Makes cancellations of wishes: recorded first, then asked for."""

    def __init__(
        self, ledger: Ledger, host: HostById, connections: Connections, engine: InlineEngine, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._engine = engine
        self._reach = engine.reach
        self._clock = clock

    def make(self, wish: Wish) -> Standing:
        """Record a wish and do what is due; where it stands then. Raises what `Desk.cancel` raises."""
        found = self._host.order(wish.order)
        content = wish_content(found.id, wish.reason, wish.at, wish.lines)
        earlier = self._earlier(found, wish, content)
        if earlier is not None:
            return self.standing(earlier)
        wish = evolve(wish, lines=resolve_lines(found, wish.lines))
        if wish.heard_from is None:
            # Before the places are read: what is submitted after that is there to be read.
            self._refuse_while_submitting(found)
        known = self._host.placements(found.id)
        placements = wanted_placements(found, known, wish.at)
        # Before the cases: the key below counts the wishes, so a wish that is recorded in between has the same one.
        wishes = self._ledger.cancellations(found.id)
        cases = self._ledger.cases(order_id=found.id)
        coverage = CancellationCoverage.of(found, known, wishes, cases)
        wanted = coverage.not_covered(wish.lines, placements, reported=wish.heard_from is not None)
        if not wanted:
            # Read anew: the wish that is under way may have come after the ones above were read.
            latest = self._ledger.cancellations(found.id)[-1]
            if not (wish.at or wish.lines):
                self._reach.take_back(found, after_all=True)
            if wish.key is not None:
                self._ledger.name(wish.key, content, latest)
            return self.standing(latest)
        if wish.heard_from is None:
            self._demand(found, wanted, wish)
        key = wish.key
        if key is None:
            key, content = f"order {found.id}, wish {len(wishes) + 1}", ""
        cancellation = Cancellation(
            secrets.token_hex(6),
            key,
            found.id,
            found.number,
            name_of(wish.by),
            wish.reason,
            self._clock.now(),
            dict(wish.lines),
            wish.chain,
            wish.heard_from,
            tuple(wish.at),
            line_names={line_id: label(found, line_id) for line_id in wish.lines},
        )
        opened = open_cases(cancellation, wanted, self._connections.configured_slug)
        recorded, new = self._ledger.open(cancellation, content, opened)
        if not new:
            return self.standing(recorded)
        # Registered since the places were read, by somebody who looked for wishes too early to see this one.
        followed = self._reach.cover(found.id, self._host.placements(found.id))
        if not wish.send:
            return Standing(recorded, opened)
        just_read = {placement.connection: Known(found, placement, recorded) for placement in wanted}
        return Standing(recorded, self._engine.work((*opened, *followed), just_read)[: len(opened)])

    def _earlier(self, order: Order, wish: Wish, content: str) -> Cancellation | None:
        """The wish that has the key of this one already. Raises ConflictError where that one wants something else."""
        if wish.key is None:
            return None
        try:
            return self._ledger.wish(wish.key, content)
        except ConflictError:
            # Of the same content where the same lines are only named another way: by id, and by code.
            for known in self._ledger.cancellations(order.id):
                same = (known.key, known.reason, sorted(known.at)) == (wish.key, wish.reason, sorted(wish.at))
                if same and with_line_ids(order, known).lines == resolve_lines(order, wish.lines):
                    return known
            raise

    def standing(self, cancellation: Cancellation) -> Standing:
        """Where a wish stands now."""
        return Standing(cancellation, self._ledger.cases(cancellation_id=cancellation.id))

    def register(self, order: Order, placement: Placement, by: str) -> Standing | None:
        """Let the host know where an order was submitted; where the wish stands that reaches there, or None.

        Submitted while it is being canceled: the wish follows it. Raises InputError for a number that the service would
        mangle and a time that is still to come, and what the host raises for clashes.
        """
        place = f"order {order.number} at {placement.connection}"
        fault = number_fault(placement.remote_id, self._connections.get(placement.connection).integration.remote_id)
        if fault:
            raise InputError(fault, place=place, remedy="give the number that the service knows")
        if placement.submitted_at > self._clock.now() + CLOCKS_DIFFER:
            text = f"it cannot have been submitted at {placement.submitted_at.isoformat()}, which is still to come"
            remedy = "give the time at which it was submitted, with its offset from UTC, or none for now"
            raise InputError(text, place=place, remedy=remedy)
        begun = self._reach.begin(order, placement)
        try:
            self._host.place(order.id, placement, by=by)
        except InputError:
            self._reach.drop(begun)
            raise
        extended = self._reach.complete(begun, order, placement)
        if extended is None:
            return None
        cases = [case for case in self.standing(extended).cases if case.state is State.REQUESTED]
        just_read = {placement.connection: Known(order, placement, extended)}
        return Standing(extended, self._engine.work(cases, just_read))

    def take_back(self, order: Order, by: str, note: str | None) -> tuple[Case, ...]:
        """Withdraw every open case of an order that has sent nothing; all its open cases as they are then.

        What was heard of a service is nobody's wish, and stays.
        """
        text = note or f"taken back by {by}"
        self._reach.take_back(order)
        return tuple(
            self._taken_back(case, by, text)
            for case in self._ledger.cases(order_id=order.id)
            if case.is_open and not case.heard
        )

    def _taken_back(self, case: Case, by: str, text: str) -> Case:
        while case.is_open and case.asked_at is None and case.state is not State.SENDING:
            try:
                return self._engine.apply(case, Event(EventKind.WITHDRAW, self._clock.now(), person=by, text=text))
            except ConflictError:
                case = self._ledger.case(case.id)  # Somebody was faster; perhaps it is being sent this moment.
        if case.is_open:
            self._ledger.append(
                case, [f"{text}; but it was asked for already, so only its service can tell"], fenced=False
            )
        return case

    def _refuse_while_submitting(self, order: Order) -> None:
        """A duplicate on its way out is at no place yet, and will be in a moment: to say "nowhere" would be wrong."""
        originals = [order.id, self._host.copied_from(order.id)]  # Itself, where it keeps its number.
        under_way = [
            found
            for original in originals
            if original is not None
            for found in self._ledger.resubmissions(original_id=original, open_only=True)
            if found.order_number == order.number
        ]
        if under_way:
            raise UnderWayError(
                f"it is being submitted to {under_way[0].connection} right now",
                place=f"order {order.number}",
                remedy=end_of(under_way[0]),
            )

    def _demand(self, order: Order, placements: Sequence[Placement], wish: Wish) -> None:
        """Refuse, before anything is recorded, what a place would not take."""
        for placement in placements:
            try:
                connection = self._connections.get(placement.connection)
            except OrderDeskError:
                continue  # It cannot be used now; its case says so and waits for somebody to mend it.
            ladder = connection.integration.cancel
            index = next_open(ladder, placement, self._clock.now())
            if index is not None:
                title = connection.integration.title
                with suppress(PluginFault):  # It cannot say what it takes; its case will tell.
                    demand(ladder[index], title, connection.settings, order, wish.reason, wish.lines)


def name_of(by: str) -> str:
    """The name of whoever stands for something. Raises InputError for a blank one."""
    if not by.strip():
        raise InputError("somebody must stand for this", place="by", remedy="give the name of the person or rule")
    return by.strip()
