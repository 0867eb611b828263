"""The history of an order: it only grows, and names who did what; and what was written is there afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from attrs import frozen

from orderdesk_devkit.testing.order_stores.folders import another_folder
from orderdesk_devkit.testing.order_stores.rules import StoreRule
from orderdesk_devkit.testing.order_stores.trial import ANN, AT_MWW, BO, START, StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability, HistoryText
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.orders.store import OrderStore

__all__ = ["HistoryTests", "PersistenceTests"]

LONG_TEXT = " ".join(f"Zeile-{number}" for number in range(400))
"""About 4,000 characters: more than Order Desk takes at once."""
PART_MARK = re.compile(r"^\(\d+/\d+\) ")


class HistoryTests:
    """Texts that stay."""

    def test_texts_are_appended_with_who_wrote_them(self, trial: StoreTrial) -> None:
        order_id, other = trial.add_order(), trial.add_order()
        before = trial.history(order_id)
        with trial.unchanged(other, StoreRule.NOTHING_ELSE_CHANGES):
            trial.store.add_history(OrderId(order_id), "Canceled at MWW: «schon gedruckt» - 日本 ☕", by=ANN)
            trial.store.add_history(OrderId(order_id), "Second\nwith two lines", by=BO)
        expected = [
            HistoryText(ANN, "Canceled at MWW: «schon gedruckt» - 日本 ☕"),
            HistoryText(BO, "Second\nwith two lines"),
        ]
        trial.equal(trial.history(order_id), [*before, *expected], StoreRule.HISTORY_GROWS, "the history")

    def test_a_long_text_is_kept_whole(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        before = len(trial.history(order_id))
        with trial.keeping(StoreRule.TEXTS_ARE_KEPT, f"add_history of {len(LONG_TEXT)} characters"):
            trial.store.add_history(OrderId(order_id), LONG_TEXT, by=ANN)
        parts = [PART_MARK.sub("", entry.text) for entry in trial.history(order_id)[before:]]
        is_whole = "".join(parts) == LONG_TEXT or " ".join(parts) == LONG_TEXT
        kept = sum(len(part) for part in parts)
        trial.check(is_whole, StoreRule.TEXTS_ARE_KEPT, f"of {len(LONG_TEXT)} characters {kept} came back, or others")

    def test_every_change_names_who_made_it(self, trial: StoreTrial) -> None:
        order_id = trial.add_order()
        changes: dict[str, Callable[..., object]] = {
            "add_remote_order": partial(trial.store.add_remote_order, OrderId(order_id), AT_MWW)
        }
        if trial.can(Ability.FOLDERS):
            changes["move"] = partial(trial.store.move, OrderId(order_id), another_folder(trial, order_id))
        if trial.can(Ability.DUPLICATES):
            changes["duplicate"] = partial(trial.store.duplicate, OrderId(order_id))
        for name, change in changes.items():
            before = trial.history(order_id)
            change(by=f"{name} by Bö")
            after = trial.history(order_id)
            trial.equal(after[: len(before)], before, StoreRule.HISTORY_GROWS, f"earlier entries after {name}")
            who = {entry.by for entry in after[len(before) :]}
            trial.equal(who, {f"{name} by Bö"}, StoreRule.CHANGES_NAME_WHO, f"who stands in the history after {name}")


@frozen
class Written:
    """What a test wrote. folder, copy_id: None where the store cannot do that."""

    order_id: str
    folder: str | None
    copy_id: str | None


class PersistenceTests:
    """What a call wrote is there, for everybody."""

    def test_everything_is_there_after_reopening(self, trial: StoreTrial) -> None:
        trial.need(Ability.REOPEN)
        written = self._write(trial, OrderId(trial.add_order()))
        before = trial.store.get_order(OrderId(written.order_id))
        trial.reopen()
        with trial.keeping(StoreRule.DURABLE, "reading after the store was opened again"):
            found = trial.store.get_order(OrderId(written.order_id))
            trial.equal(found, before, StoreRule.DURABLE, "the order")
            self._is_there(trial, trial.store, written)

    def test_another_process_sees_at_once_what_was_written(self, trial: StoreTrial) -> None:
        trial.need(Ability.REOPEN)
        other, order_id = trial.open(), OrderId(trial.add_order())
        before = (other.get_order(order_id).id, other.remote_orders(order_id), other.folder_of(order_id))
        trial.equal(before[:2], (order_id, ()), StoreRule.DURABLE, "the order, read before")
        written = self._write(trial, order_id)
        with trial.keeping(StoreRule.DURABLE, "reading through a store that was opened before"):
            found = other.find_by_remote_id("mww-main", "M-1")
            trial.equal(found, written.order_id, StoreRule.DURABLE, "whose M-1 is")
            self._is_there(trial, other, written)
            other.record_status(written.order_id, "mww-main", "Shipped", START + minutes(9))
        status = trial.store.remote_orders(written.order_id)[0].status
        trial.equal(status, "Shipped", StoreRule.DURABLE, "the status that another process wrote")

    def _write(self, trial: StoreTrial, order_id: OrderId) -> Written:
        trial.store.add_remote_order(order_id, AT_MWW, by=ANN)
        trial.store.record_status(order_id, "mww-main", "Printing", START + minutes(1))
        trial.store.add_history(order_id, "a text that stays", by=ANN)
        folder = another_folder(trial, order_id) if trial.can(Ability.FOLDERS) else None
        if folder is not None:
            trial.store.move(order_id, folder, by=ANN)
        can_duplicate = trial.can(Ability.DUPLICATES)
        return Written(order_id, folder, trial.store.duplicate(order_id, by=ANN).id if can_duplicate else None)

    def _is_there(self, trial: StoreTrial, store: OrderStore, written: Written) -> None:
        rule = StoreRule.DURABLE
        found = [(one.remote_id, one.status, one.status_at) for one in store.remote_orders(written.order_id)]
        trial.equal(found, [("M-1", "Printing", START + minutes(1))], rule, "number, status and its time")
        trial.check("a text that stays" in trial.told(written.order_id), rule, "the history has lost a text")
        if written.folder is not None:
            trial.equal(store.folder_of(OrderId(written.order_id)), written.folder, rule, "the folder")
        if written.copy_id is not None:
            trial.equal(store.original_of(written.copy_id), written.order_id, rule, "the original of the duplicate")
