"""Duplicates: new orders under numbers of their own, linked both ways."""

from __future__ import annotations

from functools import partial

import pytest
from attrs import evolve

from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, UNKNOWN_ID, StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.orders.store import RegisteredOrderReader

__all__ = ["DuplicateTests"]


class DuplicateTests:
    """Orders that are made of others."""

    def test_a_duplicate_is_a_new_order_that_was_submitted_nowhere(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        order_id, rule = trial.add_order(), StoreRule.DUPLICATE_IS_NEW
        trial.store.add_remote_order(OrderId(order_id), AT_MWW, by=ANN)
        original = trial.store.get_order(OrderId(order_id))
        copy = trial.store.duplicate(OrderId(order_id), by=ANN, number="Nº 8/ü")
        trial.equal(copy.number, "Nº 8/ü", rule, "the number of the duplicate")
        trial.check(copy.id != order_id, rule, f"the duplicate has the id of its original, {order_id}")
        trial.equal(trial.lines(copy), trial.lines(original), rule, "the lines of the duplicate")
        trial.equal(trial.store.remote_orders(copy.id), (), rule, "where the duplicate was submitted")
        for ref in (OrderId(copy.id), OrderNumber("Nº 8/ü")):
            with trial.keeping(rule, f"get_order({ref!r})"):
                found = trial.store.get_order(ref)
            trial.equal((found.id, trial.lines(found)), (copy.id, trial.lines(copy)), rule, f"get_order({ref!r})")
        trial.equal(trial.store.remote_orders(order_id), (AT_MWW,), rule, "where the original was submitted")
        with trial.keeping(rule, "submitting the duplicate where the original is"):
            trial.store.add_remote_order(OrderId(copy.id), evolve(AT_MWW, remote_id="M-2"), by=ANN)

    def test_a_duplicate_is_linked_both_ways(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        order_id, rule = trial.add_order("T-55"), StoreRule.LINKED_BOTH_WAYS
        copy = trial.store.duplicate(OrderId(order_id), by=ANN, number="T-55-R")
        second = trial.store.duplicate(OrderId(copy.id), by=ANN, number="T-55-RR")
        trial.equal(trial.store.original_of(copy.id), order_id, rule, "original_of the duplicate")
        trial.equal(trial.store.original_of(second.id), copy.id, rule, "original_of a duplicate's duplicate")
        trial.equal(trial.store.original_of(order_id), None, rule, "original_of the original")
        for told, number in ((trial.told(order_id), "T-55-R"), (trial.told(copy.id), "T-55")):
            trial.check(number in told, rule, f"a history does not name {number}: {told!r}")

    def test_a_free_number_is_picked_where_none_is_given(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        order_id, rule = trial.add_order(), StoreRule.NUMBER_GIVEN_ONCE
        seen, last = {trial.number_of(order_id)}, order_id
        for _ in range(3):
            proposed = trial.store.next_free_number(OrderId(order_id))
            again = trial.store.next_free_number(OrderId(order_id))
            trial.equal(again, proposed, rule, "next_free_number, asked again")
            trial.check(proposed not in seen, rule, f"next_free_number gave {proposed!r}, which is taken")
            copy = trial.store.duplicate(OrderId(order_id), by=ANN)
            trial.equal(copy.number, proposed, rule, "the number of the duplicate")
            seen.add(proposed)
            last = copy.id
        of_copy = trial.store.next_free_number(OrderId(last))
        trial.check(of_copy not in seen, rule, f"next_free_number of a duplicate gave {of_copy!r}, which is taken")

    def test_a_number_that_is_taken_or_blank_is_refused(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        order_id, rule = trial.add_order("T-70"), StoreRule.NUMBER_GIVEN_ONCE
        other = trial.add_order("T-71")
        with trial.unchanged(order_id, rule), trial.unchanged(other, rule):
            for number in ("T-71", "T-70", "", "  "):
                call = partial(trial.store.duplicate, OrderId(order_id), by=ANN, number=number)
                trial.refused(call, ValidationError, rule, f"duplicate(number={number!r})")
        for number, owner in (("T-71", other), ("T-70", order_id)):
            with trial.keeping(rule, f"get_order of {number!r} afterwards"):
                trial.equal(trial.store.get_order(OrderNumber(number)).id, owner, rule, f"whose {number} is")

    def test_a_duplicate_that_comes_again_is_made_once(self, trial: StoreTrial) -> None:
        """As after a lost answer: a desk finds the duplicate by its number and by `original_of`."""
        trial.need(Ability.DUPLICATES)
        order_id, rule = trial.add_order(), StoreRule.NUMBER_GIVEN_ONCE
        copy = trial.store.duplicate(OrderId(order_id), by=ANN, number="T-80-1")
        try:
            again = trial.store.duplicate(OrderId(order_id), by=ANN, number="T-80-1").id
        except ValidationError:
            again = copy.id  # It may say so.
        trial.equal(again, copy.id, rule, "the duplicate, made again")
        with trial.keeping(rule, "get_order of the number"):
            found = trial.store.get_order(OrderNumber("T-80-1"))
        trial.equal(trial.store.original_of(found.id), order_id, StoreRule.LINKED_BOTH_WAYS, "its original")

    def test_one_look_tells_what_three_calls_tell(self, trial: StoreTrial) -> None:
        """Of a store that offers `registered_order`."""
        own = trial.own
        if not isinstance(own, RegisteredOrderReader):
            pytest.skip("the store offers no `registered_order`: a desk makes three calls")
        order_id = OrderId(trial.add_order())
        trial.store.add_remote_order(order_id, AT_MWW, by=ANN)
        ids = [order_id]
        if trial.can(Ability.DUPLICATES):
            ids.append(OrderId(trial.store.duplicate(order_id, by=ANN).id))
        for one in ids:
            found = own.registered_order(one)
            expected = (trial.store.get_order(one), trial.store.original_of(one), trial.store.remote_orders(one))
            told = (found.order, found.original_id, found.remote_orders)
            trial.equal(told, expected, StoreRule.DURABLE, "registered_order")
        call = partial(own.registered_order, OrderId(UNKNOWN_ID))
        trial.refused(call, NotFoundError, StoreRule.UNKNOWN_IS_SAID, "registered_order of an unknown order")

    def test_an_unknown_original_makes_nothing(self, trial: StoreTrial) -> None:
        trial.need(Ability.DUPLICATES)
        rule = StoreRule.UNKNOWN_IS_SAID
        call = partial(trial.store.duplicate, OrderId(UNKNOWN_ID), by=ANN, number="T-90")
        trial.refused(call, NotFoundError, rule, "duplicate of an unknown order")
        trial.refused(partial(trial.store.get_order, OrderNumber("T-90")), NotFoundError, rule, "get_order afterwards")
