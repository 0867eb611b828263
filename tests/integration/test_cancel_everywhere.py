"""One cancellation and many places.

The cart last, places that come later reached, who follows whom said by rules, no echo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InProgressError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import FakeCart, FakeDeskOpener, FakeManualService, FakeServices, fake_webhook

FOLLOW = {
    "name": "The mill and the phone follow the cart",
    "event": "canceled externally",
    "when": "connection == 'cart'",
    "do": [{"action": "Cancel Order", "connections": ["mill", "phone"], "reason": "canceled at the cart"}],
}
FILE = {
    "name": "What is canceled is filed",
    "event": "order canceled",
    "do": [{"action": "Move Order to Folder", "folder": "Canceled"}],
}


def states(desk: Desk, order: str = "1042") -> Mapping[str, State]:
    return {case.connection: case.state for case in desk.cases.list(order=order)}


def case_at(desk: Desk, connection: str) -> CancelCase:
    return [case for case in desk.cases.list() if case.connection == connection][-1]


def later(desk: Desk, clock: VirtualClock, minutes_: int = 6) -> None:
    for _ in range(minutes_):
        clock.advance(minutes(1))
        desk.run_due()


# Law 8


def test_the_cart_is_told_last(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"])
    desk.cancel("1042", by="Ann")
    later(desk, clock)
    assert fake_services.writes == ["mill cancel 1042"]
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock)
    assert (fake_services.writes[1:], states(desk)["cart"]) == (["cart cancel 1042"], State.CANCELED)


def test_a_person_cannot_have_the_cart_told_first_either(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "phone"])
    desk.cancel("1042", by="Ann")
    with pytest.raises(InvalidStateError, match="waits for the fulfillment services"):
        desk.cases.retry(case_at(desk, "cart").id, by="Ben")
    assert fake_services.writes == []


def test_a_cart_whose_plugin_is_broken_waits_for_the_others_before_a_person_gets_it(
    fake_services_desk: FakeDeskOpener,
) -> None:
    fake_services_desk(at=["cart", "phone"])

    class Broken(FakeCart):
        orderdesk_integration = None  # type: ignore[assignment]  # as broken as can be

    desk = fake_services_desk(Broken(), FakeManualService())
    desk.cancel("1042", by="Ann")
    assert states(desk) == {"phone": State.ACTION_REQUIRED, "cart": State.PENDING}
    assert case_at(desk, "cart").message == "waits for the fulfillment services"


def test_a_part_that_is_canceled_at_a_service_is_no_leave_to_cancel_the_cart(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "phone"])
    desk.cancel("1042", by="Ann", connections=["phone"], lines={"MUG": 1})
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    desk.cancel("1042", by="Ann", connections=["cart"])
    assert (states(desk)["cart"], fake_services.writes) == (State.WITHDRAWN, [])
    assert "only a part was canceled at phone" in str(case_at(desk, "cart").message)


# Places that come later


def test_a_place_that_the_order_is_submitted_to_meanwhile_is_reached(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann", reason="customer asked")
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])
    (_, extended) = desk.cancellations.receipt("1042").cancellations
    assert (extended.cancellation.requested_by, extended.cancellation.reason) == ("Ann", "customer asked")


def test_the_cart_waits_for_a_place_that_came_later(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill"])
    desk.cancel("1042", by="Ann")
    desk.orders.register("1042", connection="phone", by="the shop")
    later(desk, clock)
    assert (states(desk)["mill"], "cart cancel 1042" in fake_services.writes) == (State.CANCELED, False)


def test_a_crash_before_the_host_has_the_new_place_loses_no_wish(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann")

    def killed(ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        raise SystemExit(f"killed before {remote_order.connection} was there for {ref} by {by}")

    desk.order_store.add_remote_order = killed  # type: ignore[method-assign]  # the process "dies" here
    with pytest.raises(SystemExit):
        desk.orders.register("1042", connection="mill", by="the shop")
    again = fake_services_desk()
    again.run_due()
    assert fake_services.writes == [], "nothing is asked of a place that the host does not know"
    again.orders.register("1042", connection="mill", by="the shop")
    assert (fake_services.writes, states(again)["mill"]) == (["mill cancel 1042"], State.ACKNOWLEDGED)


def test_a_crash_after_the_host_has_the_new_place_loses_no_wish(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann")
    real = desk.order_store.add_remote_order

    def killed(ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        real(ref, remote_order, by=by)
        raise SystemExit("killed")

    desk.order_store.add_remote_order = killed  # type: ignore[method-assign]  # the process "dies" here
    with pytest.raises(SystemExit):
        desk.orders.register("1042", connection="mill", by="the shop")
    again = fake_services_desk()
    again.run_due()
    assert (fake_services.writes, states(again)["mill"]) == (["mill cancel 1042"], State.ACKNOWLEDGED)


def test_a_place_that_the_host_refuses_is_not_asked(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    other = desk.order_store.duplicate("1042", by="Ann")
    desk.orders.register(other.number, connection="mill", by="Ann", remote_id="77")
    desk.cancel("1042", by="Ann")
    with pytest.raises(ValidationError, match="belongs to"):
        desk.orders.register("1042", connection="mill", by="Ann", remote_id="77")
    assert (states(desk)["mill"], fake_services.writes) == (State.WITHDRAWN, [])


def test_a_wish_for_one_place_does_not_follow_the_order_to_another(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann", connections=["phone"])
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (set(states(desk)), fake_services.writes) == ({"phone"}, [])


def test_a_wish_for_a_part_does_not_follow_either(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann", lines={"MUG": 1})
    desk.orders.register("1042", connection="mill", by="the shop")
    assert fake_services.writes == []


def test_to_register_a_place_again_asks_nothing_again(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    fake_services.cancel_outcomes["mill"] = "late"
    desk = fake_services_desk(at=["mill", "phone"])
    desk.cancel("1042", by="Ann")
    desk.cases.reject(case_at(desk, "mill").id, by="Ben")
    remote_order = next(known for known in desk.order_store.remote_orders("id-1042") if known.connection == "mill")
    desk.orders.register("1042", connection="mill", by="the shop", submitted_at=remote_order.submitted_at)
    assert (len(desk.cases.list()), fake_services.writes) == (2, ["mill cancel 1042"])


def test_what_was_taken_back_does_not_follow(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> None:
    desk = fake_services_desk(at=["cart", "mill"])
    desk.cancel("1042", by="Ann")
    desk.cancellations.withdraw("1042", by="Ann")
    desk.orders.register("1042", connection="phone", by="the shop")
    assert "phone" not in states(desk)


# Hosts that submit


@pytest.mark.parametrize("settle", [None, "confirm"])
def test_a_host_is_told_not_to_submit_what_is_canceled_or_being_so(
    fake_services_desk: FakeDeskOpener, settle: str | None
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.orders.ensure_submittable("1042")
    desk.cancel("1042", by="Ann")
    if settle is not None:
        desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    with pytest.raises(InvalidStateError, match="phone"):
        desk.orders.ensure_submittable("1042")


def test_an_order_whose_cancel_was_refused_may_go_on(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann")
    desk.cases.reject(case_at(desk, "phone").id, by="Ben")
    desk.orders.ensure_submittable("1042")


def test_a_duplicate_that_is_being_submitted_can_be_canceled_a_moment_later(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    later(desk, clock)
    fake_services.silent.add("mill")
    made = desk.resubmissions.create("1042", by="Ann")
    assert made.is_open
    with pytest.raises(InProgressError, match="being submitted to mill right now"):
        desk.cancel(made.order_number, by="Ann")
    fake_services.silent.clear()
    later(desk, clock)
    assert desk.cancel(made.order_number, by="Ann").cases[0].state is State.ACKNOWLEDGED
    assert fake_services.writes.count("mill make 1042-1") == 1


# Taking back


def test_what_has_sent_nothing_is_taken_back_and_what_was_asked_goes_on(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"])
    desk.cancel("1042", by="Ann")
    after = {
        case.connection: case.state
        for case in desk.cancellations.withdraw("1042", by="Ben", note="she wants it after all")
    }
    assert after == {"mill": State.ACKNOWLEDGED, "phone": State.WITHDRAWN, "cart": State.WITHDRAWN}
    later(desk, clock)
    assert (states(desk)["mill"], "cart cancel 1042" in fake_services.writes) == (State.CANCELED, False)
    steps = [step.message for step in desk.cancellations.receipt("1042").cancellations[0].cases[0].history]
    assert any("she wants it after all; the cancellation was requested already" in str(text) for text in steps)


def test_what_is_sent_while_it_is_taken_back_goes_on(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["mill", "phone"])
    desk.cancel("1042", by="Ann", send_now=False)
    real = desk.ledger.cases

    def slow(kind: type[Case], **narrowed: Any) -> tuple[Case, ...]:
        found = real(kind, **narrowed)
        desk.ledger.cases = real  # type: ignore[method-assign]  # only once
        desk.run_due()
        return found

    desk.ledger.cases = slow  # type: ignore[method-assign,assignment]  # somebody is faster between read and write
    desk.cancellations.withdraw("1042", by="Ben")
    assert states(desk) == {"mill": State.ACKNOWLEDGED, "phone": State.WITHDRAWN}


def test_what_was_heard_of_a_service_is_nobody_s_to_take_back(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.notifications.handle_webhook("phone", fake_webhook("1042", NotificationKind.CANCELED))
    assert desk.cancellations.withdraw("1042", by="Ann") == ()
    assert states(desk) == {"phone": State.ACTION_REQUIRED}


# Who follows whom


def test_what_the_cart_canceled_is_canceled_at_those_that_a_rule_names_and_not_sent_back(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"], rules=[FOLLOW, FILE])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    assert states(desk) == {"cart": State.CANCELED, "mill": State.ACKNOWLEDGED, "phone": State.ACTION_REQUIRED}
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    later(desk, clock)
    assert desk.order_store.folder_of("1042") == "New", "the phone still holds it"
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock)
    assert (fake_services.writes, desk.order_store.folder_of("1042")) == (["mill cancel 1042"], "Canceled")
    assert desk.cancellations.receipt("1042").is_canceled


def test_without_a_rule_nobody_follows(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FILE])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    later(desk, clock)
    assert (set(states(desk)), fake_services.writes, desk.order_store.folder_of("1042")) == ({"cart"}, [], "New")


def test_a_rule_for_one_direction_does_not_work_in_the_other(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW])
    fake_services.status["mill", "1042"] = "canceled"
    desk.notifications.handle_webhook("mill", fake_webhook("1042", NotificationKind.CANCELED))
    assert (states(desk), fake_services.writes) == ({"mill": State.CANCELED}, [])


def test_a_rule_reaches_those_of_its_places_that_hold_the_order(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    assert fake_services.writes == ["mill cancel 1042"]


def test_what_a_person_confirms_was_canceled_elsewhere_just_the_same(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    rule = {**FOLLOW, "when": "connection == 'phone'"}
    desk = fake_services_desk(at=["phone", "mill"], rules=[rule])
    desk.notifications.handle_webhook("phone", fake_webhook("1042", NotificationKind.CANCELED))
    assert fake_services.writes == []
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    assert fake_services.writes == ["mill cancel 1042"]


def test_what_the_service_denies_is_followed_by_nobody(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW])
    fake_services.status["cart", "1042"] = "shipped"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    assert (states(desk), fake_services.writes) == ({"cart": State.WITHDRAWN}, [])


def test_an_order_is_canceled_once_however_many_places_held_it(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"], rules=[FILE])
    desk.cancel("1042", by="Ann")
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    later(desk, clock, 10)
    assert set(states(desk).values()) == {State.CANCELED}
    assert [execution.rule for _, execution in desk.ledger.rule_executions("id-1042")] == [FILE["name"]]


def test_a_part_that_is_canceled_does_not_make_the_order_canceled(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"], rules=[FILE])
    desk.cancel("1042", by="Ann", lines={"MUG": 1})
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    desk.run_due()
    assert (states(desk)["phone"], desk.order_store.folder_of("1042")) == (State.CANCELED, "New")


def test_a_follower_s_wish_survives_a_crash_and_is_made_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW])
    fake_services.status["cart", "1042"] = "canceled"

    def killed(*_: object) -> bool:
        raise SystemExit("killed")

    desk.ledger.complete_event = killed  # type: ignore[method-assign, assignment]  # the process "dies" when the rule has done its work
    with pytest.raises(SystemExit):
        desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    again = fake_services_desk(rules=[FOLLOW])
    again.run_due()
    again.run_due()
    assert fake_services.writes == ["mill cancel 1042"]
    assert [execution.rule for _, execution in again.ledger.rule_executions("id-1042")] == [FOLLOW["name"]]


def test_rules_that_would_follow_each_other_end(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    back = {**FOLLOW, "name": "The cart follows the mill", "when": "connection == 'mill'"}
    back["do"] = [{"action": "Cancel Order", "connections": ["cart"]}]
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW, back])
    fake_services.status["cart", "1042"] = fake_services.status["mill", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    desk.notifications.handle_webhook("mill", fake_webhook("1042", NotificationKind.CANCELED))
    later(desk, clock)
    assert states(desk) == {"cart": State.CANCELED, "mill": State.CANCELED}
    assert fake_services.writes == ["mill cancel 1042"]
