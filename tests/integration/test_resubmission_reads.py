"""How often a resubmission reads its original: once for all that is decided, and anew only in the commit of a write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.runtime.journal import SendCondition
from tests.support.fake_services import FakeDeskOpener, FakeFulfillmentService, FakeManualService, FakeServices

ONCE = {"get_order": 1, "remote_orders": 1, "order_record": 1}


class Reads:
    """Counts what is read about order 1042 from host and ledger; what is read for the look before a write apart."""

    def __init__(self, desk: Desk, patch: pytest.MonkeyPatch) -> None:
        self.decided: Counter[str] = Counter()
        self.held: Counter[str] = Counter()
        self._to = self.decided
        for name in ONCE:
            part = desk.order_store if name in ("get_order", "remote_orders") else desk.ledger
            patch.setattr(part, name, self._counted(name, getattr(part, name)))
        patch.setattr("orderdesk_sdk.runtime.handlers.resubmission.SendCondition", self._hold)

    def _counted(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def method(*args: object, **narrowed: object) -> object:
            found = real(*args, **narrowed)
            about = found.id if isinstance(found, Order) else narrowed.get("order_id", args[0] if args else None)
            if about == "id-1042" and ResubmitCase not in args:  # What was resubmitted before is no part of it.
                self._to[name] += 1
            return found

        return method

    def _hold(self, why: Callable[[], str | None], order_id: str) -> SendCondition:
        def counted() -> str | None:
            self._to = self.held
            try:
                return why()
            finally:
                self._to = self.decided

        return SendCondition(counted, order_id)


@pytest.fixture
def canceled(fake_services_desk: FakeDeskOpener, clock: VirtualClock) -> Desk:
    desk = fake_services_desk(FakeFulfillmentService(), FakeManualService(), at=["mill"])
    desk.cancel("1042", by="Ann")
    for _ in range(6):
        clock.advance(minutes(1))
        desk.run_due()
    return desk


def test_a_resubmission_reads_its_original_once_and_once_more_before_it_writes(
    canceled: Desk, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = Reads(canceled, monkeypatch)
    assert canceled.resubmissions.create("1042", by="Ann").state is State.DONE
    assert fake_services.writes == ["mill cancel 1042", "mill make 1042-1"]
    assert (reads.decided, reads.held) == (ONCE, ONCE)


def test_a_resubmission_that_is_refused_reads_once(
    fake_services_desk: FakeDeskOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = fake_services_desk(FakeFulfillmentService(), FakeManualService(), at=["mill"])
    desk.cancel("1042", by="Ann")
    reads = Reads(desk, monkeypatch)
    with pytest.raises(InvalidStateError, match="not settled at mill"):
        desk.resubmissions.create("1042", by="Ann")
    assert (reads.decided, reads.held) == (ONCE, {})


def test_what_is_due_later_reads_once_each_time(
    canceled: Desk, fake_services: FakeServices, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_services.down.add("mill")
    canceled.resubmissions.create("1042", by="Ann")
    fake_services.down.clear()
    clock.advance(minutes(5))
    reads = Reads(canceled, monkeypatch)
    canceled.run_due()
    assert fake_services.writes == ["mill cancel 1042", "mill make 1042-1"]
    assert (reads.decided, reads.held) == (ONCE, ONCE)
