"""Reports that an order shipped although it was canceled: an alarm, once the service says so too."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import (
    InvalidStateError,
)
from orderdesk_sdk.orders.order import Shipment
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import PollRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeServices,
    FakeServiceSettings,
    fake_webhook,
    only,
)

CANCELED, SHIPPED, CHANGED = NotificationKind.CANCELED, NotificationKind.SHIPPED, NotificationKind.CHANGED


def canceled(fake_services_desk: FakeDeskOpener, clock: VirtualClock, at: str) -> Desk:
    """A desk whose order was canceled at a place."""
    desk = fake_services_desk(at=[at])
    case = only(desk.cancel("1042", by="Ann").cases)
    if at == "phone":
        desk.cases.confirm(case.id, by="Ben")
    clock.advance(minutes(2))
    desk.run_due()
    assert only(desk.cases.list()).state is State.CANCELED
    return desk


def test_a_shipment_of_a_canceled_order_is_an_alarm_once_it_is_read_back(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = canceled(fake_services_desk, clock, "mill")
    desk.notifications.handle_webhook("mill", fake_webhook("1042", SHIPPED))
    assert only(desk.cases.list()).state is State.CANCELED, "the service reports that the order is canceled"
    fake_services.status["mill", "1042"] = "shipped"
    desk.notifications.handle_webhook("mill", fake_webhook("1042", SHIPPED, delivery="a second one"))
    case = only(desk.cases.list())
    assert (case.state, case.hint) == (
        State.SHIPPED_ANYWAY,
        "stop the parcel at the service or the carrier, and tell the customer",
    )


def test_where_nothing_can_be_read_the_message_is_alarm_enough(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = canceled(fake_services_desk, clock, "phone")
    (heard,) = desk.notifications.handle_webhook("phone", fake_webhook("1042", SHIPPED))
    assert (heard.message, only(desk.cases.list()).state) == ("alarm", State.SHIPPED_ANYWAY)


def test_a_shipment_that_cannot_be_read_back_just_now_is_not_forgotten(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = canceled(fake_services_desk, clock, "mill")
    fake_services.down.add("mill")
    desk.notifications.handle_webhook("mill", fake_webhook("1042", SHIPPED))
    assert only(desk.cases.list()).state is State.SHIPPED_ANYWAY


def test_what_a_plugin_cannot_read_for_want_of_settings_is_alarm_enough(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    class Blind(FakeFulfillmentService):
        @hookimpl
        def orderdesk_poll(self, request: PollRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
            yield from ()
            return answer.unknown(None, message="no poll is configured")

    desk = fake_services_desk(Blind(), at=["mill"])
    case = only(desk.cancel("1042", by="Ann").cases)
    clock.advance(minutes(2))
    desk.run_due()
    desk.cases.confirm(case.id, by="Ben")
    desk.notifications.handle_webhook("mill", fake_webhook("1042", SHIPPED))
    assert only(desk.cases.list()).state is State.SHIPPED_ANYWAY


def test_a_shipment_of_an_order_that_nobody_canceled_is_none_of_our_business(
    fake_services_desk: FakeDeskOpener,
) -> None:
    desk = fake_services_desk(at=["mill"])
    (heard,) = desk.notifications.handle_webhook("mill", fake_webhook("1042", SHIPPED))
    assert (heard.case, desk.cases.list()) == (None, ())


def test_the_rest_of_an_order_of_which_a_part_was_canceled_ships_without_alarm(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cases.confirm(only(desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases).id, by="Ben")
    desk.notifications.handle_webhook("phone", fake_webhook("1042", SHIPPED))
    assert desk.notifications.report_shipped("1042", by="the warehouse") == ()
    assert only(desk.cases.list()).state is State.CANCELED


def test_a_person_s_word_that_it_shipped_is_an_alarm_with_a_name(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = canceled(fake_services_desk, clock, "mill")
    case = only(desk.notifications.report_shipped("1042", by="Kim", note="seen on the truck"))
    assert (case.state, case.message) == (State.SHIPPED_ANYWAY, "seen on the truck")
    assert desk.cancellations.receipt("1042").cancellations[0].cases[0].history[-1].person == "Kim"


def test_shipped_at_a_place_that_the_order_was_never_at_is_refused(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    with pytest.raises(InvalidStateError, match="cart"):
        canceled(fake_services_desk, clock, "mill").notifications.report_shipped("1042", by="Kim", connections=["cart"])


def test_a_new_shipment_at_an_import_is_an_alarm_and_an_old_one_is_not(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = canceled(fake_services_desk, clock, "phone")
    order = desk.order_store.get_order("1042")
    shipped = evolve(order, shipments=(Shipment(id="s1", tracking_number="1Z"),))
    desk.orders.import_orders([shipped], by="the feed")
    case = only(desk.cases.list())
    assert (case.state, case.message) == (State.SHIPPED_ANYWAY, "the order has a new shipment: 1Z")


def test_an_order_that_had_shipped_before_it_was_canceled_raises_no_alarm_at_each_import(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["phone"])
    shipped = evolve(desk.order_store.get_order("1042"), shipments=(Shipment(id="s1", tracking_number="1Z"),))
    desk.orders.import_orders([shipped], by="the feed")
    desk.cases.confirm(only(desk.cancel("1042", by="Ann").cases).id, by="Ben")
    desk.orders.import_orders([evolve(shipped, email="new@example.com")], by="the feed")
    assert only(desk.cases.list()).state is State.CANCELED
