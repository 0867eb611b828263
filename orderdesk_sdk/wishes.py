"""Wishes: whoever wants an order canceled, a person, a rule or a service that was heard, ends up here."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from attrs import field, frozen

from orderdesk_sdk.case import Cancellation, Case, Event, EventKind, State
from orderdesk_sdk.casebook import Known
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.engines.inline import InlineEngine
from orderdesk_sdk.errors import InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.ledger import Ledger
from orderdesk_sdk.order import Order, Placement
from orderdesk_sdk.plan import next_open
from orderdesk_sdk.wish import demand, not_yet_asked, open_cases, wanted_placements, wish_content

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
    """What somebody wants canceled. order: its id or number. See `Desk.cancel` for the rest.

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
        self, ledger: Ledger, host: Host, connections: Connections, engine: InlineEngine, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._engine = engine
        self._clock = clock

    def make(self, wish: Wish) -> Standing:
        """Record a wish and do what is due; where it stands then. Raises what `Desk.cancel` raises."""
        found = self._host.order(wish.order)
        content = wish_content(found.id, wish.reason, wish.at, wish.lines)
        earlier = self._ledger.wish(wish.key, content) if wish.key is not None else None
        if earlier is not None:
            return self.standing(earlier)
        known = self._host.placements(found.id)
        if not known:
            self._refuse_while_submitting(found)
        placements = wanted_placements(found, known, wish.at)
        wishes = self._ledger.cancellations(found.id)
        wanted = not_yet_asked(placements, self._ledger.cases(order_id=found.id), wishes, wish.lines)
        if not wanted:
            # Read anew: the wish that is under way may have come after the ones above were read.
            latest = self._ledger.cancellations(found.id)[-1]
            if wish.key is not None:
                self._ledger.name(wish.key, content, latest)
            return self.standing(latest)
        if wish.heard_from is None:
            self._demand(found, wanted, wish)
        key = wish.key
        if key is None:
            key, content = f"order {found.id}, wish {len(wishes) + 1}", ""
        cancellation = Cancellation(
            secrets.token_hex(6), key, found.id, found.number, name_of(wish.by), wish.reason, self._clock.now(),
            dict(wish.lines), wish.chain, wish.heard_from,
        )  # fmt: skip
        cases = open_cases(cancellation, wanted, self._connections.configured_slug)
        recorded, new = self._ledger.open(cancellation, content, cases)
        if not new:
            return self.standing(recorded)
        if not wish.send:
            return Standing(recorded, tuple(cases))
        just_read = {placement.connection: Known(found, placement, recorded) for placement in wanted}
        return Standing(recorded, self._engine.work(cases, just_read))

    def standing(self, cancellation: Cancellation) -> Standing:
        """Where a wish stands now."""
        return Standing(cancellation, self._ledger.cases(cancellation_id=cancellation.id))

    def extend(self, order: Order, placement: Placement) -> Standing | None:
        """Let the wish that is under way for an order reach a place that it was submitted to meanwhile.

        None where no whole order is being canceled.
        """
        open_wishes = {case.cancellation_id for case in self._ledger.cases(order_id=order.id) if case.is_open}
        for known in reversed(self._ledger.cancellations(order.id)):
            if known.id in open_wishes and not known.lines:
                key = f"{known.key} > {placement.connection}"
                at = (placement.connection,)
                return self.make(
                    Wish(order=order.id, by=known.asked_by, reason=known.reason, key=key, at=at, chain=known.chain)
                )
        return None

    def take_back(self, order: Order, by: str, note: str | None) -> tuple[Case, ...]:
        """Withdraw every open case of an order that has sent nothing; all its open cases as they are then."""
        text = note or f"taken back by {by}"
        after = []
        for case in self._ledger.cases(order_id=order.id):
            if case.is_open and case.asked_at is None and case.state is not State.SENDING:
                event = Event(EventKind.WITHDRAW, self._clock.now(), person=by, text=text)
                after.append(self._engine.apply(case, event))
            elif case.is_open:
                after.append(case)
        return tuple(after)

    def _refuse_while_submitting(self, order: Order) -> None:
        """A duplicate on its way out is at no place yet, and will be in a moment: to say "nowhere" would be wrong."""
        original = self._host.copied_from(order.id)
        under_way = [
            found
            for found in self._ledger.resubmissions(original_id=original, open_only=True)
            if original is not None and found.order_number == order.number
        ]
        if under_way:
            raise NotAllowedError(
                f"it is being submitted to {under_way[0].connection} right now",
                place=f"order {order.number}",
                remedy="ask again when that is settled: `orderdesk work --until-idle`",
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
                demand(ladder[index], title, connection.settings, order, wish.reason, wish.lines)


def name_of(by: str) -> str:
    """The name of whoever stands for something. Raises InputError for a blank one."""
    if not by.strip():
        raise InputError("somebody must stand for this", place="by", remedy="give the name of the person or rule")
    return by.strip()
