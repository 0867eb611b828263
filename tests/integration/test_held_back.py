"""What allowed a write is asked again in its commit: a flow may read for minutes, and the world goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest, ResubmitRequest
from orderdesk_sdk.plugin.routes import Button, Polling, WithinTime
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import (
    PORTAL,
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    FakeServiceSettings,
)
from tests.support.waiting import eventually


class Interruption:
    """What happens once, while a flow reads."""

    def __init__(self) -> None:
        self.act: Callable[[], object] | None = None

    def happens(self) -> None:
        act, self.act = self.act, None
        if act is not None:
            act()


class SlowCart(FakeCart):
    """Reads before it asks, and something happens meanwhile."""

    def __init__(self, meanwhile: Interruption) -> None:
        self._meanwhile = meanwhile

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        yield service.get(f"/{self.slug}", request.remote_id)
        self._meanwhile.happens()
        return (yield from super().orderdesk_cancel(request, service))


class SlowMill(SlowCart):
    """A service whose button is open for five minutes, and after that a person is asked."""

    slug, role = "mill", ConnectionRole.FULFILLMENT

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        window = WithinTime(minutes(5))
        button = Button(Polling(minutes(2), minutes(60)), window=window)
        return Integration(
            slug="mill",
            title="Mill",
            settings=FakeServiceSettings,
            base_url="endpoint",
            cancel=(button, *PORTAL),
        )


class SlowMaker(FakeFulfillmentService):
    """Makes it again, and something happens before it does."""

    def __init__(self, meanwhile: Interruption) -> None:
        self._meanwhile = meanwhile

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[FakeServiceSettings]
    ) -> Flow[Answer | RemoteOrder]:
        yield service.get("/mill", request.order.number)
        self._meanwhile.happens()
        yield service.post("/mill", request.order.number, json={"do": "make"})
        return service.remote_order(request.order.number)


class Policy:
    """A listener that forbids, from when it is told to."""

    forbids = ""

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        return f"{self.forbids} is not canceled" if request.remote_order.connection == self.forbids else None


@pytest.fixture
def meanwhile() -> Interruption:
    return Interruption()


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener, meanwhile: Interruption) -> Desk:
    """A desk whose order is canceled at the phone, and whose cart is to be told next."""
    fake_services_desk(at=["cart", "phone"]).cancel("1042", by="Ann")
    made = fake_services_desk(SlowCart(meanwhile), FakeFulfillmentService(), FakeManualService())
    made.cases.confirm(case_at(made, "phone").id, by="Ben")
    return made


def case_at(desk: Desk, connection: str) -> CancelCase:
    return [case for case in desk.cases.list() if case.connection == connection][-1]


def work(desk: Desk, clock: VirtualClock, times: int = 8) -> None:
    for _ in range(times):
        clock.advance(minutes(1))
        assert desk.run_due().problems == ()


def test_nothing_happens_meanwhile_and_the_cart_is_told(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    work(desk, clock)
    assert (fake_services.writes, case_at(desk, "cart").state) == (["cart cancel 1042"], State.CANCELED)


def test_a_place_that_comes_while_the_cart_is_read_is_asked_first(
    desk: Desk,
    fake_services_desk: FakeDeskOpener,
    fake_services: FakeServices,
    clock: VirtualClock,
    meanwhile: Interruption,
) -> None:
    other = fake_services_desk()
    meanwhile.act = lambda: other.orders.register("1042", connection="mill", by="the shop")
    clock.advance(minutes(1))
    desk.run_due()
    assert fake_services.writes == ["mill cancel 1042"]
    work(desk, clock)
    assert fake_services.writes == ["mill cancel 1042", "cart cancel 1042"]
    assert case_at(desk, "cart").state is State.CANCELED


def test_a_place_that_the_host_takes_by_itself_while_the_cart_is_read_is_asked_first(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    remote_order = RemoteOrder("mill", "1042", clock.now(), ConnectionRole.FULFILLMENT)
    meanwhile.act = lambda: desk.order_store.add_remote_order("1042", remote_order, by="the host")
    work(desk, clock)
    assert fake_services.writes == ["mill cancel 1042", "cart cancel 1042"]


def test_a_cart_waits_for_a_registration_that_began_while_it_was_read(
    desk: Desk,
    fake_services_desk: FakeDeskOpener,
    fake_services: FakeServices,
    clock: VirtualClock,
    meanwhile: Interruption,
) -> None:
    """Somebody is about to register the order and dies: when that is sure, the cart is told."""
    other = fake_services_desk()

    begun = Registration("r1", "id-1042", "mill", clock.now())
    meanwhile.act = lambda: other.ledger.begin_registration(begun)
    work(desk, clock, 4)
    assert (fake_services.writes, case_at(desk, "cart").message) == ([], "waits for the registration at mill")
    work(desk, clock)
    assert fake_services.writes == ["cart cancel 1042"]


def test_a_cart_that_is_read_while_the_order_ships_is_left_alone(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    meanwhile.act = lambda: desk.notifications.report_shipped("1042", by="the carrier", connections=["phone"])
    work(desk, clock)
    cart = case_at(desk, "cart")
    assert (fake_services.writes, cart.state) == ([], State.WITHDRAWN)
    assert "phone shipped the order anyway" in str(cart.message)


def test_the_look_and_the_commit_see_one_order(
    desk: Desk, fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    """Somebody registers the order after the look for other places and before the intent is committed."""
    other, real = fake_services_desk(), desk.ledger.write

    def writing(*changes: CaseUpdate) -> None:
        if any(change.order_version is not None for change in changes):
            desk.ledger.write = real  # type: ignore[method-assign]
            other.orders.register("1042", connection="mill", by="the shop")
        real(*changes)

    desk.ledger.write = writing  # type: ignore[method-assign]
    clock.advance(minutes(1))
    desk.run_due()
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_way_that_closes_while_its_service_is_read_is_not_taken_any_more(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    desk = fake_services_desk(SlowMill(meanwhile), at=["mill"])
    meanwhile.act = lambda: clock.advance(minutes(6))
    desk.cancel("1042", by="Ann")
    work(desk, clock, 1)
    assert (fake_services.writes, case_at(desk, "mill").state, case_at(desk, "mill").route) == (
        [],
        State.ACTION_REQUIRED,
        1,
    )


def test_a_veto_that_another_place_meets_while_a_service_is_read_holds_the_request_back(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    policy = Policy()
    desk = fake_services_desk(SlowMill(meanwhile), FakeManualService(), at=["mill", "phone"], listeners=[policy])
    desk.cancel("1042", by="Ann", send_now=False)

    def forbid() -> None:
        policy.forbids = "phone"

        def is_rejected() -> bool:
            desk._scheduler.process([case_at(desk, "phone")], {})
            return case_at(desk, "phone").state is State.REJECTED

        eventually(is_rejected, "the case at the phone is rejected")

    meanwhile.act = forbid
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.ledger, "due_connections", lambda now: ("mill",))
        desk.run_due()
    work(desk, clock, 2)
    mill = case_at(desk, "mill")
    assert (fake_services.writes, mill.state, mill.message) == (
        [],
        State.REJECTED,
        "phone is not canceled (said of phone)",
    )


def test_an_order_that_ships_after_all_while_the_new_number_is_looked_for_is_not_made_again(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    desk = fake_services_desk(SlowMaker(meanwhile), FakeManualService(), at=["mill"])
    desk.cancel("1042", by="Ann")
    work(desk, clock)
    assert case_at(desk, "mill").state is State.CANCELED

    def ships() -> None:
        fake_services.status["mill", "1042"] = "shipped"
        desk.notifications.report_shipped("1042", by="the carrier")

    meanwhile.act = ships
    made = desk.resubmissions.create("1042", by="Ann")
    work(desk, clock)
    assert fake_services.writes == ["mill cancel 1042"]
    assert desk.ledger.case(made.id, ResubmitCase).state is State.REJECTED


def test_an_order_that_is_registered_elsewhere_while_the_new_number_is_looked_for_is_not_made_again(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    desk = fake_services_desk(SlowMaker(meanwhile), FakeManualService(), at=["mill"])
    desk.cancel("1042", by="Ann")
    work(desk, clock)
    meanwhile.act = lambda: desk.orders.register("1042", connection="phone", by="the shop")
    desk.resubmissions.create("1042", by="Ann")
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_cart_that_is_held_back_spends_nobody_s_patience(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock, meanwhile: Interruption
) -> None:
    meanwhile.act = lambda: desk.orders.register("1042", connection="mill", by="the shop", remote_id="1042")
    fake_services.cancel_outcomes["mill"] = "open"
    work(desk, clock, 2)
    cart = case_at(desk, "cart")
    assert (cart.state, cart.deadline, cart.last_sent_at) == (State.PENDING, None, None)
