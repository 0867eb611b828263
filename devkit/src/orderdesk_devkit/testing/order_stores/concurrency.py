"""Threads, and where a store can be opened twice also processes: what they do at once is done whole, and once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from attrs import evolve

from orderdesk_devkit.testing.order_stores.folders import another_folder
from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, START, StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.orders.store import FolderMove, OrderStore

__all__ = ["ConcurrencyTests"]

T = TypeVar("T")
THREADS = 8
ROUNDS = 5


class ConcurrencyTests:
    """Several callers at once."""

    def test_no_text_of_many_threads_is_lost(self, trial: StoreTrial) -> None:
        order_id, stores = OrderId(trial.add_order()), trial.stores()

        def write(store: OrderStore, thread: int) -> None:
            for turn in range(ROUNDS):
                store.add_history(order_id, f"text {thread}/{turn}", by=ANN)

        trial.all_done(trial.at_once(self._shared(stores, write)), "add_history")
        found = sorted(entry.text for entry in trial.history(order_id) if entry.text.startswith("text "))
        expected = sorted(f"text {thread}/{turn}" for thread in range(THREADS) for turn in range(ROUNDS))
        lost = [text for text in expected if text not in found]
        trial.equal(lost, [], StoreRule.HISTORY_GROWS, "texts that are lost")
        trial.equal(found, expected, StoreRule.HISTORY_GROWS, "texts of all threads")

    def test_a_remote_order_is_registered_once_by_many_threads(self, trial: StoreTrial) -> None:
        order_id = OrderId(trial.add_order())

        def register(store: OrderStore, _: int) -> None:
            store.add_remote_order(order_id, AT_MWW, by=ANN)

        trial.all_done(trial.at_once(self._shared(trial.stores(), register)), "add_remote_order, the same from each")
        trial.equal(trial.store.remote_orders(order_id), (AT_MWW,), StoreRule.REGISTERED_ONCE, "remote orders")

    def test_a_number_at_a_connection_is_given_to_one_of_many_orders(self, trial: StoreTrial) -> None:
        trial.need(Ability.UNIQUE_NUMBERS)
        orders, rule = [trial.add_order() for _ in range(THREADS)], StoreRule.REMOTE_ID_IS_ONE_ORDERS

        def register(store: OrderStore, thread: int) -> None:
            store.add_remote_order(OrderId(orders[thread]), AT_MWW, by=ANN)

        ends = trial.at_once(self._shared(trial.stores(), register))
        self._only_refused(trial, ends, "add_remote_order of one number by each")
        owners = [order for order in orders if trial.store.remote_orders(order)]
        trial.equal(len(owners), 1, rule, "orders that have the number")
        trial.equal(trial.store.find_by_remote_id("mww-main", "M-1"), owners[0], rule, "whose it is")
        trial.equal(ends.count(None), 1, rule, "calls that were told that it is theirs")

    def test_the_newest_of_many_statuses_is_kept(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        trial.store.add_remote_order(OrderId(order_id), AT_MWW, by=ANN)

        def record(store: OrderStore, thread: int) -> None:
            for turn in range(ROUNDS):
                minute = (thread + turn * 3) % THREADS
                store.record_status(order_id, "mww-main", f"status {minute}", START + minutes(minute))

        trial.all_done(trial.at_once(self._shared(trial.stores(), record)), "record_status")
        (found,) = trial.store.remote_orders(order_id)
        expected = (f"status {THREADS - 1}", START + minutes(THREADS - 1))
        trial.equal((found.status, found.status_at), expected, StoreRule.NEWEST_STATUS, "status and its time")

    def test_moves_at_once_are_each_made_whole(self, trial: StoreTrial) -> None:
        trial.need(Ability.FOLDERS)
        order_id = OrderId(trial.add_order())
        there = another_folder(trial, order_id)

        def move(store: OrderStore, _: int) -> FolderMove:
            return store.move(order_id, there, by=ANN)

        ends = trial.at_once(self._shared(trial.stores(), move))
        trial.all_done(ends, "move")
        trial.equal(trial.store.folder_of(order_id), there, StoreRule.MOVED_ONCE, "the folder")

    def test_each_duplicate_of_many_threads_has_a_number_of_its_own(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        trial.need(Ability.UNIQUE_NUMBERS)
        order_id = OrderId(trial.add_order())

        def duplicate(store: OrderStore, _: int) -> Order:
            return store.duplicate(order_id, by=ANN)

        ends = trial.at_once(self._shared(trial.stores(), duplicate))
        trial.all_done(ends, "duplicate")
        copies = [end for end in ends if isinstance(end, Order)]
        numbers = {copy.number for copy in copies}
        trial.equal(len(numbers), THREADS, StoreRule.NUMBER_GIVEN_ONCE, f"numbers of {THREADS} duplicates ({numbers})")
        links = {trial.store.original_of(copy.id) for copy in copies}
        trial.equal(links, {str(order_id)}, StoreRule.LINKED_BOTH_WAYS, "what they are duplicates of")

    def test_a_given_number_is_given_to_one_duplicate(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        trial.need(Ability.UNIQUE_NUMBERS)
        order_id, rule = OrderId(trial.add_order()), StoreRule.NUMBER_GIVEN_ONCE

        def duplicate(store: OrderStore, _: int) -> Order:
            return store.duplicate(order_id, by=ANN, number="T-ONE")

        ends = trial.at_once(self._shared(trial.stores(), duplicate))
        self._only_refused(trial, ends, "duplicate with one number by each")
        made = {end.id for end in ends if isinstance(end, Order)}
        trial.equal(len(made), 1, rule, f"duplicates under one number ({made})")
        with trial.keeping(rule, "get_order of the number"):
            trial.store.get_order(OrderNumber("T-ONE"))

    def test_reading_goes_on_while_others_write(self, trial: StoreTrial) -> None:
        order_id = OrderId(trial.add_order())
        trial.store.add_remote_order(order_id, AT_MWW, by=ANN)

        def work(store: OrderStore, thread: int) -> None:
            for turn in range(ROUNDS):
                if thread % 2:
                    store.record_status(order_id, "mww-main", f"status {turn}", START + minutes(turn))
                    store.add_history(order_id, f"text {thread}/{turn}", by=ANN)
                else:
                    (found,) = store.remote_orders(order_id)
                    is_whole = found.status is None or found.status_at == START + minutes(int(found.status[7:]))
                    trial.check(is_whole, StoreRule.THREAD_SAFE, f"half a write was read: {found}")
                    store.get_order(order_id)

        trial.all_done(trial.at_once(self._shared(trial.stores(), work)), "reading and writing at once")

    def test_orders_are_registered_by_many_threads_at_once(self, trial: StoreTrial) -> None:
        """As workers do it: each has an order and a place of its own."""
        orders = [trial.add_order() for _ in range(THREADS)]
        places = [evolve(AT_MWW, connection=f"place-{turn}") for turn in range(ROUNDS)]

        def register(store: OrderStore, thread: int) -> None:
            for place in places:
                there: RemoteOrder = evolve(place, remote_id=f"M-{thread}")
                store.add_remote_order(OrderId(orders[thread]), there, by=ANN)

        trial.all_done(trial.at_once(self._shared(trial.stores(), register)), "add_remote_order, each another")
        found = [len(trial.store.remote_orders(order)) for order in orders]
        trial.equal(found, [ROUNDS] * THREADS, StoreRule.THREAD_SAFE, "remote orders of each order")

    def _shared(self, stores: list[OrderStore], call: Callable[[OrderStore, int], T]) -> list[Callable[[], T]]:
        """The call for each thread; the stores are taken in turn."""
        return [partial(call, stores[thread % len(stores)], thread) for thread in range(THREADS)]

    def _only_refused(self, trial: StoreTrial, ends: Sequence[object], what: str) -> None:
        """Whoever was too late was told so by a ValidationError, and by nothing else."""
        trial.all_done([end for end in ends if not isinstance(end, ValidationError)], what)
