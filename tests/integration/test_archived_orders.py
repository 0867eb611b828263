"""An order whose history was archived is decided about as before: canceled again, submitted again, shipped anyway."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk.cases.archive import ArchiveReport, ForgetReport
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from tests.support.fake_services import FakeFulfillmentService, FakeServices, case_at, pass_minutes

if TYPE_CHECKING:
    from tests.support.fake_services import FakeDeskOpener

LONG = timedelta(days=400)


@pytest.fixture
def archived(fake_services_desk: FakeDeskOpener, clock: VirtualClock, tmp_path: Path) -> Desk:
    """A desk whose one order was canceled long ago, and archived."""
    desk = fake_services_desk(FakeFulfillmentService(), at=["mill"])
    desk.cancel("1042", by="Ann", reason="customer asked", idempotency_key="key")
    pass_minutes(desk, clock)
    assert case_at(desk, "mill").state is State.CANCELED
    clock.advance(LONG + hours(1))
    report = desk.cases.archive(LONG, tmp_path / "old.jsonl", by="Ann")
    assert (report.case_count, report.entry_count > 3) == (1, True)
    return desk


def test_who_asks_twice_asks_once(archived: Desk, fake_services: FakeServices) -> None:
    cancellation = case_at(archived, "mill").cancellation_id
    assert fake_services.writes == ["mill cancel 1042"]
    for key in ("key", None):
        status = archived.cancel("1042", by="Ann", reason="customer asked", idempotency_key=key)
        assert status.cancellation.id == cancellation
    assert len(archived.cases.list()) == 1
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_canceled_order_is_not_submitted_as_it_is_but_under_a_new_number(archived: Desk) -> None:
    with pytest.raises(InvalidStateError):
        archived.orders.ensure_submittable("1042")
    again = archived.resubmissions.create("1042", by="Ann")
    assert again.order_number == "1042-1"


def test_an_order_that_ships_anyway_is_an_alarm(archived: Desk, tmp_path: Path, clock: VirtualClock) -> None:
    (alarm,) = archived.notifications.report_shipped("1042", by="Ann", note="seen in the yard")
    assert alarm.state is State.SHIPPED_ANYWAY
    assert list(archived.ledger.find_flaws()) == []
    clock.advance(LONG + hours(1))
    assert archived.cases.archive(LONG, tmp_path / "later.jsonl", by="Ann").case_count == 1
    assert list(archived.ledger.find_flaws()) == []
    assert archived.cancellations.receipt("1042").flaws == ()


def test_the_receipt_says_where_the_history_is(archived: Desk, tmp_path: Path) -> None:
    receipt = archived.cancellations.receipt("1042")
    assert (receipt.is_canceled, receipt.flaws) == (True, ())
    (case,) = receipt.cancellations[0].cases
    assert [one.archive for one in case.archived] == [str(tmp_path / "old.jsonl")]
    assert case.integrity.entry_count > case.archived[0].entry_count
    assert case.evidence is not None
    assert case.evidence.exchange is None


def test_a_person_who_is_forgotten_is_gone_from_the_ledger_and_its_archive(archived: Desk, tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    assert "salt" in old.read_text("ascii")
    assert archived.orders.forget("1042", by="Ann") == ForgetReport(1, (old,))
    assert "salt" not in old.read_text("ascii")
    assert list(archived.ledger.find_archive_flaws(old)) == []
    assert archived.cancellations.receipt("1042").flaws == ()


def test_an_archive_that_was_moved_is_named_and_cleared_where_it_is(archived: Desk, tmp_path: Path) -> None:
    old, moved = tmp_path / "old.jsonl", tmp_path / "moved.jsonl"
    old.rename(moved)
    assert archived.orders.forget("1042", by="Ann") == ForgetReport(1, (), (str(old),))
    assert archived.cases.clear_archive(moved, by="Ann") == 1
    assert "salt" not in moved.read_text("ascii")
    assert list(archived.ledger.find_archive_flaws(moved)) == []


def test_nothing_goes_while_anything_is_open_or_young(archived: Desk, tmp_path: Path) -> None:
    assert archived.cases.archive(LONG, tmp_path / "none.jsonl", by="Ann") == ArchiveReport(None)
    with pytest.raises(ValidationError, match="below zero"):
        archived.cases.archive(-LONG, tmp_path / "none.jsonl", by="Ann")
    with pytest.raises(ValidationError, match="by"):
        archived.cases.archive(LONG, tmp_path / "none.jsonl", by=" ")
    assert len(archived.ledger.cases(CancelCase)) == 1
