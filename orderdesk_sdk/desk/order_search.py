"""Lists of orders with where their cancellation stands: by words, by folder, by state, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.order_states import (
    CaseMark,
    CaseMarks,
    OrderState,
    has_state,
    needs_person,
    newest_cancels,
    states_of,
    worst_state,
)
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.order_search import FoundOrder, SearchableOrderStore
from orderdesk_sdk.orders.store import OrderStore

__all__ = ["OrderPage", "OrderQuery", "OrderSearch", "OrderSummary", "make_order_summary"]

MAX_LIMIT = 500
MAX_LOOKS = 10
"""Looks at some orders for one page; where few of them match, the page is short, and the next one goes on."""


@frozen
class OrderSummary:
    """An order in a list.

    Args:
        folder: None: in none.
        open_states: of the newest cancel at each connection, where that is not settled.
        worst_state: what most wants to be looked at; None where no cancellation was requested.
        needs_person: a case of any kind requires action, or an alarm has not been taken care of.
        canceled_at: at how many of the places that have it, which are `remote_orders`, it is canceled.
    """

    order: Order
    folder: str | None
    remote_orders: tuple[RemoteOrder, ...]
    open_states: tuple[State, ...]
    worst_state: State | None
    needs_person: bool
    canceled_at: int


@frozen
class OrderPage:
    """One page of a list.

    Args:
        next_after: begins the next page; None: there is none.
        is_complete: False: more matched than are looked at; a longer text finds the rest.
    """

    orders: tuple[OrderSummary, ...]
    next_after: str | None
    is_complete: bool = True


@frozen
class OrderQuery:
    """What is looked for; see `OrderService.search`."""

    text: str | None = None
    folder: str | None = None
    state: OrderState | None = None
    needs_person: bool = False

    def matches(self, found: FoundOrder, marks: Sequence[CaseMark]) -> bool:
        """Whether an order that was found by words and folder is in the state."""
        connections = [remote.connection for remote in found.remote_orders]
        return (self.state is None or has_state(self.state, marks, connections)) and (
            not self.needs_person or needs_person(marks)
        )


@frozen
class _Look:
    """Orders that were looked at.

    Args:
        found: those of them that words and folder leave.
        last: the id of the last one, from which a list can go on; None where it cannot from any, or there is no more.
    """

    found: tuple[FoundOrder, ...]
    last: str | None
    is_complete: bool = True


class OrderSearch:
    """Reads a page: out of the order store, or, where only the state narrows, out of the ledger."""

    def __init__(self, store: OrderStore, ledger: CaseMarks) -> None:
        self._store = store
        self._ledger = ledger

    def store(self) -> SearchableOrderStore:
        """The order store, which must be one that lists orders. Raises InvalidStateError."""
        if not isinstance(self._store, SearchableOrderStore):
            raise InvalidStateError(
                "this order store does not list its orders",
                location="orders",
                hint="look in your app, and name an order by its id or number; every other command finds it",
            )
        return self._store

    def read(self, query: OrderQuery, limit: int, after: str | None) -> OrderPage:
        """One page. after: the id of an order."""
        if not 1 <= limit <= MAX_LIMIT:
            raise ValidationError(f"limit {limit}", location="limit", hint=f"limit 1 to {MAX_LIMIT}")
        store = self.store()
        query = evolve(query, text=(query.text or "").strip() or None)
        states = states_of(query.state, needs_a_person=query.needs_person)
        if not states:
            return self._unfiltered_page(store, query, limit, after)
        if query.text is not None:
            return self._page(query, self._by_text(store, query, after), limit)
        return self._page(query, self._by_state(store, query, states, after), limit)

    def _unfiltered_page(
        self, store: SearchableOrderStore, query: OrderQuery, limit: int, after: str | None
    ) -> OrderPage:
        page = store.search_orders(query.text, query.folder, limit=limit, after=after)
        marks = self._ledger.case_marks([found.order.id for found in page.orders])
        orders = tuple(make_order_summary(found, marks.get(found.order.id, ())) for found in page.orders)
        return OrderPage(orders, f"id:{orders[-1].order.id}" if page.has_more and orders else None, page.is_complete)

    def _page(self, query: OrderQuery, looks: Iterator[_Look], limit: int) -> OrderPage:
        orders: list[OrderSummary] = []
        is_complete = True
        for number, look in enumerate(looks, start=1):
            is_complete = is_complete and look.is_complete
            marks = self._ledger.case_marks([found.order.id for found in look.found])
            for found in look.found:
                its = marks.get(found.order.id, ())
                if not query.matches(found, its):
                    continue
                if len(orders) == limit:
                    return OrderPage(tuple(orders), f"id:{orders[-1].order.id}", is_complete)
                orders.append(make_order_summary(found, its))
            if number >= MAX_LOOKS and look.last is not None:
                return OrderPage(tuple(orders), f"id:{look.last}", is_complete)
        return OrderPage(tuple(orders), None, is_complete)

    def _by_text(self, store: SearchableOrderStore, query: OrderQuery, after: str | None) -> Iterator[_Look]:
        has_more = True
        while has_more:
            page = store.search_orders(query.text, query.folder, limit=store.read_together, after=after)
            after = page.orders[-1].order.id if page.orders else None
            yield _Look(page.orders, after if page.has_more else None, page.is_complete)
            has_more = page.has_more and after is not None

    def _by_state(
        self, store: SearchableOrderStore, query: OrderQuery, states: Collection[State], after: str | None
    ) -> Iterator[_Look]:
        """Orders by their newest case in one of the states, which is where each has its place in the list."""
        before = None if after is None else self._place_of(after, states)
        folder = None if query.folder is None else self._store.resolve_folder_name(query.folder)
        while marks := self._ledger.newest_marks(states, store.read_together, before=before):
            order_ids = self._in_their_place(marks, states)
            found = store.find_orders(order_ids)
            kept = tuple(one for one in found if folder is None or one.folder == folder)
            yield _Look(kept, order_ids[-1] if order_ids else None)
            before = marks[-1].number

    def _place_of(self, order_id: str, states: Collection[State]) -> int:
        marks = self._ledger.case_marks([order_id]).get(order_id, ())
        numbers = [mark.number for mark in marks if mark.state in states] or [mark.number for mark in marks]
        if not numbers:
            text, hint = "the list cannot go on after an order without a case", "begin from the first page"
            raise ValidationError(text, location="after", hint=hint)
        return max(numbers)

    def _in_their_place(self, marks: Sequence[CaseMark], states: Collection[State]) -> list[str]:
        """The orders of which none of these marks has a newer one in the states: each comes once in a list."""
        all_marks = self._ledger.case_marks(list(dict.fromkeys(mark.order_id for mark in marks)))
        newest = {
            order_id: max(mark.number for mark in its if mark.state in states)
            for order_id, its in all_marks.items()
            if any(mark.state in states for mark in its)
        }
        return [mark.order_id for mark in marks if newest.get(mark.order_id) == mark.number]


def make_order_summary(found: FoundOrder, marks: Sequence[CaseMark]) -> OrderSummary:
    newest = newest_cancels(marks)
    places = [newest[remote.connection] for remote in found.remote_orders if remote.connection in newest]
    return OrderSummary(
        found.order,
        found.folder,
        found.remote_orders,
        tuple(mark.state for mark in newest.values() if mark.state in OPEN),
        worst_state(marks),
        needs_person(marks),
        sum(mark.state is State.CANCELED for mark in places),
    )
