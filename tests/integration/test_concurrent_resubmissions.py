"""Several who resubmit one order at once: there is one resubmission, one duplicate, one order at the service."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.fake_services import FakeDeskOpener, FakeFulfillmentService, FakeManualService, FakeServices


class Depot(FakeFulfillmentService):
    slug = "depot"


def open_(fake_services_desk: FakeDeskOpener) -> Desk:
    return fake_services_desk(FakeFulfillmentService(), Depot(), FakeManualService())


@pytest.fixture
def canceled(fake_services_desk: FakeDeskOpener, clock: VirtualClock) -> Desk:
    """A desk whose order was canceled at the mill."""
    desk = fake_services_desk(FakeFulfillmentService(), Depot(), FakeManualService(), at=["mill"])
    desk.cancel("1042", by="Ann")
    for _ in range(6):
        clock.advance(minutes(1))
        desk.run_due()
    assert [case.state for case in desk.cases.list()] == [State.CANCELED]
    return desk


def before(target: object, name: str, act: Callable[[], object]) -> None:
    """Somebody does something once, right before a method of a ledger or host is called."""
    real = getattr(target, name)

    def method(*args: object, **kwargs: object) -> object:
        setattr(target, name, real)
        act()
        return real(*args, **kwargs)

    setattr(target, name, method)


def copies(desk: Desk) -> tuple[str, ...]:
    assert isinstance(desk.order_store, SqliteOrderStore)
    return desk.order_store.duplicates_of("id-1042")


def one(desk: Desk, services: FakeServices, made: ResubmitCase) -> None:
    assert (made.state, made.order_number) == (State.DONE, "1042-1")
    assert [each.id for each in desk.ledger.cases(ResubmitCase)] == [made.id]
    assert len(copies(desk)) == 1
    assert services.writes == ["mill cancel 1042", "mill make 1042-1"]


def test_a_worker_that_makes_the_duplicate_first_is_no_stranger(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    other = open_(fake_services_desk)
    before(
        canceled.order_store, "duplicate", lambda: other.order_store.duplicate("1042", by="a worker", number="1042-1")
    )
    one(canceled, fake_services, canceled.resubmissions.create("1042", by="Ann"))


@pytest.mark.parametrize("moment", ["next_free_number", "get_order", "original_of"])
def test_a_second_person_at_any_moment_has_the_first_one_s(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices, moment: str
) -> None:
    other = open_(fake_services_desk)
    before(canceled.order_store, moment, lambda: other.resubmissions.create("1042", by="Bob"))
    one(canceled, fake_services, canceled.resubmissions.create("1042", by="Ann"))


@pytest.mark.parametrize("moment", ["open_case", "cases"])
def test_a_second_person_at_any_moment_of_the_ledger_has_the_first_one_s(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices, moment: str
) -> None:
    other = open_(fake_services_desk)
    before(canceled.ledger, moment, lambda: other.resubmissions.create("1042", by="Bob"))
    one(canceled, fake_services, canceled.resubmissions.create("1042", by="Ann"))


def test_the_same_number_of_two_persons_is_one_resubmission(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    other = open_(fake_services_desk)
    before(canceled.order_store, "get_order", lambda: other.resubmissions.create("1042", by="Bob", number="1042-1"))
    one(canceled, fake_services, canceled.resubmissions.create("1042", by="Ann", number="1042-1"))


def test_two_persons_at_two_services_do_not_make_the_order_twice(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    other = open_(fake_services_desk)
    before(canceled.ledger, "open_case", lambda: other.resubmissions.create("1042", by="Bob", connection="depot"))
    with pytest.raises(InvalidStateError, match="a second one would duplicate the order"):
        canceled.resubmissions.create("1042", by="Ann")
    assert fake_services.writes == ["mill cancel 1042", "depot make 1042-1"]
    assert len(copies(canceled)) == 1


def test_a_number_that_a_stranger_has_is_still_refused(canceled: Desk, fake_services: FakeServices) -> None:
    assert isinstance(canceled.order_store, SqliteOrderStore)
    canceled.order_store.import_orders([Order("x", "1042-7")], by="a test")
    with pytest.raises(Exception, match="belongs to another order"):
        canceled.resubmissions.create("1042", by="Ann", number="1042-7")
    assert fake_services.writes == ["mill cancel 1042"]


def test_persons_and_workers_in_one_moment(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desks = [canceled, *(open_(fake_services_desk) for _ in range(3))]
    together = Barrier(len(desks))

    def act(desk: Desk) -> object:
        together.wait(10)
        desk.run_due()
        made = desk.resubmissions.create("1042", by="Ann")
        desk.run_due()
        return made.id

    with ThreadPoolExecutor(len(desks)) as pool:
        made = set(pool.map(act, desks))
    assert len(made) == 1
    one(canceled, fake_services, canceled.ledger.case(str(made.pop()), ResubmitCase))


def test_a_duplicate_that_is_submitted_between_two_looks_is_canceled_where_it_is_then(
    canceled: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    other = open_(fake_services_desk)
    fake_services.silent.add("mill")
    made = canceled.resubmissions.create("1042", by="Ann")
    assert made.is_open
    fake_services.silent.clear()

    def submit() -> None:
        for _ in range(6):
            clock.advance(minutes(1))
            other.run_due()

    before(canceled.ledger, "order_record", submit)
    assert canceled.cancel(made.order_number, by="Ann").cases[0].state is State.ACKNOWLEDGED
