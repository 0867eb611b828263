"""Folders: labels that are found by name, and moves that are safe to repeat."""

from __future__ import annotations

from functools import partial

from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, BO, StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.orders.store import FolderMove

__all__ = ["FolderTests"]

NO_FOLDER = "no such folder"


def another_folder(trial: StoreTrial, order_id: str) -> str:
    """A folder in which the order is not."""
    here = trial.store.folder_of(OrderId(order_id))
    return next(name for name in trial.under_test.folders if name != here)


class FolderTests:
    """Where an order lies."""

    def test_a_folder_is_found_in_whatever_case(self, trial: StoreTrial) -> None:
        trial.need(Ability.FOLDERS)
        for name in trial.under_test.folders:
            for written in (name, name.upper(), name.lower()):
                with trial.keeping(StoreRule.FOLDERS_BY_NAME, f"resolve_folder_name({written!r})"):
                    found = trial.store.resolve_folder_name(written)
                trial.equal(found, name, StoreRule.FOLDERS_BY_NAME, f"resolve_folder_name({written!r})")

    def test_an_unknown_folder_is_said_with_those_there_are(self, trial: StoreTrial) -> None:
        order_id, rule = trial.add_order(), StoreRule.FOLDERS_BY_NAME
        with trial.unchanged(order_id, rule):
            for name in (NO_FOLDER, ""):
                resolve = partial(trial.store.resolve_folder_name, name)
                move = partial(trial.store.move, OrderId(order_id), name, by=ANN)
                said = (
                    trial.refused(resolve, NotFoundError, rule, f"resolve_folder_name({name!r})"),
                    trial.refused(move, NotFoundError, rule, f"move into {name!r}"),
                )
                for text in said:
                    unsaid = [known for known in trial.under_test.folders if known not in text]
                    trial.equal(unsaid, [], rule, f"folders that {text!r} does not name")

    def test_a_store_without_folders_is_in_none(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        found = trial.store.folder_of(OrderId(order_id))
        if trial.can(Ability.FOLDERS):
            names = len({name.casefold() for name in trial.under_test.folders})
            trial.check(names > 1, StoreRule.AS_DECLARED, f"the suite was given {names} folders, and needs two")
            trial.check(found is None or found in trial.under_test.folders, StoreRule.FOLDERS_BY_NAME, f"in {found!r}")
            return
        trial.equal(found, None, StoreRule.AS_DECLARED, "folder_of")

    def test_a_move_tells_source_and_destination(self, trial: StoreTrial) -> None:
        trial.need(Ability.FOLDERS)
        order_id, rule = trial.add_order(), StoreRule.MOVED_ONCE
        here, there = trial.store.folder_of(OrderId(order_id)), another_folder(trial, order_id)
        made = trial.store.move(OrderId(order_id), there.upper(), by=ANN)
        trial.equal(made, FolderMove(order_id, here, there), rule, "the move")
        trial.equal(trial.store.folder_of(OrderId(order_id)), there, rule, "folder_of afterwards")
        number = OrderNumber(trial.number_of(order_id))
        trial.equal(trial.store.folder_of(number), there, rule, "folder_of, by number")

    def test_a_move_that_comes_again_changes_nothing(self, trial: StoreTrial) -> None:
        trial.need(Ability.FOLDERS)
        order_id, rule = trial.add_order(), StoreRule.MOVED_ONCE
        there = another_folder(trial, order_id)
        trial.store.move(OrderId(order_id), there, by=ANN)
        with trial.unchanged(order_id, rule):
            again = trial.store.move(OrderId(order_id), there, by=BO)
        trial.equal(again, FolderMove(order_id, there, there), rule, "the move, made again")

    def test_a_move_changes_the_folder_and_nothing_else(self, trial: StoreTrial) -> None:
        trial.need(Ability.FOLDERS)
        order_id, other, rule = trial.add_order(), trial.add_order(), StoreRule.NOTHING_ELSE_CHANGES
        trial.store.add_remote_order(OrderId(order_id), AT_MWW, by=ANN)
        before = trial.store.get_order(OrderId(order_id))
        with trial.unchanged(other, rule):
            trial.store.move(OrderId(order_id), another_folder(trial, order_id), by=ANN)
        after = trial.store.get_order(OrderId(order_id))
        trial.equal((after.number, after.lines), (before.number, before.lines), rule, "number and lines")
        trial.equal(trial.store.remote_orders(order_id), (AT_MWW,), rule, "remote orders")
