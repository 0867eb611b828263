"""The rulebook over a desk: what happened is heard once, what did not happen is not, and trouble loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest
from attrs import evolve

from orderdesk_sdk.advance import LEASE
from orderdesk_sdk.case import State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.declaration import Email, Route, SinceSubmission
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import (
    ConfigurationError,
    InputError,
    LedgerError,
    NotAllowedError,
    OrderDeskError,
    PluginFault,
)
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.ledger import Write
from orderdesk_sdk.ledger.sqlite import SqliteLedger
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.rules import MOVE_ORDER, Firing, Occurrence, OccurrenceKind, read_rules
from orderdesk_sdk.testing.kill_points import sample_order
from orderdesk_sdk.testing.mail_child import ACTION, BY_MAIL, POST, PostPlugin, open_post_desk

ORDER = sample_order()
ID, NUMBER = ORDER.id, ORDER.number

Table = Mapping[str, object]


def rule(name: str, event: str, *actions: object, when: str = "", **more: object) -> Table:
    return {"name": name, "event": event, "when": when, "do": list(actions), **more}


def to(folder: str) -> Table:
    return {"action": MOVE_ORDER, "folder": folder}


CANCELS = rule("cancels", "order moved", ACTION, when="folder == 'Canceled'")
WELCOMES = rule("welcomes", "order imported", to("Prepared"))
FILES = rule("files", "case settled", to("Closed"))


class Opener(Protocol):
    """Opens a desk on the one file of a test, as another process would."""

    def __call__(self, *rules: Table, ladder: tuple[Route, ...] = BY_MAIL) -> Desk: ...


@pytest.fixture
def open_desk(tmp_path: Path, clock: VirtualClock) -> Iterator[Opener]:
    with ExitStack() as stack:

        def open_(*rules: Table, ladder: tuple[Route, ...] = BY_MAIL) -> Desk:
            return stack.enter_context(open_post_desk(tmp_path / "desk.db", clock, rules=rules, ladder=ladder))

        yield open_


@pytest.fixture
def placed(open_desk: Opener) -> Callable[..., Desk]:
    """Opens a desk with rules; the order came in and was submitted before there were any."""
    before = open_desk()
    before.import_orders([ORDER], by="a test")
    before.place(NUMBER, at=POST, by="a test")
    return open_desk


def fired(desk: Desk, order_id: str = ID) -> list[tuple[str, str]]:
    """What the rules did for the order, by rule: what came of it."""
    return [(firing.rule, "refused" if firing.refused else firing.text) for _, firing in desk.ledger.firings(order_id)]


def fail(desk: Desk, monkeypatch: pytest.MonkeyPatch, target: object, method: str, error: BaseException) -> None:
    """From now on, until the patch is undone, the method raises."""

    def failing(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr(target, method, failing)


class Died(BaseException):
    """The process ends here."""


# Imports


def test_a_failed_import_is_not_heard_and_the_good_one_after_it_is(open_desk: Opener) -> None:
    desk = open_desk(WELCOMES)
    other = evolve(ORDER, id="other")
    with pytest.raises(InputError, match="nothing was imported"):
        desk.import_orders([ORDER, other], by="Ann")
    assert desk.run_due().problems == ()
    assert fired(desk) == []
    desk.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]
    assert desk.host.folder(ID) == "Prepared"


def test_a_failed_import_is_forgotten_after_the_lease_and_a_good_one_later_is_news(
    open_desk: Opener, clock: VirtualClock
) -> None:
    desk = open_desk(WELCOMES)
    with pytest.raises(InputError):
        desk.import_orders([ORDER, evolve(ORDER, id="other")], by="Ann")
    clock.advance(LEASE)
    desk.run_due()
    assert desk.ledger.waiting(10) == ()
    desk.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


def test_another_process_that_gives_an_import_up_too_early_does_not_hide_it(
    open_desk: Opener, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, other = open_desk(WELCOMES), open_desk(WELCOMES)
    assert isinstance(desk.host, LocalHost)
    importing = desk.host.import_orders

    def slowly(orders: object, *, by: str) -> object:
        clock.advance(LEASE)
        other.run_due()
        assert other.ledger.waiting(10) == ()
        return importing([ORDER], by=by)

    monkeypatch.setattr(desk.host, "import_orders", slowly)
    desk.import_orders([ORDER], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


def test_an_order_that_was_there_before_the_rules_is_not_imported_when_it_is_updated(placed: Opener) -> None:
    desk = placed(WELCOMES)
    assert desk.import_orders([evolve(ORDER, email="new@example.com")], by="Ann").updated == (NUMBER,)
    assert fired(desk) == []
    assert desk.host.folder(ID) != "Prepared"


def test_an_order_is_imported_once(open_desk: Opener) -> None:
    desk = open_desk(WELCOMES)
    for email in ("a@example.com", "b@example.com"):
        desk.import_orders([evolve(ORDER, email=email)], by="Ann")
    assert fired(desk) == [("welcomes", "to Prepared")]


# Moves


def test_a_rule_fires_once_for_a_move_and_for_another_folder_not_at_all(placed: Opener) -> None:
    desk = placed(CANCELS)
    desk.move(NUMBER, "Prepared", by="Ann")
    assert (fired(desk), desk.cases(order=NUMBER)) == ([], ())
    desk.move(NUMBER, "Canceled", by="Ann")
    desk.move(NUMBER, "canceled", by="Ann")
    desk.run_due()
    assert fired(desk) == [("cancels", "post awaiting person")]


def test_a_repeated_move_while_the_case_is_open_asks_once(placed: Opener) -> None:
    desk = placed(CANCELS)
    for folder in ("Canceled", "Closed", "Canceled"):
        desk.move(NUMBER, folder, by="Ann")
    assert fired(desk) == [("cancels", "post awaiting person")] * 2
    assert len(desk.cases(order=NUMBER)) == len(desk.ledger.cancellations(ID)) == 1


def died_before_the_move(desk: Desk, folder: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.host, "move", Died())
        with pytest.raises(Died):
            desk.move(NUMBER, folder, by="Ann")


def test_a_move_that_nobody_was_told_of_is_not_made_by_others_nor_heard(placed: Opener, clock: VirtualClock) -> None:
    died_before_the_move(placed(CANCELS), "Canceled")
    desk = placed(CANCELS)
    desk.run_due()
    clock.advance(LEASE)
    desk.run_due()
    assert desk.host.folder(ID) == "New"
    assert fired(desk) == [("", "refused")]
    assert desk.cases(order=NUMBER) == ()


def test_an_order_that_a_person_moved_on_is_not_moved_back(placed: Opener, clock: VirtualClock) -> None:
    died_before_the_move(placed(CANCELS), "Canceled")
    desk = placed(CANCELS)
    desk.move(NUMBER, "Closed", by="Bob")
    clock.advance(LEASE)
    desk.run_due()
    assert desk.host.folder(ID) == "Closed"
    assert desk.cases(order=NUMBER) == ()


def test_a_move_that_is_made_again_after_a_death_is_one_move(placed: Opener, clock: VirtualClock) -> None:
    died_before_the_move(placed(CANCELS), "Canceled")
    desk = placed(CANCELS)
    desk.move(NUMBER, "Canceled", by="Ann")
    clock.advance(LEASE)
    desk.run_due()
    assert fired(desk) == [("cancels", "post awaiting person")]


def test_a_move_is_heard_although_somebody_moves_the_order_on_at_once(
    placed: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = placed(CANCELS)
    moving = desk.host.move

    def and_on(ref: str, folder: str, *, by: str) -> None:
        moving(ref, folder, by=by)
        moving(ref, "Closed", by="Bob")

    monkeypatch.setattr(desk.host, "move", and_on)
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "post awaiting person")]


FILES_CANCELED = rule("files away", "order moved", to("Closed"), when="folder == 'Canceled'")


@pytest.mark.parametrize(("meanwhile", "ends"), [(None, "Closed"), ("Prepared", "Prepared")])
def test_a_move_that_a_rule_decided_on_survives_a_death_but_no_move_of_a_person(
    placed: Opener, meanwhile: str | None, ends: str
) -> None:
    desk = placed(FILES_CANCELED)
    moving = desk.host.move

    def dying(ref: str, folder: str, *, by: str) -> None:
        if by.startswith("rule"):
            raise Died
        moving(ref, folder, by=by)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.host, "move", dying)
        with pytest.raises(Died):
            desk.move(NUMBER, "Canceled", by="Ann")
    after = placed(FILES_CANCELED)
    if meanwhile is not None:
        after.host.move(ID, meanwhile, by="Bob")
    after.run_due()
    assert after.host.folder(ID) == ends
    assert fired(after)[0] == ("files away", "to Closed")


def test_two_moves_of_one_rule_are_made_one_after_the_other(placed: Opener) -> None:
    desk = placed(rule("twice", "order moved", to("Prepared"), to("Closed"), when="folder == 'Canceled'"))
    desk.move(NUMBER, "Canceled", by="Ann")
    assert desk.host.folder(ID) == "Closed"
    assert fired(desk) == [("twice", "to Prepared"), ("twice", "to Closed")]


def test_rules_that_move_an_order_to_and_fro_stop_and_the_reason_is_told(placed: Opener) -> None:
    rules = (
        rule("there", "order moved", to("Prepared"), when="folder == 'Canceled'"),
        rule("back", "order moved", to("Canceled"), when="folder == 'Prepared'"),
    )
    desk = placed(*rules)
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("there", "to Prepared"), ("back", "to Canceled")]
    assert desk.ledger.waiting(10) == ()
    again = Occurrence(
        "x", OccurrenceKind.ORDER_MOVED, ID, desk.clock.now(), {"folder": "Canceled"}, chain=("there", "back")
    )
    whys = [decision.why for decision in desk.rulebook.explain(again)]
    assert whys == ["its own action led here, and it must not run in circles"] * 2


# Refusals and trouble


def test_a_refused_action_is_an_event_that_another_rule_acts_on(open_desk: Opener) -> None:
    catches = rule("catches", "action refused", to("Prepared"), when=f"rule == 'cancels' and action == '{ACTION}'")
    desk = open_desk(CANCELS, catches)
    desk.import_orders([ORDER], by="Ann")  # It was submitted nowhere, so there is nothing to cancel.
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "refused"), ("catches", "to Prepared")]
    assert desk.host.folder(ID) == "Prepared"


@pytest.mark.parametrize("error", [LedgerError("the disk is full"), ConfigurationError("a setting is wrong")])
def test_trouble_is_no_refusal_and_what_it_kept_from_being_done_is_done_later(
    placed: Opener, error: OrderDeskError
) -> None:
    desk = placed(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.rulebook, "_cancel", error)
        desk.move(NUMBER, "Canceled", by="Ann")
        assert fired(desk) == []
        assert desk.run_due().problems == (str(error),)
    assert desk.run_due().problems == ()
    assert fired(desk) == [("cancels", "post awaiting person")]


@pytest.mark.parametrize("error", [NotAllowedError("no"), InputError("no"), PluginFault("no")])
def test_what_says_no_is_a_refusal(placed: Opener, monkeypatch: pytest.MonkeyPatch, error: OrderDeskError) -> None:
    desk = placed(CANCELS)
    fail(desk, monkeypatch, desk.rulebook, "_cancel", error)
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "refused")]


def test_a_failing_disk_in_the_middle_of_a_wish_asks_once_in_the_end(placed: Opener) -> None:
    desk = placed(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.ledger, "handled", LedgerError("the disk is full"))
        desk.move(NUMBER, "Canceled", by="Ann")
        assert len(desk.cases(order=NUMBER)) == 1
    assert desk.run_due().problems == ()
    assert len(desk.ledger.cancellations(ID)) == 1
    assert fired(desk) == [("cancels", "post awaiting person")]


def test_a_wish_that_was_made_before_a_death_is_not_refused_because_its_rule_was_edited(placed: Opener) -> None:
    desk = placed(CANCELS)
    with pytest.MonkeyPatch.context() as patched:
        fail(desk, patched, desk.ledger, "handled", Died())
        with pytest.raises(Died):
            desk.move(NUMBER, "Canceled", by="Ann")
    edited = placed({**CANCELS, "do": [{"action": ACTION, "reason": "fraud"}]})
    assert edited.run_due().problems == ()
    assert [firing.refused for _, firing in edited.ledger.firings(ID)] == [None]
    assert len(edited.ledger.cancellations(ID)) == 1


def test_trouble_with_one_order_does_not_keep_the_rules_from_another(placed: Opener) -> None:
    desk = placed(CANCELS)
    second = evolve(ORDER, id="second", number="second")
    desk.import_orders([second], by="Ann")
    desk.place("second", at=POST, by="Ann")
    real = desk.rulebook._cancel

    def choosy(wish: object) -> str:
        if getattr(wish, "order_id", None) == ID:
            raise ConfigurationError("a setting is wrong")
        return real(wish)  # type: ignore[arg-type]  # whatever it was given

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.rulebook, "_cancel", choosy)
        desk.move(NUMBER, "Canceled", by="Ann")
        desk.move("second", "Canceled", by="Ann")
    assert (fired(desk), fired(desk, "second")) == ([], [("cancels", "post awaiting person")])


def test_an_action_that_nobody_contributes_is_named_and_stops_neither_due_work_nor_other_rules(placed: Opener) -> None:
    desk = placed(rule("typo", "order moved", "Cancel at Pots", when="folder == 'Closed'"), CANCELS)
    (fault,) = desk.rulebook.faults()
    assert fault.place == "[[rules]][0].do[0]"
    assert ACTION in str(fault.remedy)
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == [("cancels", "post awaiting person")]
    desk.move(NUMBER, "Closed", by="Ann")
    (case,) = desk.cases(order=NUMBER)
    assert case.due_at is not None
    desk.clock.sleep_until(desk.clock.monotonic() + (case.due_at - desk.clock.now()).total_seconds())
    report = desk.run_due()
    assert (report.done, report.problems) == (1, (str(fault),))
    mended = placed(rule("typo", "order moved", to("Prepared"), when="folder == 'Closed'"), CANCELS)
    mended.run_due()
    assert fired(mended)[-1] == ("typo", "to Prepared")


def test_an_action_with_a_folder_that_takes_none_is_a_fault(open_desk: Opener) -> None:
    desk = open_desk(
        rule("odd", "order moved", {"action": ACTION, "folder": "New"}), rule("bare", "order moved", MOVE_ORDER)
    )
    assert [fault.place for fault in desk.rulebook.faults()] == ["[[rules]][0].do[0]", "[[rules]][1].do[0]"]


# Settled cases


def test_a_settled_case_is_heard_in_the_call_that_settled_it(placed: Opener) -> None:
    desk = placed(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    assert fired(desk) == []
    desk.confirm(case.id, by="Ann")
    assert fired(desk) == [("files", "to Closed")]
    assert desk.host.folder(ID) == "Closed"


@pytest.mark.parametrize(
    "settles",
    [
        lambda desk, case: desk.refuse(case, by="Ann"),
        lambda desk, case: desk.confirm(case, by="Ann"),
    ],
    ids=["refuse", "confirm"],
)
def test_a_person_s_word_is_heard_at_once(placed: Opener, settles: Callable[[Desk, str], object]) -> None:
    desk = placed(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    settles(desk, case.id)
    assert fired(desk) == [("files", "to Closed")]


def test_a_cancel_that_settles_at_once_is_heard_at_once(placed: Opener, clock: VirtualClock) -> None:
    closed = Email("to", "subject", "body", window=SinceSubmission(seconds(1)))
    desk = placed(FILES, ladder=(closed,))
    clock.advance(seconds(2))
    assert [case.state for case in desk.cancel(NUMBER, by="Ann").cases] == [State.IMPOSSIBLE]
    assert fired(desk) == [("files", "to Closed")]


def test_a_ledger_that_was_made_by_the_host_records_settled_cases_too(
    placed: Opener, tmp_path: Path, clock: VirtualClock
) -> None:
    registry = Registry()
    registry.register(PostPlugin(), POST)
    path = tmp_path / "desk.db"
    connections = {POST: ConnectionConfig(POST, POST, {}, "[connections.post]")}
    config = Config(path, connections, rules=read_rules([FILES], "[[rules]]"))
    with Desk(config, ledger=SqliteLedger(path), clock=clock, registry=registry) as desk:
        (case,) = desk.cancel(NUMBER, by="Ann").cases
        desk.confirm(case.id, by="Ann")
        assert fired(desk) == [("files", "to Closed")]


def test_without_rules_nothing_is_recorded_or_read_for_them(placed: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = placed()
    for method in ("waiting", "occur", "handled"):
        fail(desk, monkeypatch, desk.ledger, method, AssertionError(f"{method} was called"))
    desk.move(NUMBER, "Canceled", by="Ann")
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    desk.confirm(case.id, by="Ann")
    desk.run_due()
    monkeypatch.undo()
    assert desk.ledger.waiting(10) == ()


def test_a_rule_that_is_switched_off_does_nothing_and_says_so(placed: Opener) -> None:
    desk = placed({**CANCELS, "enabled": False})
    desk.move(NUMBER, "Canceled", by="Ann")
    assert fired(desk) == []
    moved = Occurrence("x", OccurrenceKind.ORDER_MOVED, ID, desk.clock.now(), {"folder": "Canceled"})
    assert [decision.why for decision in desk.rulebook.explain(moved)] == ["it is switched off"]


def test_handling_an_occurrence_a_second_time_changes_nothing(tmp_path: Path, clock: VirtualClock) -> None:
    ledger = SqliteLedger(tmp_path / "desk.db")
    now: datetime = clock.now()
    happened = Occurrence("x", OccurrenceKind.ORDER_MOVED, ID, now, {"folder": "Canceled"})
    ledger.occur([happened, happened])
    assert ledger.waiting(10) == (happened,)
    done = [ledger.handled(happened, [Firing("r", "a", "t")], [], now) for _ in range(2)]
    assert done == [True, False]
    assert len(ledger.firings(ID)) == 1
    ledger.forget(happened)
    ledger.occur([happened])
    assert ledger.waiting(10) == (), "what was handled is not forgotten"
    ledger.close()


def test_a_write_that_settles_nothing_is_no_occurrence(placed: Opener) -> None:
    desk = placed(FILES)
    (case,) = desk.cancel(NUMBER, by="Ann").cases
    assert Write(case, case).occurrence is None
    done = desk.confirm(case.id, by="Ann")
    assert Write(done, done).occurrence is None
