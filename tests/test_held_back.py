"""What allowed a write is asked again in its commit: a flow may read for minutes, and the world goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Write
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Placement, Role
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest, ResubmitRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, SinceSubmission
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import PORTAL, Cart, Mill, Phone, TownSettings, Village, VillageOpener


class Meanwhile:
    """What happens once, while a flow reads."""

    def __init__(self) -> None:
        self.act: Callable[[], object] | None = None

    def happens(self) -> None:
        act, self.act = self.act, None
        if act is not None:
            act()


class SlowCart(Cart):
    """Reads before it asks, and something happens meanwhile."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        self._meanwhile = meanwhile

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[TownSettings]) -> Flow[Answer]:
        yield service.get(f"/{self.slug}", request.remote_id)
        self._meanwhile.happens()
        return (yield from super().orderdesk_cancel(request, service))


class SlowMill(SlowCart):
    """A service whose button is open for five minutes, and after that a person is asked."""

    slug, role = "mill", Role.FULFILLMENT

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        window = SinceSubmission(minutes(5))
        button = Button(ByCheck(minutes(2), minutes(60)), window=window)
        return Integration(
            slug="mill",
            title="Mill",
            settings=TownSettings,
            base_url="endpoint",
            cancel=(button, *PORTAL),
        )


class SlowMaker(Mill):
    """Makes it again, and something happens before it does."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        self._meanwhile = meanwhile

    @hookimpl
    def orderdesk_resubmit(self, request: ResubmitRequest, service: Service[TownSettings]) -> Flow[Answer | Placement]:
        yield service.get("/mill", request.order.number)
        self._meanwhile.happens()
        yield service.post("/mill", request.order.number, json={"do": "make"})
        return service.placement(request.order.number)


class Policy:
    """A listener that forbids, from when it is told to."""

    forbids = ""

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        return f"{self.forbids} is not canceled" if request.placement.connection == self.forbids else None


@pytest.fixture
def meanwhile() -> Meanwhile:
    return Meanwhile()


@pytest.fixture
def desk(village_desk: VillageOpener, meanwhile: Meanwhile) -> Desk:
    """A desk whose order is canceled at the phone, and whose cart is to be told next."""
    village_desk(at=["cart", "phone"]).cancel("1042", by="Ann")
    made = village_desk(SlowCart(meanwhile), Mill(), Phone())
    made.confirm(case_at(made, "phone").id, by="Ben")
    return made


def case_at(desk: Desk, connection: str) -> Case:
    return [case for case in desk.cases() if case.connection == connection][-1]


def work(desk: Desk, clock: VirtualClock, times: int = 8) -> None:
    for _ in range(times):
        clock.advance(minutes(1))
        assert desk.run_due().problems == ()


def test_nothing_happens_meanwhile_and_the_cart_is_told(desk: Desk, village: Village, clock: VirtualClock) -> None:
    work(desk, clock)
    assert (village.writes, case_at(desk, "cart").state) == (["cart cancel 1042"], State.CANCELED)


def test_a_place_that_comes_while_the_cart_is_read_is_asked_first(
    desk: Desk, village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    other = village_desk()
    meanwhile.act = lambda: other.place("1042", at="mill", by="the shop")
    clock.advance(minutes(1))
    desk.run_due()
    assert village.writes == ["mill cancel 1042"]
    work(desk, clock)
    assert village.writes == ["mill cancel 1042", "cart cancel 1042"]
    assert case_at(desk, "cart").state is State.CANCELED


def test_a_place_that_the_host_takes_by_itself_while_the_cart_is_read_is_asked_first(
    desk: Desk, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    placement = Placement("mill", "1042", clock.now(), Role.FULFILLMENT)
    meanwhile.act = lambda: desk.host.place("1042", placement, by="the host")
    work(desk, clock)
    assert village.writes == ["mill cancel 1042", "cart cancel 1042"]


def test_a_cart_waits_for_a_registration_that_began_while_it_was_read(
    desk: Desk, village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    """Somebody is about to register the order and dies: when that is sure, the cart is told."""
    other = village_desk()

    begun = Registration("r1", "id-1042", "mill", clock.now())
    meanwhile.act = lambda: other.ledger.begin_registration(begun)
    work(desk, clock, 4)
    assert (village.writes, case_at(desk, "cart").text) == ([], "waits for the registration at mill")
    work(desk, clock)
    assert village.writes == ["cart cancel 1042"]


def test_a_cart_that_is_read_while_the_order_ships_is_left_alone(
    desk: Desk, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    meanwhile.act = lambda: desk.shipped("1042", by="the carrier", at=["phone"])
    work(desk, clock)
    cart = case_at(desk, "cart")
    assert (village.writes, cart.state) == ([], State.WITHDRAWN)
    assert "phone shipped the order anyway" in str(cart.text)


def test_the_look_and_the_commit_see_one_order(
    desk: Desk, village_desk: VillageOpener, village: Village, clock: VirtualClock
) -> None:
    """Somebody registers the order after the look for other places and before the intent is committed."""
    other, real = village_desk(), desk.ledger.write

    def writing(*changes: Write) -> None:
        if any(change.fence is not None for change in changes):
            desk.ledger.write = real  # type: ignore[method-assign]
            other.place("1042", at="mill", by="the shop")
        real(*changes)

    desk.ledger.write = writing  # type: ignore[method-assign]
    clock.advance(minutes(1))
    desk.run_due()
    assert village.writes == ["mill cancel 1042"]


def test_a_way_that_closes_while_its_service_is_read_is_not_taken_any_more(
    village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    desk = village_desk(SlowMill(meanwhile), at=["mill"])
    meanwhile.act = lambda: clock.advance(minutes(6))
    desk.cancel("1042", by="Ann")
    work(desk, clock, 1)
    assert (village.writes, case_at(desk, "mill").state, case_at(desk, "mill").route) == ([], State.AWAITING_PERSON, 1)


def test_a_veto_that_another_place_meets_while_a_service_is_read_holds_the_request_back(
    village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    policy = Policy()
    desk = village_desk(SlowMill(meanwhile), Phone(), at=["mill", "phone"], listeners=[policy])
    desk.cancel("1042", by="Ann", send=False)

    def forbid() -> None:
        policy.forbids = "phone"
        while case_at(desk, "phone").state is not State.REFUSED:
            desk._engine.work([case_at(desk, "phone")], {})

    meanwhile.act = forbid
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.ledger, "due_places", lambda now: ("mill",))
        desk.run_due()
    work(desk, clock, 2)
    mill = case_at(desk, "mill")
    assert (village.writes, mill.state, mill.text) == ([], State.REFUSED, "phone is not canceled (said of phone)")


def test_an_order_that_ships_after_all_while_the_new_number_is_looked_for_is_not_made_again(
    village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    desk = village_desk(SlowMaker(meanwhile), Phone(), at=["mill"])
    desk.cancel("1042", by="Ann")
    work(desk, clock)
    assert case_at(desk, "mill").state is State.CANCELED

    def ships() -> None:
        village.status["mill", "1042"] = "shipped"
        desk.shipped("1042", by="the carrier")

    meanwhile.act = ships
    made = desk.resubmit("1042", by="Ann")
    work(desk, clock)
    assert village.writes == ["mill cancel 1042"]
    assert desk.ledger.resubmission(made.id).state is ErrandState.REFUSED


def test_an_order_that_is_registered_elsewhere_while_the_new_number_is_looked_for_is_not_made_again(
    village_desk: VillageOpener, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    desk = village_desk(SlowMaker(meanwhile), Phone(), at=["mill"])
    desk.cancel("1042", by="Ann")
    work(desk, clock)
    meanwhile.act = lambda: desk.place("1042", at="phone", by="the shop")
    desk.resubmit("1042", by="Ann")
    assert village.writes == ["mill cancel 1042"]


def test_a_cart_that_is_held_back_spends_nobody_s_patience(
    desk: Desk, village: Village, clock: VirtualClock, meanwhile: Meanwhile
) -> None:
    meanwhile.act = lambda: desk.place("1042", at="mill", by="the shop", remote_id="1042")
    village.fates["mill"] = "open"
    work(desk, clock, 2)
    cart = case_at(desk, "cart")
    assert (cart.state, cart.give_up_at, cart.asked_at) == (State.REQUESTED, None, None)
