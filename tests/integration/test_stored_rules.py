"""Rules that are made while desks run: tried before they are switched on, taken up by every process, kept for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.cases.stored_rules import RuleState
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.rule_previews import explain_rule
from orderdesk_sdk.desk.rule_views import RuleDraft
from orderdesk_sdk.errors import (
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    ValidationError,
)
from orderdesk_sdk.rules import conditions
from orderdesk_sdk.rules.model import ConfiguredAction, Rule
from tests.support.ledgers import DATABASE_PARAMS, LedgerDatabase, open_database, shared_folder
from tests.support.stored_connections import add_order, open_toy_desk, toy_change

CANCEL = RuleDraft(
    "Cancel in the folder",
    {"event": "order moved", "when": "folder == 'Canceled'", "do": [{"action": "Cancel Order", "reason": "asked"}]},
)


@pytest.fixture(params=DATABASE_PARAMS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


@pytest.fixture
def open_desk(database: LedgerDatabase, tmp_path: Path, clock: VirtualClock) -> Iterator[Callable[[], Desk]]:
    """Opens a desk on the one ledger of a test, as another process would."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(open_toy_desk(database.location, tmp_path / "orders.db", clock))


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    """A desk with an order at a connection that answers nobody."""
    opened = open_desk()
    opened.connection_admin.save(toy_change(endpoint="http://127.0.0.1:9"), by="Ann")
    add_order(opened, "1042", "toys")
    return opened


def switch_on(desk: Desk, draft: RuleDraft = CANCEL) -> None:
    desk.rule_admin.save(draft, by="Ann")
    assert desk.rule_admin.dry_run(draft.name, ["1042"], by="Ann").is_sound
    desk.rule_admin.enable(draft.name, by="Ann")


def test_a_rule_does_nothing_until_it_was_tried_and_switched_on(desk: Desk) -> None:
    admin = desk.rule_admin
    view = admin.save(CANCEL, by="Ann")
    assert not view.is_enabled
    assert not view.is_tried
    desk.orders.move("1042", "Canceled", by="Bo")
    assert desk.cases.list(order="1042") == ()
    with pytest.raises(InvalidStateError, match="was not tried"):
        admin.enable(CANCEL.name, by="Ann")
    desk.orders.move("1042", "New", by="Bo")
    assert admin.dry_run(CANCEL.name, ["1042"], folder="Canceled", by="Ann").is_sound
    assert desk.cases.list(order="1042") == (), "a dry run changes nothing"
    assert admin.enable(CANCEL.name, by="Ann").is_enabled
    desk.orders.move("1042", "Canceled", by="Bo")
    assert [case.state for case in desk.cases.list(order="1042")] == [State.PENDING]


def test_a_desk_that_runs_takes_a_rule_up_and_lets_it_go(
    desk: Desk, open_desk: Callable[[], Desk], clock: VirtualClock
) -> None:
    worker = open_desk()
    settled = RuleDraft(
        "Move it", {"event": "case settled", "do": [{"action": "Move Order to Folder", "folder": "Closed"}]}
    )
    desk.orders.move("1042", "New", by="Bo")
    switch_on(desk, settled)
    worker.run_due()
    worker.cancel("1042", by="Ann", send_now=False)
    (case,) = worker.cases.list(order="1042")
    worker.cases.withdraw(case.id, by="Ann")
    worker.run_due()
    assert worker.order_store.folder_of(case.order_id) == "Closed"
    desk.rule_admin.disable("Move it", by="Ann")
    worker.run_due()
    assert worker.rules.rules == ()


def test_what_is_changed_must_be_tried_again(desk: Desk) -> None:
    switch_on(desk)
    changed = RuleDraft(CANCEL.name, {**CANCEL.table, "when": "folder == 'Closed'"})
    view = desk.rule_admin.save(changed, by="Ann")
    assert not view.is_enabled
    assert not view.is_tried
    with pytest.raises(InvalidStateError, match="was not tried"):
        desk.rule_admin.enable(CANCEL.name, by="Ann")
    back = desk.rule_admin.save(CANCEL, by="Ann")
    assert not back.is_tried, "what was tried before a change was tried with other orders"


def test_a_dry_run_says_of_each_order_whether_the_rule_would_act_and_what_it_would_do(desk: Desk) -> None:
    add_order(desk, "1043", "toys")
    desk.orders.move("1043", "Canceled", by="Bo")
    desk.rule_admin.save(CANCEL, by="Ann")
    run = desk.rule_admin.dry_run(CANCEL.name, ["1042", "1043"], by="Ann")
    told = [(one.order_number, one.preview.evaluation.matches, one.preview.effects) for one in run.trials]
    action = ConfiguredAction("Cancel Order", "asked")
    assert told == [("1042", False, ()), ("1043", True, ((action, "would act at toys"),))]
    assert "folder == 'Canceled' is false" in run.trials[0].preview.evaluation.explanation
    recent = desk.rule_admin.dry_run(CANCEL.name, by="Ann", recent=5)
    assert sorted(one.order_number for one in recent.trials) == ["1042", "1043"]


def test_a_rule_whose_filter_fails_on_an_order_cannot_be_switched_on(desk: Desk) -> None:
    broken = RuleDraft(
        "Broken", {"event": "order moved", "when": "$parse_float(number + 'x') > 1", "do": ["Cancel Order"]}
    )
    desk.rule_admin.save(broken, by="Ann")
    run = desk.rule_admin.dry_run("Broken", ["1042"], by="Ann")
    assert not run.is_sound
    assert run.trials[0].preview.evaluation.failed
    with pytest.raises(InvalidStateError, match="was not tried"):
        desk.rule_admin.enable("Broken", by="Ann")


def test_a_dry_run_of_a_filter_that_does_not_end_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    halt = threading.Event()
    monkeypatch.setattr(conditions, "matches", lambda *_: halt.wait())
    monkeypatch.setattr(conditions._bulkhead, "timeout", 0.05)
    desk.rule_admin.save(CANCEL, by="Ann")
    run = desk.rule_admin.dry_run(CANCEL.name, ["1042"], by="Ann")
    halt.set()
    assert not run.is_sound
    assert "did not end" in run.trials[0].preview.evaluation.explanation


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"event": "order moved", "when": "folder =~ '.*'", "do": ["Cancel Order"]}, "regular expressions"),
        ({"event": "order moved", "when": "unknown == 1", "do": ["Cancel Order"]}, "the filter is wrong"),
        ({"event": "no event", "do": ["Cancel Order"]}, "is not an event"),
        ({"event": "order moved", "do": []}, "has no action"),
        ({"event": "order moved", "do": ["Cancel Order at Nowhere"]}, "Unknown rule action"),
        ({"event": "order moved", "do": ["Cancel Order"], "shell": "rm"}, "unknown key"),
        ({"event": "order moved", "do": ["Cancel Order"], "enabled": True}, "unknown key"),
        ({"event": "order moved", "do": ["Cancel Order"], "name": "other"}, "unknown key"),
        ({"event": "order moved", "when": "'" + "x" * 3000 + "'", "do": ["Cancel Order"]}, "up to 2000 characters"),
    ],
)
def test_what_the_file_would_not_take_is_not_stored(desk: Desk, table: dict[str, object], fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        desk.rule_admin.save(RuleDraft("Bad", table), by="Ann")
    assert desk.ledger.stored_rules() == ()


def test_names_and_numbers_are_limited(desk: Desk) -> None:
    for name in ("", " a", "a\nb", "a" * 101):
        with pytest.raises(ValidationError, match="the name of a rule"):
            desk.rule_admin.save(RuleDraft(name, CANCEL.table), by="Ann")
    desk.rule_admin.save(CANCEL, by="Ann")
    with pytest.raises(ValidationError, match="at most 100 orders"):
        desk.rule_admin.dry_run(CANCEL.name, recent=101, by="Ann")
    with pytest.raises(NotFoundError):
        desk.rule_admin.dry_run("unknown", by="Ann")
    with pytest.raises(NotFoundError, match="no stored rule"):
        desk.rule_admin.enable("unknown", by="Ann")


def test_a_deleted_rule_keeps_its_history_and_its_audit(desk: Desk) -> None:
    switch_on(desk)
    desk.rule_admin.delete(CANCEL.name, by="Bo")
    assert desk.rule_admin.list() == ()
    assert desk.rules.rules == ()
    states = [version.state for version in desk.rule_admin.history(CANCEL.name)]
    assert states == [RuleState.DELETED, RuleState.ENABLED, RuleState.DISABLED, RuleState.DISABLED]
    with pytest.raises(NotFoundError, match="no stored rule"):
        desk.rule_admin.delete(CANCEL.name, by="Bo")
    told = [entry.record.detail for entry in desk.audit.list(subject=f"rule {CANCEL.name}")]
    assert told[:3] == ["deleted", "switched on", "tried in a dry run"]
    assert told[3].startswith("saved, switched off: When an order is moved to a folder, where folder == 'Canceled'")
    switch_on(desk)
    assert desk.rule_admin.history(CANCEL.name)[0].version == 7


def test_who_comes_second_is_told(desk: Desk, open_desk: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch) -> None:
    desk.rule_admin.save(CANCEL, by="Ann")
    other = open_desk()
    stale = other.ledger.stored_rule_versions(CANCEL.name)
    desk.rule_admin.save(CANCEL, by="Ann")
    monkeypatch.setattr(other.ledger, "stored_rule_versions", lambda _: stale)
    with pytest.raises(ConflictError, match="somebody else"):
        other.rule_admin.save(CANCEL, by="Bo")


@pytest.mark.parametrize("kind", OrderEventKind)
def test_every_event_can_be_explained(kind: OrderEventKind) -> None:
    rule = Rule("r", kind, (ConfiguredAction("Cancel Order", connections=("a", "b")), ConfiguredAction("Odd")), "here")
    told = explain_rule(rule, {"Cancel Order": ("a", "b")})
    assert told.startswith("When ")
    assert told.endswith(": cancel it at a, b; then Odd (which no connected integration provides).")
