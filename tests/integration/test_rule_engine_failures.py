"""The rule engine in trouble, and what it hears of cases: nothing is lost, and nothing is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.rule_actions import RuleActionExecutor
from orderdesk_sdk.errors import (
    ConfigurationError,
    InvalidStateError,
    OrderDeskError,
    PluginError,
    StorageError,
    ValidationError,
)
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Email, WithinTime
from orderdesk_sdk.rules.actions import ActionRequest
from orderdesk_sdk.rules.model import MOVE_ORDER
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.email_child import ACTION, EMAIL_ONLY, EmailOnlyPlugin
from tests.support.rule_tables import CANCELS, ID, NUMBER, ORDER, Died, fail, fired, rule, to

if TYPE_CHECKING:
    from tests.conftest import RulesOpener


FILES = rule("files", "case settled", to("Closed"))


# Rejections and trouble


def test_a_refused_action_is_an_event_that_another_rule_acts_on(rules_desk: RulesOpener) -> None:
    catches = rule("catches", "action failed", to("Prepared"), when=f"rule == 'cancels' and action == '{ACTION}'")
    desk = rules_desk(CANCELS, catches)
    desk.orders.import_orders([ORDER], by="Ann")  # It was submitted nowhere, so nothing can be canceled.
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "refused"), ("catches", "to Prepared")]
    assert desk.order_store.folder_of(ID) == "Prepared"


@pytest.mark.parametrize("error", [StorageError("the disk is full"), ConfigurationError("a setting is wrong")])
def test_trouble_is_no_refusal_and_what_it_kept_from_being_done_is_done_later(
    desk_with_order: RulesOpener, error: OrderDeskError
) -> None:
    desk = desk_with_order(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.rules._executor, "execute", error)
        desk.orders.move(NUMBER, "Canceled", by="Ann")
        assert fired(desk) == []
        assert desk.run_due().problems == (str(error),)
    assert desk.run_due().problems == ()
    assert fired(desk) == [("cancels", "post action required")]


@pytest.mark.parametrize("error", [InvalidStateError("no"), ValidationError("no"), PluginError("no")])
def test_what_says_no_is_a_refusal(
    desk_with_order: RulesOpener, monkeypatch: pytest.MonkeyPatch, error: OrderDeskError
) -> None:
    desk = desk_with_order(CANCELS)
    fail(desk, monkeypatch, desk.rules._executor, "execute", error)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "refused")]


def test_a_failing_disk_in_the_middle_of_a_wish_asks_once_in_the_end(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.ledger, "complete_event", StorageError("the disk is full"))
        desk.orders.move(NUMBER, "Canceled", by="Ann")
        assert len(desk.cases.list(order=NUMBER)) == 1
    assert desk.run_due().problems == ()
    assert len(desk.ledger.cancellations(ID)) == 1
    assert fired(desk) == [("cancels", "post action required")]


def test_a_wish_that_was_made_before_a_death_is_not_refused_because_its_rule_was_edited(
    desk_with_order: RulesOpener,
) -> None:
    desk = desk_with_order(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.ledger, "complete_event", Died())
        with pytest.raises(Died):
            desk.orders.move(NUMBER, "Canceled", by="Ann")
    edited = desk_with_order({**CANCELS, "do": [{"action": ACTION, "reason": "fraud"}]})
    assert edited.run_due().problems == ()
    assert [execution.error for _, execution in edited.ledger.rule_executions(ID)] == [None]
    assert len(edited.ledger.cancellations(ID)) == 1


def test_trouble_with_one_order_does_not_keep_the_rules_from_another(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(CANCELS)
    second = evolve(ORDER, id="second", number="second")
    desk.orders.import_orders([second], by="Ann")
    desk.orders.register("second", connection=EMAIL_ONLY, by="Ann")
    real = RuleActionExecutor.execute

    def choosy(misbehaviors: RuleActionExecutor, misbehavior: ActionRequest) -> str:
        if misbehavior.order.id == ID:
            raise ConfigurationError("a setting is wrong")
        return real(misbehaviors, misbehavior)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RuleActionExecutor, "execute", choosy)
        desk.orders.move(NUMBER, "Canceled", by="Ann")
        desk.orders.move("second", "Canceled", by="Ann")
    assert (fired(desk), fired(desk, "second")) == ([], [("cancels", "post action required")])


def test_an_action_that_nobody_contributes_is_named_and_stops_neither_due_work_nor_other_rules(
    desk_with_order: RulesOpener,
) -> None:
    desk = desk_with_order(rule("typo", "order moved", "Cancel at Pots", when="folder == 'Closed'"), CANCELS)
    (fault,) = desk.rules.configuration_errors()
    assert fault.location == "[[rules]][0].do[0]"
    assert ACTION in str(fault.hint)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "post action required")]
    desk.orders.move(NUMBER, "Closed", by="Ann")
    (case,) = desk.cases.list(order=NUMBER)
    assert case.due_at is not None
    desk.clock.sleep_until(desk.clock.monotonic() + (case.due_at - desk.clock.now()).total_seconds())
    report = desk.run_due()
    assert (report.handled, report.problems) == (1, (str(fault),))
    mended = desk_with_order(rule("typo", "order moved", to("Prepared"), when="folder == 'Closed'"), CANCELS)
    mended.run_due()
    assert fired(mended)[-1] == ("typo", "to Prepared")


def test_a_filter_that_cannot_be_taken_refuses_the_move_before_it_is_made(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(rule("typo", "order moved", to("Prepared"), when="foldr == 'Canceled'"))
    with pytest.raises(ConfigurationError, match="the filter is wrong") as caught:
        desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert caught.value.location == "[[rules]][0].when"
    assert desk.order_store.folder_of(ID) != "Canceled"
    assert desk.ledger.pending_events(1) == ()


def test_a_filter_that_cannot_be_taken_keeps_its_events_until_it_is_mended(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(rule("typo", "case settled", to("Closed"), when="stat == 'canceled'"), CANCELS)
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "post action required")], "a rule for another event acts all the same"
    (case,) = desk.cases.list(order=NUMBER)
    desk.cases.confirm(case.id, by="Ann")
    (problem,) = desk.run_due().problems
    assert problem.startswith("[[rules]][0].when: the filter is wrong")
    mended = desk_with_order(rule("typo", "case settled", to("Closed"), when="state == 'canceled'"), CANCELS)
    assert mended.run_due().problems == ()
    assert fired(mended)[-1] == ("typo", "to Closed")


def test_an_action_with_a_folder_that_takes_none_is_a_fault(rules_desk: RulesOpener) -> None:
    desk = rules_desk(
        rule("odd", "order moved", {"action": ACTION, "folder": "New"}), rule("bare", "order moved", MOVE_ORDER)
    )
    assert [fault.location for fault in desk.rules.configuration_errors()] == [
        "[[rules]][0].do[0]",
        "[[rules]][1].do[0]",
    ]


# Settled cases


def test_a_settled_case_is_heard_in_the_call_that_settled_it(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    assert fired(desk) == []
    desk.cases.confirm(case.id, by="Ann")
    assert fired(desk) == [("files", "to Closed")]
    assert desk.order_store.folder_of(ID) == "Closed"


@pytest.mark.parametrize(
    "settles",
    [
        lambda desk, case: desk.cases.reject(case, by="Ann"),
        lambda desk, case: desk.cases.confirm(case, by="Ann"),
    ],
    ids=["refuse", "confirm"],
)
def test_a_person_s_word_is_heard_at_once(desk_with_order: RulesOpener, settles: Callable[[Desk, str], object]) -> None:
    desk = desk_with_order(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    settles(desk, case.id)
    assert fired(desk) == [("files", "to Closed")]


def test_a_cancel_that_settles_at_once_is_heard_at_once(desk_with_order: RulesOpener, clock: VirtualClock) -> None:
    closed = Email("to", "subject", "body", window=WithinTime(seconds(1)))
    desk = desk_with_order(FILES, routes=(closed,))
    clock.advance(seconds(2))
    assert [case.state for case in desk.cancel(NUMBER, by="Ann").cases] == [State.UNSUPPORTED]
    assert fired(desk) == [("files", "to Closed")]


def test_a_ledger_that_was_made_by_the_host_records_settled_cases_too(
    desk_with_order: RulesOpener, tmp_path: Path, clock: VirtualClock
) -> None:
    registry = PluginRegistry()
    registry.register(EmailOnlyPlugin(), EMAIL_ONLY)
    path = tmp_path / "desk.db"
    connections = {EMAIL_ONLY: ConnectionConfig(EMAIL_ONLY, EMAIL_ONLY, {}, "[connections.post]")}
    config = Config(path, connections, rules=read_rules([FILES], "[[rules]]"))
    with Desk(config, ledger=SqliteLedger(path), clock=clock, registry=registry) as desk:
        (case,) = desk.cancel(NUMBER, by="Ann").cases
        desk.cases.confirm(case.id, by="Ann")
        assert fired(desk) == [("files", "to Closed")]


def test_without_rules_nothing_is_recorded_or_read_for_them(
    desk_with_order: RulesOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with_order()
    for method in ("pending_events", "add_events", "complete_event"):
        fail(desk, monkeypatch, desk.ledger, method, AssertionError(f"{method} was called"))
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    desk.cases.confirm(case.id, by="Ann")
    desk.run_due()
    monkeypatch.undo()
    assert desk.ledger.pending_events(10) == ()


def test_a_rule_that_is_switched_off_does_nothing_and_says_so(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order({**CANCELS, "enabled": False})
    desk.orders.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == []
    moved = OrderEvent("x", OrderEventKind.ORDER_MOVED, ID, desk.clock.now(), {"folder": "Canceled"})
    assert [decision.explanation for decision in desk.rules.explain(moved)] == ["the rule is switched off"]


def test_handling_an_occurrence_a_second_time_changes_nothing(tmp_path: Path, clock: VirtualClock) -> None:
    ledger = SqliteLedger(tmp_path / "desk.db")
    now: datetime = clock.now()
    happened = OrderEvent("x", OrderEventKind.ORDER_MOVED, ID, now, {"folder": "Canceled"})
    ledger.add_events([happened, happened])
    assert ledger.pending_events(10) == (happened,)
    done = [ledger.complete_event(happened, [RuleExecution("r", "a", "t")], [], now) for _ in range(2)]
    assert done == [True, False]
    assert len(ledger.rule_executions(ID)) == 1
    ledger.discard_event(happened)
    ledger.add_events([happened])
    assert ledger.pending_events(10) == (), "what was handled is not forgotten"
    ledger.close()


def test_what_settles_nothing_is_no_event_of_the_order(desk_with_order: RulesOpener) -> None:
    desk = desk_with_order(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    now = desk.clock.now()
    assert transition(case, Event(EventKind.REMINDED, now, due_at=now)).order_events == ()
    done = desk.cases.confirm(case.id, by="Ann")
    assert isinstance(done, CancelCase)
    assert transition(done, Event(EventKind.POLL_STARTED, now)).order_events == ()
    (shipped,) = transition(done, Event(EventKind.SHIPPED, now)).order_events
    assert (shipped.kind, shipped.field_values["state"]) == (OrderEventKind.CASE_SETTLED, "shipped anyway")


# Orders and hosts that are odd


def test_an_order_on_which_a_filter_fails_holds_up_nobody_and_its_log_says_so(rules_desk: RulesOpener) -> None:
    big = rule("big", "order imported", to("Prepared"), when="number.to_flt > 1000")
    files = rule("all", "order imported", to("Closed"), when="number.to_flt != 7")
    odd = evolve(ORDER, id="odd", number="WEB-7")
    desk = rules_desk(big, files)
    desk.orders.import_orders([odd, ORDER], by="Ann")
    assert desk.run_due().problems == ()
    (told,) = [execution for _, execution in desk.ledger.rule_executions(odd.id) if execution.rule == "big"]
    assert told.error is not None
    assert "a text that is not a number" in told.error
    assert ("big", "to Prepared") in fired(desk)
    assert desk.order_store.folder_of(odd.id) == "Closed"


def test_a_host_that_fails_on_one_order_holds_up_that_order_and_each_trouble_is_told(
    rules_desk: RulesOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = rules_desk(rule("files", "order imported", to("Closed")))
    orders = [evolve(ORDER, id=f"o{number}", number=f"10{number}") for number in range(4)]
    folder = desk.order_store.folder_of

    def failing(order_id: str) -> str | None:
        if order_id in ("o1", "o2"):
            raise OSError(f"the order store is away for {order_id}")
        return folder(order_id)

    monkeypatch.setattr(desk.order_store, "folder_of", failing)
    desk.orders.import_orders(orders, by="Ann")
    problems = desk.run_due().problems
    assert [sum(f"away for {order.id}" in problem for problem in problems) for order in orders] == [0, 1, 1, 0]
    monkeypatch.undo()
    assert desk.run_due().problems == ()
    assert {desk.order_store.folder_of(order.id) for order in orders} == {"Closed"}
