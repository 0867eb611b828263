"""A cancellation follows the order.

Whoever comes later, the cancellation or the place, sees the other, whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    case_at,
    case_states,
    fake_webhook,
    pass_minutes,
)


class Depot(FakeFulfillmentService):
    slug = "depot"


def open_(fake_services_desk: FakeDeskOpener, at: Sequence[str] = ()) -> Desk:
    return fake_services_desk(FakeCart(), FakeFulfillmentService(), Depot(), FakeManualService(), at=at)


def before_the_host_has_it(desk: Desk, act: Callable[[], object]) -> None:
    """Something happens after this desk has looked for cancellations and before its store has the next remote order."""
    real = desk.order_store.add_remote_order

    def add(ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        act()
        real(ref, remote_order, by=by)

    desk.order_store.add_remote_order = add  # type: ignore[method-assign]


def before_the_wish_is_recorded(desk: Desk, act: Callable[[], object]) -> None:
    """Somebody does something after this desk has read the places and before its ledger has the next cancellation."""
    real = desk.ledger.open_cancellation

    def opening(
        cancellation: Cancellation, fingerprint: str, cases: Sequence[CancelCase], changes: Sequence[CaseUpdate] = ()
    ) -> tuple[Cancellation, bool]:
        desk.ledger.open_cancellation = real  # type: ignore[method-assign]
        act()
        return real(cancellation, fingerprint, cases, changes)

    desk.ledger.open_cancellation = opening  # type: ignore[method-assign]


def killed_after(desk: Desk, owner: object, name: str) -> None:
    real = getattr(owner, name)

    def once(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)
        raise SystemExit("killed")

    setattr(owner, name, once)


@pytest.mark.slow
def test_a_wish_that_comes_while_a_place_is_registered_reaches_it(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    before_the_host_has_it(desk, lambda: other.cancel("1042", by="Ann"))
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (case_states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])


def test_it_reaches_the_place_even_if_it_is_settled_by_then(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)

    def cancel_and_confirm() -> None:
        (case,) = other.cancel("1042", by="Ann").cases
        other.cases.confirm(case.id, by="Ben")

    before_the_host_has_it(desk, cancel_and_confirm)
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (case_states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])


def test_a_wish_that_was_settled_before_is_not_about_a_new_place(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["phone"])
    desk.cases.confirm(desk.cancel("1042", by="Ann").cases[0].id, by="Ben")
    desk.orders.register("1042", connection="mill", by="the shop")
    assert fake_services.writes == []


def test_a_place_that_comes_while_a_wish_is_made_is_reached(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    before_the_wish_is_recorded(desk, lambda: other.orders.register("1042", connection="mill", by="the shop"))
    standing = desk.cancel("1042", by="Ann")
    assert [case.connection for case in standing.cases] == ["phone"]
    assert (case_states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])


def test_both_that_see_each_other_ask_once(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    real, seen = desk.order_store.add_remote_order, other.order_store.remote_orders

    def add(ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        def remote_orders(order_id: str) -> tuple[RemoteOrder, ...]:
            if other.ledger.cancellations(order_id) and len(seen(order_id)) == 1:
                real(ref, remote_order, by=by)  # The host has it after the cancellation, so both look and both see.
            return seen(order_id)

        other.order_store.remote_orders = remote_orders  # type: ignore[method-assign]
        other.cancel("1042", by="Ann")
        real(ref, remote_order, by=by)

    desk.order_store.add_remote_order = add  # type: ignore[method-assign]
    desk.orders.register("1042", connection="mill", by="the shop")
    open_(fake_services_desk).run_due()
    assert (fake_services.writes, len(desk.ledger.cancellations("id-1042"))) == (["mill cancel 1042"], 2)


def test_a_wish_for_a_part_or_for_one_place_reaches_no_other(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    before_the_host_has_it(desk, lambda: other.cancel("1042", by="Ann", lines={"MUG": 1}))
    desk.orders.register("1042", connection="mill", by="the shop")
    assert fake_services.writes == []


def test_whoever_registers_and_dies_is_seen_after_by_the_next_worker(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    before_the_host_has_it(desk, lambda: other.cancel("1042", by="Ann"))
    killed_after(desk, desk.order_store, "add_remote_order")
    with pytest.raises(SystemExit):
        desk.orders.register("1042", connection="mill", by="the shop")
    other.cases.confirm(case_at(other, "phone").id, by="Ben")
    other.run_due()
    assert (case_states(other)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])
    assert other.ledger.registrations() == ()


def test_a_registration_that_never_came_to_be_is_forgotten(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)

    def killed() -> None:
        raise SystemExit("killed")

    before_the_host_has_it(desk, killed)
    with pytest.raises(SystemExit):
        desk.orders.register("1042", connection="mill", by="the shop")
    other.run_due()
    assert len(other.ledger.registrations()) == 1, "it may be under way"
    pass_minutes(other, clock)
    assert other.ledger.registrations() == ()


def test_whoever_wishes_and_dies_is_seen_after_by_the_next_worker(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    before_the_wish_is_recorded(desk, lambda: other.orders.register("1042", connection="mill", by="the shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            desk.order_store,
            "remote_orders",
            lambda order_id, real=desk.order_store.remote_orders: _dies(desk, real, order_id),
        )
        with pytest.raises(SystemExit):
            desk.cancel("1042", by="Ann")
    assert set(case_states(other)) == {"phone"}
    other.run_due()
    assert (case_states(other)["mill"], fake_services.writes) == (State.PENDING, [])
    other.run_due()
    assert (case_states(other)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])


def _dies(desk: Desk, real: Callable[[str], tuple[RemoteOrder, ...]], order_id: str) -> tuple[RemoteOrder, ...]:
    if desk.ledger.cancellations(order_id):
        raise SystemExit("killed")
    return real(order_id)


def test_a_place_that_the_host_registered_by_itself_is_reached_while_the_wish_is_open(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = open_(fake_services_desk, at=["cart", "phone"])
    desk.cancel("1042", by="Ann")
    desk.order_store.add_remote_order(
        "1042", RemoteOrder("mill", "1042", clock.now(), ConnectionRole.FULFILLMENT), by="the host"
    )
    pass_minutes(desk, clock)
    assert fake_services.writes == ["mill cancel 1042"]
    assert (case_states(desk)["mill"], case_states(desk)["cart"]) == (State.CANCELED, State.PENDING)


# What counts as taken back


@pytest.mark.parametrize("cart", [["cart"], []])
def test_a_cart_that_was_left_alone_does_not_keep_the_wish_from_a_new_place(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock, cart: list[str]
) -> None:
    desk = open_(fake_services_desk, at=[*cart, "mill", "phone"])
    fake_services.status["mill", "1042"] = "shipped"
    fake_services.cancel_outcomes["mill"] = "shipped"
    desk.cancel("1042", by="Ann")
    pass_minutes(desk, clock)
    assert case_states(desk) == {
        "mill": State.REJECTED,
        "phone": State.ACTION_REQUIRED,
        **dict.fromkeys(cart, State.WITHDRAWN),
    }
    desk.orders.register("1042", connection="depot", by="the shop")
    assert (case_states(desk)["depot"], fake_services.writes[-1]) == (State.ACKNOWLEDGED, "depot cancel 1042")


def test_what_was_heard_and_denied_does_not_keep_the_wish_from_a_new_place(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["mill"])
    desk.notifications.handle_webhook("mill", fake_webhook("1042", NotificationKind.CANCELED))
    desk.cases.withdraw(case_at(desk, "mill").id, by="Ben")
    fake_services.cancel_outcomes["mill"] = "open"
    desk.cancel("1042", by="Ann")
    desk.orders.register("1042", connection="depot", by="the shop")
    assert fake_services.writes == ["mill cancel 1042", "depot cancel 1042"]


def test_a_place_that_was_registered_wrongly_is_reached_when_it_is_registered_rightly(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["phone"])
    other = desk.order_store.duplicate("1042", by="Ann")
    desk.orders.register(other.number, connection="mill", by="Ann", remote_id="77")
    desk.cancel("1042", by="Ann")
    for _ in range(2):
        with pytest.raises(ValidationError, match="belongs to"):
            desk.orders.register("1042", connection="mill", by="Ann", remote_id="77")
    desk.orders.register("1042", connection="mill", by="Ann", remote_id="78")
    assert (case_states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 78"])


def test_what_follows_goes_on_following_when_its_first_places_are_settled(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["phone"])
    desk.cancel("1042", by="Ann")
    desk.orders.register("1042", connection="mill", by="the shop")
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    desk.orders.register("1042", connection="depot", by="the shop")
    assert fake_services.writes == ["mill cancel 1042", "depot cancel 1042"]


def test_a_wish_that_a_person_took_back_at_a_place_does_not_follow(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["mill", "phone"])
    desk.cancel("1042", by="Ann")
    desk.cases.withdraw(case_at(desk, "phone").id, by="Ben")
    desk.orders.register("1042", connection="depot", by="the shop")
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_wish_that_was_asked_everywhere_and_is_taken_back_does_not_follow_unless_it_is_wanted_again(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["mill"])
    desk.cancel("1042", by="Ann")
    desk.cancellations.withdraw("1042", by="Ann")
    desk.cancellations.withdraw("1042", by="Ann")
    desk.orders.register("1042", connection="phone", by="the shop")
    assert set(case_states(desk)) == {"mill"}


def test_a_wish_that_was_taken_back_and_is_wanted_after_all_follows_again(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = open_(fake_services_desk, at=["mill"])
    for _ in range(2):
        desk.cancel("1042", by="Ann")
        desk.cancellations.withdraw("1042", by="Ann")
    desk.cancel("1042", by="Ann")
    desk.orders.register("1042", connection="depot", by="the shop")
    assert fake_services.writes == ["mill cancel 1042", "depot cancel 1042"]


def test_a_wish_that_is_settled_while_a_registration_stands_still_reaches_it(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    """It was open when the registration began, and before it was looked for."""
    desk, other = open_(fake_services_desk, at=["phone"]), open_(fake_services_desk)
    other.cancel("1042", by="Ann")
    real = desk.ledger.begin_registration

    def stands_still(registration: Registration) -> None:
        other.cases.confirm(case_at(other, "phone").id, by="Ben")
        real(registration)

    desk.ledger.begin_registration = stands_still  # type: ignore[method-assign]
    desk.orders.register("1042", connection="mill", by="the shop")
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_place_that_an_order_never_came_to_keeps_nothing_from_its_cart(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk, dying = open_(fake_services_desk, at=["cart", "mill"]), open_(fake_services_desk)
    desk.cancel("1042", by="Ann")

    def killed() -> None:
        raise SystemExit("killed")

    before_the_host_has_it(dying, killed)
    with pytest.raises(SystemExit):
        dying.orders.register("1042", connection="depot", by="the shop")
    pass_minutes(desk, clock, 12)
    assert case_states(desk) == {"mill": State.CANCELED, "cart": State.CANCELED, "depot": State.WITHDRAWN}
    assert fake_services.writes == ["mill cancel 1042", "cart cancel 1042"]
    assert desk.resubmissions.create("1042", by="Ann").order_number == "1042-1"
