"""Rules that cancel an order elsewhere when it was canceled at one connection: who follows whom, and no echo."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeServices,
    case_at,
    case_states,
    fake_webhook,
    pass_minutes,
)

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


def test_what_the_cart_canceled_is_canceled_at_those_that_a_rule_names_and_not_sent_back(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"], rules=[FOLLOW, FILE])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    assert case_states(desk) == {"cart": State.CANCELED, "mill": State.ACKNOWLEDGED, "phone": State.ACTION_REQUIRED}
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    pass_minutes(desk, clock)
    assert desk.order_store.folder_of("1042") == "New", "the phone still holds it"
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    pass_minutes(desk, clock)
    assert (fake_services.writes, desk.order_store.folder_of("1042")) == (["mill cancel 1042"], "Canceled")
    assert desk.cancellations.receipt("1042").is_canceled


def test_without_a_rule_nobody_follows(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FILE])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", NotificationKind.CANCELED))
    pass_minutes(desk, clock)
    assert (set(case_states(desk)), fake_services.writes, desk.order_store.folder_of("1042")) == ({"cart"}, [], "New")


def test_a_rule_for_one_direction_does_not_work_in_the_other(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart", "mill"], rules=[FOLLOW])
    fake_services.status["mill", "1042"] = "canceled"
    desk.notifications.handle_webhook("mill", fake_webhook("1042", NotificationKind.CANCELED))
    assert (case_states(desk), fake_services.writes) == ({"mill": State.CANCELED}, [])


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
    assert (case_states(desk), fake_services.writes) == ({"cart": State.WITHDRAWN}, [])


def test_an_order_is_canceled_once_however_many_places_held_it(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"], rules=[FILE])
    desk.cancel("1042", by="Ann")
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    pass_minutes(desk, clock, 10)
    assert set(case_states(desk).values()) == {State.CANCELED}
    assert [execution.rule for _, execution in desk.ledger.rule_executions("id-1042")] == [FILE["name"]]


def test_a_part_that_is_canceled_does_not_make_the_order_canceled(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"], rules=[FILE])
    desk.cancel("1042", by="Ann", lines={"MUG": 1})
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    desk.run_due()
    assert (case_states(desk)["phone"], desk.order_store.folder_of("1042")) == (State.CANCELED, "New")


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
    pass_minutes(desk, clock)
    assert case_states(desk) == {"cart": State.CANCELED, "mill": State.CANCELED}
    assert fake_services.writes == ["mill cancel 1042"]
