"""Bulks of a person at a page: kept as a list first, recorded in the background, gone on with after a cut."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.bulk.lists import MAX_LISTED, BulkProgress
from orderdesk_sdk.desk.bulk.result import BulkOutcome
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, NotFoundError, ValidationError
from orderdesk_sdk.plugin.integration import Limit
from tests.support.bulk_services import BulkServices, import_bulk_orders, open_bulk_desk

FAST = Limit(1000, 1000)
TWO = ("well0", "well1")
DeskOpener = Callable[[], Desk]


@pytest.fixture
def services() -> BulkServices:
    return BulkServices(VirtualClock())


@pytest.fixture
def desk(tmp_path: Path, services: BulkServices) -> Iterator[Desk]:
    with open_bulk_desk(tmp_path, VirtualClock(), services, limit=FAST, names=TWO) as made:
        yield made


def recorded(desk: Desk, key: str) -> BulkProgress:
    """The progress of a bulk once its list has been gone through."""
    for _ in range(500):
        progress = desk.bulks.progress(key)
        if not progress.is_recording:
            return progress
        time.sleep(0.02)
    raise AssertionError("it is still being recorded")


def ids_of(desk: Desk, numbers: list[str]) -> list[str]:
    return [desk.orders.get(number).id for number in numbers]


def test_a_list_is_recorded_and_run_due_sends(desk: Desk, services: BulkServices) -> None:
    ids = ids_of(desk, import_bulk_orders(desk, 3, TWO))
    bulk = desk.bulks.start(ids, by="Ann", reason="fraud", key="k")
    progress = recorded(desk, "k")
    assert (bulk.requested_by, progress.recorded, progress.sent, progress.is_settled) == ("Ann", len(ids), 0, False)
    assert services.asked == []
    while desk.run_due().handled:
        pass
    assert desk.bulks.progress("k").outcomes[BulkOutcome.WAITING] == len(ids), "the services have only acknowledged it"
    for case in desk.ledger.cases(CancelCase):
        desk.cases.confirm(case.id, by="Ann")
    progress = desk.bulks.progress("k")
    assert (progress.sent, progress.is_settled, progress.is_cut_off) == (len(ids), True, False)
    assert progress.outcomes[BulkOutcome.CANCELED] == len(ids)


def test_a_second_press_changes_nothing(desk: Desk, services: BulkServices) -> None:
    ids = ids_of(desk, import_bulk_orders(desk, 3, TWO))
    for _ in range(3):
        desk.bulks.start(ids, by="Ann", reason=None, key="k")
    recorded(desk, "k")
    desk.bulks.start(ids, by="Ann", reason=None, key="k")
    assert not desk.bulks.resume("k")
    while desk.run_due().handled:
        pass
    assert set(Counter(number for _, number, _ in services.asked).values()) == {1}
    with pytest.raises(ConflictError, match="other orders"):
        desk.bulks.start(ids[:1], by="Ann", reason=None, key="k")


def test_what_was_cut_off_says_so_and_is_gone_on_with(tmp_path: Path, services: BulkServices) -> None:
    with open_bulk_desk(tmp_path, VirtualClock(), services, limit=FAST, names=TWO) as desk:
        ids = ids_of(desk, import_bulk_orders(desk, 100, TWO))
        desk.close(wait=False)
    with open_bulk_desk(tmp_path, VirtualClock(), services, limit=FAST, names=TWO) as desk:
        # As a server leaves it that is killed between the list and the last order.
        list(desk.cancel_many([], by="Ann", idempotency_key="k", send=False))
        desk.bulks.start(ids, by="Ann", reason=None, key="k")
        desk.close(wait=False)
    with open_bulk_desk(tmp_path, VirtualClock(), services, limit=FAST, names=TWO) as desk:
        before = desk.bulks.progress("k")
        assert before.is_cut_off is (before.bulk.finished_at is None)
        desk.bulks.resume("k")
        after = recorded(desk, "k")
        assert (after.recorded, after.is_cut_off) == (len(ids), False)
        assert len(desk.ledger.cases(CancelCase, limit=1000)) == len(ids)


def test_what_cannot_be_recorded_is_told_by_its_place(desk: Desk) -> None:
    ids = ids_of(desk, import_bulk_orders(desk, 1, TWO))
    desk.bulks.start([*ids, "gone"], by="Ann", reason=None, key="k")
    progress = recorded(desk, "k")
    assert list(progress.bulk.refused) == [len(ids) + 1]
    assert (progress.total, progress.recorded) == (len(ids) + 1, len(ids))


@pytest.mark.parametrize("ids", [[], [str(number) for number in range(MAX_LISTED + 1)]])
def test_none_and_too_many_are_refused(desk: Desk, ids: list[str]) -> None:
    with pytest.raises(ValidationError, match="one bulk"):
        desk.bulks.start(ids, by="Ann", reason=None, key="k")
    with pytest.raises(NotFoundError):
        desk.bulks.progress("k")
