"""Several who resubmit one order at once: there is one resubmission, one duplicate, one order at the service."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import NotAllowedError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from tests.support.fake_services import Mill, Phone, Village, VillageOpener


class Depot(Mill):
    slug = "depot"


def open_(village_desk: VillageOpener) -> Desk:
    return village_desk(Mill(), Depot(), Phone())


@pytest.fixture
def canceled(village_desk: VillageOpener, clock: VirtualClock) -> Desk:
    """A desk whose order was canceled at the mill."""
    desk = village_desk(Mill(), Depot(), Phone(), at=["mill"])
    desk.cancel("1042", by="Ann")
    for _ in range(6):
        clock.advance(minutes(1))
        desk.run_due()
    assert [case.state for case in desk.cases()] == [State.CANCELED]
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
    assert isinstance(desk.host, LocalHost)
    return desk.host.copies("id-1042")


def one(desk: Desk, village: Village, made: Resubmission) -> None:
    assert (made.state, made.order_number) == (ErrandState.DONE, "1042-1")
    assert [each.id for each in desk.ledger.resubmissions()] == [made.id]
    assert len(copies(desk)) == 1
    assert village.writes == ["mill cancel 1042", "mill make 1042-1"]


def test_a_worker_that_makes_the_duplicate_first_is_no_stranger(
    canceled: Desk, village_desk: VillageOpener, village: Village
) -> None:
    other = open_(village_desk)
    before(canceled.host, "duplicate", lambda: other.host.duplicate("1042", by="a worker", number="1042-1"))
    one(canceled, village, canceled.resubmit("1042", by="Ann"))


@pytest.mark.parametrize("moment", ["free_number", "order", "copied_from"])
def test_a_second_person_at_any_moment_has_the_first_one_s(
    canceled: Desk, village_desk: VillageOpener, village: Village, moment: str
) -> None:
    other = open_(village_desk)
    before(canceled.host, moment, lambda: other.resubmit("1042", by="Bob"))
    one(canceled, village, canceled.resubmit("1042", by="Ann"))


@pytest.mark.parametrize("moment", ["open_resubmission", "resubmissions"])
def test_a_second_person_at_any_moment_of_the_ledger_has_the_first_one_s(
    canceled: Desk, village_desk: VillageOpener, village: Village, moment: str
) -> None:
    other = open_(village_desk)
    before(canceled.ledger, moment, lambda: other.resubmit("1042", by="Bob"))
    one(canceled, village, canceled.resubmit("1042", by="Ann"))


def test_the_same_number_of_two_persons_is_one_resubmission(
    canceled: Desk, village_desk: VillageOpener, village: Village
) -> None:
    other = open_(village_desk)
    before(canceled.host, "order", lambda: other.resubmit("1042", by="Bob", number="1042-1"))
    one(canceled, village, canceled.resubmit("1042", by="Ann", number="1042-1"))


def test_two_persons_at_two_services_do_not_make_the_order_twice(
    canceled: Desk, village_desk: VillageOpener, village: Village
) -> None:
    other = open_(village_desk)
    before(canceled.ledger, "open_resubmission", lambda: other.resubmit("1042", by="Bob", at="depot"))
    with pytest.raises(NotAllowedError, match="a second one would make the order twice"):
        canceled.resubmit("1042", by="Ann")
    assert village.writes == ["mill cancel 1042", "depot make 1042-1"]
    assert len(copies(canceled)) == 1


def test_a_number_that_a_stranger_has_is_still_refused(canceled: Desk, village: Village) -> None:
    assert isinstance(canceled.host, LocalHost)
    canceled.host.import_orders([Order("x", "1042-7")], by="a test")
    with pytest.raises(Exception, match="belongs to another order"):
        canceled.resubmit("1042", by="Ann", number="1042-7")
    assert village.writes == ["mill cancel 1042"]


def test_persons_and_workers_in_one_moment(canceled: Desk, village_desk: VillageOpener, village: Village) -> None:
    desks = [canceled, *(open_(village_desk) for _ in range(3))]
    together = Barrier(len(desks))

    def act(desk: Desk) -> object:
        together.wait(10)
        desk.run_due()
        made = desk.resubmit("1042", by="Ann")
        desk.run_due()
        return made.id

    with ThreadPoolExecutor(len(desks)) as pool:
        made = set(pool.map(act, desks))
    assert len(made) == 1
    one(canceled, village, canceled.ledger.resubmission(str(made.pop())))
