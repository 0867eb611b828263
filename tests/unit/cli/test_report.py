"""`set-status`, `withdraw`, `report-canceled` and `report-shipped` at simulators: output and exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Order 1042 came from Shopify and is at Amazon MCF."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        run("import", "orders.json")
        run("register", "1042", "--at", "shopify")
        run("register", "1042", "--at", "amazon-mcf")
        yield


pytestmark = pytest.mark.usefixtures("shop")


def test_a_status_is_set_and_shown_in_the_receipt() -> None:
    assert (
        "Status at shopify, number 1042: archived, requested by Ann: set"
        in run("set-status", "1042", "archived", "--by", "Ann").stdout
    )
    assert "archived" in run("receipt", "1042").stdout
    assert ask("receipt", "1042")["status_changes"][0]["state"] == "done"


def test_a_wrong_status_is_told_with_the_right_ones() -> None:
    ran = run("set-status", "1042", "lost", code=1)
    assert "the integration can set: canceled, archived, open" in ran.stderr


def test_canceled_goes_by_a_cancellation_and_the_cart_is_left_alone_while_amazon_was_never_asked() -> None:
    told = ask("set-status", "1042", "canceled", "--reason", "customer asked", "--by", "Ann")
    assert (told["changes"], told["is_settled"]) == ([], True)
    assert [case["state"] for case in told["cancellation"]["cases"]] == ["withdrawn"]


def test_a_wish_that_has_sent_nothing_is_taken_back_everywhere() -> None:
    run("cancel", "1042", "--reason", "customer asked", "--by", "Ann", "--no-send")
    told = ask("withdraw", "1042", "--by", "Ann", "--note", "she wants it after all")
    assert [case["state"] for case in told["cases"]] == ["withdrawn", "withdrawn"]
    assert "The order has no open case." in run("withdraw", "1042", "--by", "Ann").stdout


@pytest.mark.slow
def test_what_was_heard_and_does_not_show_is_read_until_the_service_contradicts() -> None:
    told = ask("report-canceled", "1042", "--at", "amazon-mcf", "--by", "Ann")
    assert [case["state"] for case in told["cases"]] == ["reported"]
    assert "withdrawn" in run("work", "--until-idle").stdout


def test_work_returns_with_what_a_person_has_of_status_changes_and_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from orderdesk_sdk.cases.ledger import CaseUpdate
    from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
    from orderdesk_sdk.clock import hours
    from orderdesk_sdk.desk.config import find_config
    from orderdesk_sdk.desk.desk import Desk

    with Desk(find_config(None)) as desk:
        monkeypatch.setattr(desk._scheduler, "_process_opened", lambda case, _: case)
        (change,) = desk.status_changes.create("1042", "archived", by="Ann").changes
        now = desk.clock.now()
        event = Event(EventKind.ESCALATED, now, due_at=now + hours(9999), message="nobody can look")
        desk.ledger.write(CaseUpdate(change, transition(change, event).case, [event]))
    said = run("work", "--until-idle", code=3).stdout
    assert ("nobody can look" in said, change.id in said) == (True, True)
    told = json.loads(run("work", "--until-idle", "--json", code=3).stdout)
    assert [one["id"] for one in told["action_required"]] == [change.id]
    run("receipt", "1042", code=3)


def test_a_person_settles_a_status_change_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from orderdesk_sdk.desk.config import find_config
    from orderdesk_sdk.desk.desk import Desk

    with Desk(find_config(None)) as desk:
        monkeypatch.setattr(desk._scheduler, "_process_opened", lambda case, _: case)
        (change,) = desk.status_changes.create("1042", "archived", by="Ann").changes
    assert "set" in run("confirm", change.id[:9], "--by", "Ben", "--note", "x").stdout
    told = ask("receipt", "1042")["status_changes"]
    assert [(one["state"], one["person"], one["message"]) for one in told] == [("done", "Ben", "x")]
    assert "the case is settled" in run("reject", change.id, "--by", "Ben", code=1).stderr


def test_a_shipment_of_a_canceled_order_is_an_alarm_and_of_another_is_none() -> None:
    assert "not an alarm" in run("report-shipped", "1042", "--by", "Ben").stdout
    run("cancel", "1042", "--reason", "customer asked", "--by", "Ann", "--at", "amazon-mcf")
    run("work", "--until-idle")
    assert "shipped anyway" in run("report-shipped", "1042", "--by", "Ben", "--note", "1Z999", code=3).stdout


def test_a_status_change_that_is_open_keeps_work_going_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    from orderdesk_sdk.cli.worker import has_automatic_work
    from orderdesk_sdk.desk.config import find_config
    from orderdesk_sdk.desk.desk import Desk

    with Desk(find_config(None)) as desk:
        assert not has_automatic_work(desk)
        monkeypatch.setattr(desk._scheduler, "_process_opened", lambda case, _: case)
        desk.status_changes.create("1042", "archived", by="Ann")
        assert has_automatic_work(desk)
