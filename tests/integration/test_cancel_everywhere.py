"""One cancellation and many places.

The cart last, places that come later reached, nothing submitted that is being canceled.
"""

from __future__ import annotations

from typing import Any

import pytest

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InProgressError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeManualService,
    FakeServices,
    case_at,
    case_states,
    fake_webhook,
    pass_minutes,
)

# Law 8


def test_the_cart_is_told_last(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill", "phone"])
    desk.cancel("1042", by="Ann")
    pass_minutes(desk, clock)
    assert fake_services.writes == ["mill cancel 1042"]
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    pass_minutes(desk, clock)
    assert (fake_services.writes[1:], case_states(desk)["cart"]) == (["cart cancel 1042"], State.CANCELED)


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
    assert case_states(desk) == {"phone": State.ACTION_REQUIRED, "cart": State.PENDING}
    assert case_at(desk, "cart").message == "waits for the fulfillment services"


def test_a_part_that_is_canceled_at_a_service_is_no_leave_to_cancel_the_cart(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "phone"])
    desk.cancel("1042", by="Ann", connections=["phone"], lines={"MUG": 1})
    desk.cases.confirm(case_at(desk, "phone").id, by="Ben")
    desk.cancel("1042", by="Ann", connections=["cart"])
    assert (case_states(desk)["cart"], fake_services.writes) == (State.WITHDRAWN, [])
    assert "only a part was canceled at phone" in str(case_at(desk, "cart").message)


# Places that come later


def test_a_place_that_the_order_is_submitted_to_meanwhile_is_reached(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann", reason="customer asked")
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (case_states(desk)["mill"], fake_services.writes) == (State.ACKNOWLEDGED, ["mill cancel 1042"])
    (_, extended) = desk.cancellations.receipt("1042").cancellations
    assert (extended.cancellation.requested_by, extended.cancellation.reason) == ("Ann", "customer asked")


def test_the_cart_waits_for_a_place_that_came_later(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart", "mill"])
    desk.cancel("1042", by="Ann")
    desk.orders.register("1042", connection="phone", by="the shop")
    pass_minutes(desk, clock)
    assert (case_states(desk)["mill"], "cart cancel 1042" in fake_services.writes) == (State.CANCELED, False)


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
    assert (fake_services.writes, case_states(again)["mill"]) == (["mill cancel 1042"], State.ACKNOWLEDGED)


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
    assert (fake_services.writes, case_states(again)["mill"]) == (["mill cancel 1042"], State.ACKNOWLEDGED)


def test_a_place_that_the_host_refuses_is_not_asked(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    other = desk.order_store.duplicate("1042", by="Ann")
    desk.orders.register(other.number, connection="mill", by="Ann", remote_id="77")
    desk.cancel("1042", by="Ann")
    with pytest.raises(ValidationError, match="belongs to"):
        desk.orders.register("1042", connection="mill", by="Ann", remote_id="77")
    assert (case_states(desk)["mill"], fake_services.writes) == (State.WITHDRAWN, [])


def test_a_wish_for_one_place_does_not_follow_the_order_to_another(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cancel("1042", by="Ann", connections=["phone"])
    desk.orders.register("1042", connection="mill", by="the shop")
    assert (set(case_states(desk)), fake_services.writes) == ({"phone"}, [])


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
    assert "phone" not in case_states(desk)


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
    pass_minutes(desk, clock)
    fake_services.silent.add("mill")
    made = desk.resubmissions.create("1042", by="Ann")
    assert made.is_open
    with pytest.raises(InProgressError, match="being submitted to mill right now"):
        desk.cancel(made.order_number, by="Ann")
    fake_services.silent.clear()
    pass_minutes(desk, clock)
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
    pass_minutes(desk, clock)
    assert (case_states(desk)["mill"], "cart cancel 1042" in fake_services.writes) == (State.CANCELED, False)
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
    assert case_states(desk) == {"mill": State.ACKNOWLEDGED, "phone": State.WITHDRAWN}


def test_what_was_heard_of_a_service_is_nobody_s_to_take_back(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.notifications.handle_webhook("phone", fake_webhook("1042", NotificationKind.CANCELED))
    assert desk.cancellations.withdraw("1042", by="Ann") == ()
    assert case_states(desk) == {"phone": State.ACTION_REQUIRED}
