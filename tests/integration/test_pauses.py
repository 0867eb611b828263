"""After a pause the service is asked first: no fallback, no mail and no person because of a clock alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, ManualConfirmation, Polling, Portal, WithinTime
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import FakeDeskOpener, FakeFulfillmentService, FakeServices, FakeServiceSettings

CHECKED = Polling(minutes(2), hours(1))


class TwoRoutes(FakeFulfillmentService):
    """A mill whose button closes after a minute, and is followed by a second one that counts as the mail would."""

    repeatable = True
    first = Button(CHECKED, WithinTime(seconds(60)), fallback_on=frozenset({Rejection.TOO_LATE}))
    second: Button | Portal = Button(ManualConfirmation(hours(4)))

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug=self.slug,
            title="Two routes",
            settings=FakeServiceSettings,
            base_url="endpoint",
            role=self.role,
            cancel=(self.first, self.second),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        response = yield service.post(
            f"/{self.slug}",
            request.remote_id,
            json={"do": "cancel"},
            idempotent=self.repeatable,
        )
        if response.status_code == 409:
            return answer.rejected(response, Rejection.TOO_LATE)
        return answer.acknowledged(response) if response.is_success else answer.not_processed(response)


class Once(TwoRoutes):
    repeatable = False
    first = Button(CHECKED)


class Long(TwoRoutes):
    first = Button(CHECKED)


@pytest.fixture
def asked_desk(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> Desk:
    """A desk whose only case was asked for by its first button, and which the mill leaves open."""
    fake_services.cancel_outcomes["mill"] = "open"
    desk = fake_services_desk(Long(), at=["mill"])
    desk.cancel("1042", by="Ann")
    return desk


def only(desk: Desk) -> CancelCase:
    (case,) = desk.cases.list()
    return case


def kinds(desk: Desk) -> list[EventKind]:
    entries = [getattr(entry.content, "kind", None) for entry in desk.ledger.history(only(desk).id)]
    return [kind for kind in entries if isinstance(kind, EventKind)]


@pytest.mark.parametrize("pause", [hours(5), hours(30), hours(24 * 30)])
def test_what_was_canceled_while_nobody_worked_is_read_and_nothing_else_is_done(
    asked_desk: Desk, fake_services: FakeServices, clock: VirtualClock, pause: timedelta
) -> None:
    assert only(asked_desk).state is State.ACKNOWLEDGED
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(pause)
    asked_desk.run_due()
    assert (only(asked_desk).state, fake_services.writes) == (State.CANCELED, ["mill cancel 1042"])
    assert not {EventKind.FELL_BACK, EventKind.ESCALATED, EventKind.REMINDED} & set(kinds(asked_desk))


def test_what_is_still_undecided_after_the_pause_goes_the_next_way_once_it_was_read(
    asked_desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    asked_desk.run_due()
    asked_desk.run_due()
    assert (only(asked_desk).state, only(asked_desk).route, len(fake_services.writes)) == (State.ACTION_REQUIRED, 1, 2)
    assert kinds(asked_desk)[-4:-2] == [EventKind.STILL_PENDING, EventKind.FELL_BACK]


def test_a_service_that_does_not_answer_right_after_the_pause_is_asked_again_before_the_next_way(
    asked_desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    fake_services.down.add("mill")
    asked_desk.run_due()
    case = only(asked_desk)
    assert (case.state, case.route, case.due_at) == (State.ACKNOWLEDGED, 0, clock.now() + seconds(15))
    fake_services.down.clear()
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(seconds(15))
    asked_desk.run_due()
    assert (only(asked_desk).state, len(fake_services.writes)) == (State.CANCELED, 1)


def test_a_service_that_stays_silent_keeps_nobody_from_the_next_way(
    asked_desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    fake_services.down.add("mill")
    for _ in range(4):
        asked_desk.run_due()
        clock.advance(minutes(1))
    assert only(asked_desk).route == 1


def test_a_person_s_portal_is_read_before_they_are_reminded(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    class ByPortal(TwoRoutes):
        first = Button(CHECKED, WithinTime(seconds(1)))
        second = Portal("Press it in their portal.")

    desk = fake_services_desk(ByPortal(), at=["mill"])
    clock.advance(minutes(1))
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.ACTION_REQUIRED
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    desk.run_due()
    assert (only(desk).state, EventKind.REMINDED in kinds(desk)) == (State.CANCELED, False)


def test_a_lost_button_whose_window_has_passed_is_read_before_the_next_way(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(TwoRoutes(), at=["mill"])
    clock.advance(seconds(55))
    fake_services.silent.add("mill")  # It acts, and the response is lost.
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.UNKNOWN
    fake_services.silent.clear()
    fake_services.cancel_outcomes["mill"] = "late"
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, fake_services.writes) == (State.CANCELED, ["mill cancel 1042"])


def test_a_lost_button_that_did_not_arrive_is_not_pressed_after_its_window(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(TwoRoutes(), at=["mill"])
    clock.advance(seconds(55))
    fake_services.silent.add("mill")
    fake_services.cancel_outcomes["mill"] = "open"  # As if it had not arrived.
    desk.cancel("1042", by="Ann")
    fake_services.silent.clear()
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).route, fake_services.writes) == (1, ["mill cancel 1042"])
    desk.run_due()
    assert fake_services.writes == ["mill cancel 1042"] * 2, "the second is the next way's"


def test_a_licence_to_send_again_does_not_outlast_a_pause(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(Long(), at=["mill"])
    fake_services.silent.add("mill")
    fake_services.cancel_outcomes["mill"] = "open"
    desk.cancel("1042", by="Ann")
    fake_services.silent.clear()
    case = only(desk)
    assert desk.cases.poll(case.id).state is State.UNKNOWN
    assert only(desk).retry_allowed
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(minutes(30))
    desk.run_due()
    assert (only(desk).state, fake_services.writes) == (State.CANCELED, ["mill cancel 1042"])


def test_that_the_second_try_was_refused_does_not_send_the_mail_though_the_first_had_worked(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(Long(), at=["mill"])
    fake_services.silent.add("mill")
    fake_services.cancel_outcomes["mill"] = "open"
    desk.cancel("1042", by="Ann")
    fake_services.silent.clear()
    fake_services.cancel_outcomes["mill"] = "late"
    clock.advance(seconds(5))
    desk.run_due()  # It is read: open, so it is sent again.
    desk.run_due()  # Refused: the first one had worked.
    assert only(desk).state is State.UNKNOWN
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, only(desk).route, len(fake_services.writes)) == (State.CANCELED, 0, 2)


def test_a_lost_request_that_is_not_repeatable_and_does_not_show_is_a_person_s_at_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(Once(), at=["mill"])
    fake_services.silent.add("mill")
    fake_services.cancel_outcomes["mill"] = "open"
    desk.cancel("1042", by="Ann")
    fake_services.silent.clear()
    clock.advance(seconds(5))
    desk.run_due()
    assert (only(desk).state, fake_services.writes) == (State.ACTION_REQUIRED, ["mill cancel 1042"])
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(minutes(2))
    desk.run_due()
    assert only(desk).state is State.CANCELED, "it is read meanwhile"


def test_whoever_was_turned_away_before_a_pause_is_tried_once_more_after_it(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(Long(), at=["mill"])
    fake_services.down.add("mill")
    desk.cancel("1042", by="Ann")
    assert only(desk).state is State.PENDING
    fake_services.down.clear()
    clock.advance(hours(30))
    desk.run_due()
    assert (only(desk).state, only(desk).route, fake_services.writes) == (State.ACKNOWLEDGED, 0, ["mill cancel 1042"])


def test_a_window_that_closed_in_a_pause_is_no_reason_for_the_next_way_where_it_is_canceled(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(TwoRoutes(), at=["mill"])
    desk.cancel("1042", by="Ann", send_now=False)
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    desk.run_due()
    case = only(desk)
    assert (case.state, case.route, fake_services.writes) == (State.CANCELED, 0, [])
    assert case.evidence is not None
    assert case.evidence.exchange is not None
    assert EventKind.FOUND_CANCELED in kinds(desk)


def test_a_case_that_slept_between_two_ways_is_read_before_the_second(
    asked_desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    clock.advance(hours(5))
    asked_desk.run_due(limit=1)  # A round that takes long would go on to the second route.
    assert (only(asked_desk).state, only(asked_desk).route) == (State.PENDING, 1)
    fake_services.status["mill", "1042"] = "canceled"
    clock.advance(hours(5))
    asked_desk.run_due()
    assert (only(asked_desk).state, len(fake_services.writes)) == (State.CANCELED, 1)


def test_what_shipped_in_the_pause_is_not_asked_for_by_another_way(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(TwoRoutes(), at=["mill"])
    desk.cancel("1042", by="Ann", send_now=False)
    fake_services.status["mill", "1042"] = "shipped"
    clock.advance(hours(5))
    desk.run_due()
    assert (only(desk).state, only(desk).rejection, fake_services.writes) == (State.REJECTED, Rejection.SHIPPED, [])
