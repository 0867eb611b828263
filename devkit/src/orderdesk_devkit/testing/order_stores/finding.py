"""Orders are found as they are named, and come back whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, LINES, START, UNKNOWN_ID, StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability
from orderdesk_sdk.errors import AmbiguousError, InvalidStateError, NotFoundError, OrderDeskError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber

__all__ = ["FindingTests"]


class FindingTests:
    """Ids, numbers, and what could be either."""

    def test_an_order_is_found_by_its_id_and_by_its_number(self, trial: StoreTrial) -> None:
        trial.add_order()
        wanted = trial.add_order("Nº 7/ü 日本")
        for ref in (OrderId(wanted), OrderNumber("Nº 7/ü 日本"), "Nº 7/ü 日本", wanted):
            with trial.keeping(StoreRule.FOUND_AS_WRITTEN, f"get_order({ref!r})"):
                order = trial.store.get_order(ref)
            found = (order.id, order.number)
            trial.equal(found, (wanted, "Nº 7/ü 日本"), StoreRule.FOUND_AS_WRITTEN, f"id and number by {ref!r}")

    def test_what_is_written_otherwise_names_no_order(self, trial: StoreTrial) -> None:
        order_id = trial.add_order("T-7")
        others = [f"0{order_id}", f" {order_id}", f"{order_id} ", f"{order_id}.0", f"{order_id}/x", f"{order_id}?x=1"]
        refs = [OrderId(other) for other in (*others, "", " ", "T-7")]
        refs_of_numbers = [OrderNumber(other) for other in ("T-7 ", "T-07", "T", "", order_id)]
        for ref in (*refs, *refs_of_numbers, *others):
            what = f"get_order({type(ref).__name__}({ref!r}))"
            trial.refused(partial(trial.store.get_order, ref), NotFoundError, StoreRule.FOUND_AS_WRITTEN, what)

    def test_a_number_that_is_another_orders_id_is_not_guessed(self, trial: StoreTrial) -> None:
        trial.need(Ability.NUMBER_LIKE_ID)
        first = trial.add_order()
        second = trial.add_order(first)
        self._is_ambiguous(trial, first, {first, second})
        rule = StoreRule.NEVER_GUESSED
        trial.equal(trial.store.get_order(OrderId(first)).id, first, rule, "get_order(OrderId(...))")
        trial.equal(trial.store.get_order(OrderNumber(first)).id, second, rule, "get_order(OrderNumber(...))")

    def test_a_number_of_two_orders_is_not_guessed(self, trial: StoreTrial) -> None:
        trial.need(Ability.SHARED_NUMBERS)
        first, second = trial.add_order("T-9"), trial.add_order("T-9")
        self._is_ambiguous(trial, "T-9", {first, second})
        self._is_ambiguous(trial, OrderNumber("T-9"), {first, second})
        for order_id in (first, second):
            found = trial.store.get_order(OrderId(order_id)).id
            trial.equal(found, order_id, StoreRule.NEVER_GUESSED, "get_order(OrderId(...))")
        with trial.unchanged(first, StoreRule.NEVER_GUESSED), trial.unchanged(second, StoreRule.NEVER_GUESSED):
            for name, call in self._calls_by_ref(trial, "T-9").items():
                trial.refused(call, AmbiguousError, StoreRule.NEVER_GUESSED, name)

    def _is_ambiguous(self, trial: StoreTrial, ref: str, ids: set[str]) -> None:
        try:
            found = trial.store.get_order(ref)
        except AmbiguousError as error:
            trial.equal(set(error.ids), ids, StoreRule.NEVER_GUESSED, "the ids of the AmbiguousError")
        except OrderDeskError as error:
            trial.check(False, StoreRule.NEVER_GUESSED, f"get_order({ref!r}) raised {type(error).__name__}: {error}")
        else:
            trial.check(False, StoreRule.NEVER_GUESSED, f"get_order({ref!r}) gave order id {found.id}")

    def test_an_app_refuses_what_the_store_declares_to_be_impossible(self, trial: StoreTrial) -> None:
        first = trial.add_order("T-3")
        for ability, number in ((Ability.SHARED_NUMBERS, "T-3"), (Ability.NUMBER_LIKE_ID, first)):
            if trial.can(ability):
                continue
            try:
                second = trial.add_order(number)
            except Exception:  # noqa: BLE001, S112 - the app's own error, whichever it is
                continue
            trial.check(False, StoreRule.AS_DECLARED, f"an order id {second} with the number {number!r} was taken")

    def _calls_by_ref(self, trial: StoreTrial, ref: str) -> dict[str, Callable[[], object]]:
        store = trial.store
        calls: dict[str, Callable[[], object]] = {
            "get_order": lambda: store.get_order(ref),
            "add_remote_order": lambda: store.add_remote_order(ref, AT_MWW, by=ANN),
            "add_history": lambda: store.add_history(ref, "text", by=ANN),
            "folder_of": lambda: store.folder_of(ref),
        }
        if trial.can(Ability.FOLDERS):
            calls["move"] = lambda: store.move(ref, trial.under_test.folders[0], by=ANN)
        if trial.can(Ability.DUPLICATES):
            calls["next_free_number"] = lambda: store.next_free_number(ref)
            calls["duplicate"] = lambda: store.duplicate(ref, by=ANN)
        return calls

    def _calls_by_id(self, trial: StoreTrial, order_id: str) -> dict[str, Callable[[], object]]:
        return {
            "remote_orders": lambda: trial.store.remote_orders(order_id),
            "record_status": lambda: trial.store.record_status(order_id, "mww-main", "Received", START),
            "original_of": lambda: trial.store.original_of(order_id),
        }

    def test_an_unknown_order_is_said_by_every_method(self, trial: StoreTrial) -> None:
        trial.add_order()
        for ref in (UNKNOWN_ID, OrderId(UNKNOWN_ID), OrderNumber(UNKNOWN_ID)):
            for name, call in self._calls_by_ref(trial, ref).items():
                trial.refused(call, NotFoundError, StoreRule.UNKNOWN_IS_SAID, f"{name}({ref!r})")
        for name, call in self._calls_by_id(trial, UNKNOWN_ID).items():
            trial.refused(call, NotFoundError, StoreRule.UNKNOWN_IS_SAID, f"{name}({UNKNOWN_ID!r})")

    def test_what_takes_an_id_takes_no_number(self, trial: StoreTrial) -> None:
        order_id = trial.add_order("T-12")
        trial.store.add_remote_order(OrderId(order_id), AT_MWW, by=ANN)
        for name, call in self._calls_by_id(trial, "T-12").items():
            trial.refused(call, NotFoundError, StoreRule.IDS_ARE_IDS, f"{name}('T-12')")

    def test_lines_come_back_with_codes_quantities_and_lasting_ids(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        order = trial.store.get_order(OrderId(order_id))
        expected = [(line.code, line.quantity) for line in LINES]
        trial.equal(trial.lines(order), expected, StoreRule.LINES_ARE_KEPT, "codes and quantities")
        kinds = {type(line.quantity).__name__ for line in order.lines}
        trial.equal(kinds, {"int"}, StoreRule.LINES_ARE_KEPT, "the types of quantities")
        again = [line.id for line in trial.store.get_order(OrderId(order_id)).lines]
        trial.equal([line.id for line in order.lines], again, StoreRule.LINES_ARE_KEPT, "ids of lines, read twice")

    def test_every_method_is_called_with_the_kinds_of_refs_that_a_desk_has(self, trial: StoreTrial) -> None:
        """A store must not trip over `OrderId` and `OrderNumber` being classes of their own."""
        order_id = trial.add_order("T-20")
        for number, ref in enumerate((OrderId(order_id), OrderNumber("T-20"), "T-20")):
            remote = RemoteOrder(f"place-{number}", "R-1", START + timedelta(hours=number), AT_MWW.role)
            with trial.keeping(StoreRule.FOUND_AS_WRITTEN, f"a call with {type(ref).__name__}"):
                trial.store.add_remote_order(ref, remote, by=ANN)
                trial.store.add_history(ref, "text", by=ANN)
                trial.store.folder_of(ref)
                trial.store.record_status(OrderId(order_id), remote.connection, "Received", START)
        places = [one.connection for one in trial.store.remote_orders(order_id)]
        trial.equal(places, ["place-0", "place-1", "place-2"], StoreRule.FOUND_AS_WRITTEN, "places of the order")

    def test_a_store_that_makes_no_duplicates_says_so(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        if trial.can(Ability.DUPLICATES):
            return
        with trial.unchanged(order_id, StoreRule.AS_DECLARED):
            calls: dict[str, Callable[[], object]] = {
                "next_free_number": lambda: trial.store.next_free_number(OrderId(order_id)),
                "duplicate": lambda: trial.store.duplicate(OrderId(order_id), by=ANN, number="T-99"),
            }
            for name, call in calls.items():
                trial.refused(call, InvalidStateError, StoreRule.AS_DECLARED, name)
