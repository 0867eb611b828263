"""A listener's veto at one place stops the whole cancellation.

Nothing goes out anywhere, and no person is asked either.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
)


class Veto:
    """Forbids what is about one place."""

    def __init__(self, location: str) -> None:
        self.place = location

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        return "fraud check runs" if request.remote_order.connection == self.place else None


def states(desk: Desk) -> Mapping[str, State]:
    return {case.connection: case.state for case in desk.cases.list()}


@pytest.mark.parametrize("place", ["mill", "phone", "cart"])
def test_a_veto_at_one_place_stops_every_place(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, place: str
) -> None:
    desk = fake_services_desk(at=["mill", "phone", "cart"], listeners=[Veto(place)])
    desk.cancel("1042", by="Ann")
    desk.run_due()
    assert fake_services.writes == []
    assert {name: case for name, case in states(desk).items() if name != "cart"} == {
        "mill": State.REJECTED,
        "phone": State.REJECTED,
    }


def test_the_veto_says_of_which_place_it_was_said(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill", "phone"], listeners=[Veto("phone")])
    cases = {case.connection: case for case in desk.cancel("1042", by="Ann").cases}
    assert [case.rejection for case in cases.values()] == [Rejection.VETOED] * 2
    assert cases["phone"].message == "fraud check runs"
    assert cases["mill"].message == "fraud check runs (said of phone)"


def test_the_cart_that_waited_is_left_alone(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["mill", "cart"], listeners=[Veto("mill")])
    desk.cancel("1042", by="Ann")
    clock.advance(minutes(1))
    desk.run_due()
    assert (states(desk)["cart"], fake_services.writes) == (State.WITHDRAWN, [])


def test_a_person_is_not_told_to_do_what_a_listener_forbids(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"], listeners=[Veto("phone")])
    assert desk.cancel("1042", by="Ann").cases[0].state is State.REJECTED


def test_a_place_whose_plugin_is_broken_heeds_the_veto_at_another(fake_services_desk: FakeDeskOpener) -> None:
    fake_services_desk(at=["mill", "phone"])

    class Broken(FakeFulfillmentService):
        slug = "mill"
        orderdesk_integration = None  # type: ignore[assignment]  # as broken as can be

    desk = fake_services_desk(Broken(), FakeManualService(), listeners=[Veto("phone")])
    assert {case.state for case in desk.cancel("1042", by="Ann").cases} == {State.REJECTED}


def test_a_veto_that_was_met_before_a_crash_still_holds(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["mill", "phone"], listeners=[Veto("phone")])
    desk.cancel("1042", by="Ann", send_now=False)
    real = desk.ledger.write

    def dying(*changes: CaseUpdate) -> None:
        for change in changes:
            if isinstance(change.after, CancelCase) and change.after.connection == "mill":
                raise SystemExit("killed")
        real(*changes)

    desk.ledger.write = dying  # type: ignore[method-assign]  # the process "dies" before the mill's case is written
    desk.run_due()
    assert states(desk) == {"phone": State.REJECTED, "mill": State.PENDING}
    again = fake_services_desk()  # Whose listeners have no objection any more.
    again.run_due()
    assert (states(again), fake_services.writes) == ({"phone": State.REJECTED, "mill": State.REJECTED}, [])


def test_a_veto_binds_its_wish_and_not_the_next_one(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    fake_services_desk(at=["mill"], listeners=[Veto("mill")]).cancel("1042", by="Ann")
    fake_services_desk().cancel("1042", by="Ben")
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_cancellation_that_came_from_a_place_needs_nobody_s_leave(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart"], listeners=[Veto("cart")])
    fake_services.status["cart", "1042"] = "canceled"
    case = desk.notifications.report_canceled("1042", connection="cart", by="Ann")
    assert case is not None
    assert case.state is State.CANCELED


def test_a_cart_that_waits_asks_no_listener_each_time_that_it_looks(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    asked: list[str] = []

    class Counts:
        @hookimpl
        def orderdesk_before_cancel(self, request: CancelRequest) -> None:
            asked.append(request.remote_order.connection)

        @hookimpl
        def orderdesk_case_changed(self, case: CancelCase, event: Event) -> None:
            return None

    desk = fake_services_desk(FakeCart(), FakeManualService(), at=["cart", "phone"], listeners=[Counts()])
    desk.cancel("1042", by="Ann")
    before = len(asked)
    for _ in range(3):
        clock.advance(minutes(1))
        desk.run_due()
    assert len(asked) == before
