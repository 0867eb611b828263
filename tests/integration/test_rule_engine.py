"""The rule engine over a desk: what happened is heard once, what did not happen is not, and trouble loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.rule_tables import CANCELS, ID, NUMBER, ORDER, Died, fail, fired, rule, to

if TYPE_CHECKING:
    from tests.conftest import RulesOpener


WELCOMES = rule("welcomes", "order imported", to("Prepared"))


# Imports


def test_a_failed_import_is_not_heard_and_the_good_one_after_it_is(rules_desk: RulesOpener) -> None:
    desk = rules_desk(WELCOMES)
    with pytest.raises(ValidationError, match="nothing was imported"):
        desk.orders.import_orders([ORDER, ORDER], by="Ann")
    assert desk.run_due().problems == ()
    assert fired(desk) == []
    desk.orders.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]
    assert desk.order_store.folder_of(ID) == "Prepared"


def test_a_failed_import_is_forgotten_after_the_lease_and_a_good_one_later_is_news(
    rules_desk: RulesOpener, clock: VirtualClock
) -> None:
    desk = rules_desk(WELCOMES)
    with pytest.raises(ValidationError):
        desk.orders.import_orders([ORDER, ORDER], by="Ann")
    clock.advance(LEASE)
    desk.run_due()
    assert desk.ledger.pending_events(10) == ()
    desk.orders.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


def test_another_process_that_gives_an_import_up_too_early_does_not_hide_it(
    rules_desk: RulesOpener, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, other = rules_desk(WELCOMES), rules_desk(WELCOMES)
    assert isinstance(desk.order_store, SqliteOrderStore)
    importing = desk.order_store.import_orders

    def slowly(orders: object, *, by: str, before_batch: Callable[[Sequence[str]], None]) -> object:
        def given_up(ids: Sequence[str]) -> None:
            before_batch(ids)
            clock.advance(LEASE)
            other.run_due()
            assert other.ledger.pending_events(10) == ()

        return importing([ORDER], by=by, before_batch=given_up)

    monkeypatch.setattr(desk.order_store, "import_orders", slowly)
    desk.orders.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


def test_an_order_that_was_there_before_the_rules_is_not_imported_when_it_is_updated(
    desk_with_order: RulesOpener,
) -> None:
    desk = desk_with_order(WELCOMES)
    assert desk.orders.import_orders([evolve(ORDER, email="new@example.com")], by="Ann").updated == (NUMBER,)
    assert fired(desk) == []
    assert desk.order_store.folder_of(ID) != "Prepared"


def test_an_order_is_imported_once(rules_desk: RulesOpener) -> None:
    desk = rules_desk(WELCOMES)
    for email in ("a@example.com", "b@example.com"):
        desk.orders.import_orders([evolve(ORDER, email=email)], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


def test_events_that_are_left_waiting_are_each_read_once(
    rules_desk: RulesOpener, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = rules_desk(WELCOMES)
    kind = OrderEventKind.ORDER_IMPORTED
    desk.ledger.add_events([OrderEvent(f"imported {number}", kind, f"{number}", clock.now()) for number in range(2500)])
    reading = desk.ledger.pending_events
    read: list[OrderEvent] = []

    def noting(limit: int, *, after: OrderEvent | None = None) -> tuple[OrderEvent, ...]:
        events = reading(limit, after=after)
        read.extend(events)
        return events

    monkeypatch.setattr(desk.ledger, "pending_events", noting)
    assert desk.rules.process() == (0, ())
    assert [event.order_id for event in read] == [str(number) for number in range(2500)]
    clock.advance(LEASE)
    assert desk.rules.process(4000) == (2500, ())


# Moves


def test_a_rule_fires_once_for_a_move_and_for_another_folder_not_at_all(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(CANCELS)
    desk.orders.move(NUMBER, "Prepared", by="Ann")
    assert (fired(desk), desk.cases.list(order=NUMBER)) == ([], ())
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    desk.orders.move(NUMBER, "canceled", by="Ann")
    desk.run_due()
    assert fired(desk) == [("cancels", "post action required")]


def test_a_repeated_move_while_the_case_is_open_asks_once(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(CANCELS)
    for folder in ("Canceled", "Closed", "Canceled"):
        desk.orders.move(NUMBER, folder, by="Ann")
    assert fired(desk) == [("cancels", "post action required")] * 2
    assert len(desk.cases.list(order=NUMBER)) == len(desk.ledger.cancellations(ID)) == 1


def died_before_the_move(desk: Desk, folder: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.order_store, "move", Died())
        with pytest.raises(Died):
            desk.orders.move(NUMBER, folder, by="Ann")


def test_a_move_that_nobody_was_told_of_is_not_made_by_others_nor_heard(
    desk_with_order: RulesOpener, clock: VirtualClock
) -> None:
    died_before_the_move(desk_with_order(CANCELS), "Canceled")
    desk = desk_with_order(CANCELS)
    desk.run_due()
    clock.advance(LEASE)
    desk.run_due()
    assert desk.order_store.folder_of(ID) == "New"
    assert fired(desk) == [("", "refused")]
    assert desk.cases.list(order=NUMBER) == ()


def test_an_order_that_a_person_moved_on_is_not_moved_back(desk_with_order: RulesOpener, clock: VirtualClock) -> None:
    died_before_the_move(desk_with_order(CANCELS), "Canceled")
    desk = desk_with_order(CANCELS)
    desk.orders.move(NUMBER, "Closed", by="Bob")
    clock.advance(LEASE)
    desk.run_due()
    assert desk.order_store.folder_of(ID) == "Closed"
    assert desk.cases.list(order=NUMBER) == ()


def test_a_move_that_is_made_again_after_a_death_is_one_move(desk_with_order: RulesOpener, clock: VirtualClock) -> None:
    died_before_the_move(desk_with_order(CANCELS), "Canceled")
    desk = desk_with_order(CANCELS)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    clock.advance(LEASE)
    desk.run_due()
    assert fired(desk) == [("cancels", "post action required")]


def test_a_move_is_heard_although_somebody_moves_the_order_on_at_once(
    desk_with_order: RulesOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with_order(CANCELS)
    moving = desk.order_store.move

    def and_on(ref: str, folder: str, *, by: str) -> None:
        moving(ref, folder, by=by)
        moving(ref, "Closed", by="Bob")

    monkeypatch.setattr(desk.order_store, "move", and_on)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "post action required")]


FILES_CANCELED = rule("files away", "order moved", to("Closed"), when="folder == 'Canceled'")


@pytest.mark.parametrize(("meanwhile", "ends"), [(None, "Closed"), ("Prepared", "Prepared")])
def test_a_move_that_a_rule_decided_on_survives_a_death_but_no_move_of_a_person(
    desk_with_order: RulesOpener, meanwhile: str | None, ends: str
) -> None:
    desk = desk_with_order(FILES_CANCELED)
    moving = desk.order_store.move

    def dying(ref: str, folder: str, *, by: str) -> None:
        if by.startswith("rule"):
            raise Died
        moving(ref, folder, by=by)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.order_store, "move", dying)
        with pytest.raises(Died):
            desk.orders.move(NUMBER, "Canceled", by="Ann")
    after = desk_with_order(FILES_CANCELED)
    if meanwhile is not None:
        after.order_store.move(ID, meanwhile, by="Bob")
    after.run_due()
    assert after.order_store.folder_of(ID) == ends
    assert fired(after)[0] == ("files away", "to Closed")


def test_two_moves_of_one_rule_are_made_one_after_the_other(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(rule("twice", "order moved", to("Prepared"), to("Closed"), when="folder == 'Canceled'"))
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert desk.order_store.folder_of(ID) == "Closed"
    assert fired(desk) == [("twice", "to Prepared"), ("twice", "to Closed")]


def test_rules_that_move_an_order_to_and_fro_stop_and_the_reason_is_told(desk_with_order: RulesOpener) -> None:
    rules = (
        rule("there", "order moved", to("Prepared"), when="folder == 'Canceled'"),
        rule("back", "order moved", to("Canceled"), when="folder == 'Prepared'"),
    )
    desk = desk_with_order(*rules)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("there", "to Prepared"), ("back", "to Canceled")]
    assert desk.ledger.pending_events(10) == ()
    again = OrderEvent(
        "x", OrderEventKind.ORDER_MOVED, ID, desk.clock.now(), {"folder": "Canceled"}, caused_by_rules=("there", "back")
    )
    whys = [decision.explanation for decision in desk.rules.explain(again)]
    assert whys == ["the event was caused by the rule's own action; a rule never triggers itself"] * 2
