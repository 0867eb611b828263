"""Where an order was submitted, and what the services said of it last."""

from __future__ import annotations

from datetime import timedelta, timezone
from functools import partial

from attrs import evolve

from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, BO, START, StoreTrial
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.references import OrderId

__all__ = ["RemoteOrderTests", "StatusTests"]

INDIA = timezone(timedelta(hours=5, minutes=30))


def registered(trial: StoreTrial, remote_order: RemoteOrder = AT_MWW) -> str:
    """A new order that was submitted there; its id."""
    order_id = trial.add_order()
    trial.store.add_remote_order(OrderId(order_id), remote_order, by=ANN)
    return order_id


class RemoteOrderTests:
    """Registering where an order was submitted."""

    def test_a_remote_order_comes_back_as_it_was_registered(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        trial.equal(trial.store.remote_orders(order_id), (), StoreRule.REGISTERED_ONCE, "remote orders of a new order")
        remote_order = RemoteOrder("shop-ü", "#1042/€", START, ConnectionRole.CART)
        trial.store.add_remote_order(OrderId(order_id), remote_order, by=ANN)
        with trial.keeping(StoreRule.TIMES_ARE_AWARE, "remote_orders"):
            found = trial.store.remote_orders(order_id)
        trial.equal(found, (remote_order,), StoreRule.REGISTERED_ONCE, "remote orders")

    def test_times_mean_the_same_moment_whatever_their_zone(self, trial: StoreTrial) -> None:
        moment = START.astimezone(INDIA)
        order_id = registered(trial, evolve(AT_MWW, submitted_at=moment))
        trial.store.record_status(order_id, "mww-main", "Received", moment + minutes(1))
        with trial.keeping(StoreRule.TIMES_ARE_AWARE, "remote_orders"):
            (found,) = trial.store.remote_orders(order_id)
        times = (found.submitted_at, found.status_at)
        trial.equal(times, (START, START + minutes(1)), StoreRule.TIMES_ARE_AWARE, "submitted_at and status_at")

    def test_remote_orders_come_oldest_first(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        for hours, name in ((2, "third"), (0, "first"), (1, "second")):
            there = RemoteOrder(name, "R-1", START + timedelta(hours=hours), ConnectionRole.FULFILLMENT)
            trial.store.add_remote_order(OrderId(order_id), there, by=ANN)
        names = [one.connection for one in trial.store.remote_orders(order_id)]
        trial.equal(names, ["first", "second", "third"], StoreRule.OLDEST_FIRST, "connections")

    def test_the_same_again_changes_nothing(self, trial: StoreTrial) -> None:
        order_id = registered(trial)
        trial.store.record_status(order_id, "mww-main", "Printing", START + minutes(1))
        with trial.unchanged(order_id, StoreRule.REGISTERED_ONCE):
            for again in (AT_MWW, evolve(AT_MWW, status="Received", status_at=START)):
                with trial.keeping(StoreRule.REGISTERED_ONCE, "add_remote_order, the same again"):
                    trial.store.add_remote_order(OrderId(order_id), again, by=BO)

    def test_what_was_registered_first_stays(self, trial: StoreTrial) -> None:
        order_id, rule = registered(trial), StoreRule.REGISTERED_ONCE
        with trial.unchanged(order_id, rule):
            other = evolve(AT_MWW, remote_id="M-2")
            what = "another number at the same connection"
            trial.refused(
                partial(trial.store.add_remote_order, OrderId(order_id), other, by=ANN), ValidationError, rule, what
            )
            for changed in (
                evolve(AT_MWW, submitted_at=START + minutes(1)),
                evolve(AT_MWW, role=ConnectionRole.CART),
            ):
                try:
                    trial.store.add_remote_order(OrderId(order_id), changed, by=ANN)
                except ValidationError:
                    continue  # It may say so, or pass it over.
        found = trial.store.find_by_remote_id("mww-main", "M-2")
        trial.equal(found, None, rule, "whose the refused number is")

    def test_a_number_at_a_connection_is_one_orders(self, trial: StoreTrial) -> None:
        first, second, rule = registered(trial), trial.add_order(), StoreRule.REMOTE_ID_IS_ONE_ORDERS
        with trial.unchanged(second, rule), trial.unchanged(first, rule):
            what = "another order's number there"
            trial.refused(
                partial(trial.store.add_remote_order, OrderId(second), AT_MWW, by=ANN), ValidationError, rule, what
            )
        with trial.keeping(rule, "the same number at another connection"):
            trial.store.add_remote_order(OrderId(second), evolve(AT_MWW, connection="mww-europe"), by=ANN)

    def test_an_order_is_found_by_its_number_at_a_connection(self, trial: StoreTrial) -> None:
        rule = StoreRule.REMOTE_ID_IS_ONE_ORDERS
        first = registered(trial, evolve(AT_MWW, remote_id="007"))
        second = registered(trial, evolve(AT_MWW, remote_id="7"))
        third = registered(trial, evolve(AT_MWW, connection="shop", remote_id="ä/7"))
        expected = {
            ("mww-main", "007"): first,
            ("mww-main", "7"): second,
            ("shop", "ä/7"): third,
            ("shop", "7"): None,
            ("mww-main", "07"): None,
            ("mww-main", trial.number_of(first)): None,
            ("no-such-connection", "7"): None,
        }
        for (connection, remote_id), owner in expected.items():
            found = trial.store.find_by_remote_id(connection, remote_id)
            trial.equal(found, owner, rule, f"find_by_remote_id({connection!r}, {remote_id!r})")


class StatusTests:
    """The words of services."""

    def test_the_newest_status_is_kept(self, trial: StoreTrial) -> None:
        order_id = registered(trial)
        expected = ("", START)
        for minute, status in ((1, "Received"), (3, "Gedruckt - ü 日本"), (2, "Received"), (3, "Gedruckt - ü 日本")):
            trial.store.record_status(order_id, "mww-main", status, START + minutes(minute))
            expected = max(expected, (status, START + minutes(minute)), key=lambda told: told[1])
            with trial.keeping(StoreRule.TIMES_ARE_AWARE, "remote_orders"):
                (found,) = trial.store.remote_orders(order_id)
            # After each of them: the same word once more would hide that an older one had taken its place.
            trial.equal((found.status, found.status_at), expected, StoreRule.NEWEST_STATUS, "status and its time")
        trial.store.record_status(OrderId(order_id), "mww-main", "Shipped", START + minutes(4))
        (found,) = trial.store.remote_orders(order_id)
        trial.equal(found.status, "Shipped", StoreRule.NEWEST_STATUS, "status after a newer one")

    def test_a_status_is_that_of_one_place(self, trial: StoreTrial) -> None:
        order_id, other, rule = registered(trial), trial.add_order(), StoreRule.STATUS_STAYS_IN_PLACE
        at_shop = RemoteOrder("shop", "S-1042", START + minutes(1), ConnectionRole.CART)
        trial.store.add_remote_order(OrderId(order_id), at_shop, by=ANN)
        trial.store.add_remote_order(OrderId(other), evolve(AT_MWW, remote_id="M-2"), by=ANN)
        before = trial.history(order_id)
        with trial.unchanged(other, rule):
            trial.store.record_status(order_id, "mww-main", "Printing", START + minutes(2))
        found = {one.connection: one.status for one in trial.store.remote_orders(order_id)}
        trial.equal(found, {"mww-main": "Printing", "shop": None}, rule, "statuses")
        trial.equal(trial.history(order_id), before, rule, "the history after a status")

    def test_a_status_needs_a_remote_order(self, trial: StoreTrial) -> None:
        order_id, rule = registered(trial), StoreRule.STATUS_STAYS_IN_PLACE
        with trial.unchanged(order_id, rule):
            what = "record_status at a connection where the order is not"
            call = partial(trial.store.record_status, order_id, "shop", "Printing", START)
            trial.refused(call, NotFoundError, rule, what)
